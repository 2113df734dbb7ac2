#!/usr/bin/python3
"""New cuts and a new program under full load: not one failed request, and answers no later than twice as late as in calm
(row 30). wrk keeps the edge busy over kept connections and over new ones; meanwhile cuts are published one after another, then
the program is told to execute itself again (SIGHUP), as for a new binary.

`drills/edge_reload.py [--small] [--json FILE]`. Loopback only; under two minutes."""
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from edge_kit import Edge, ask, drills_main, until  # noqa: E402


class Load:
    """wrk on one path until its seconds are over: answers, failures and the 99th percentile."""

    def __init__(self, port, path, seconds, *words):
        self.process = subprocess.Popen(["wrk", "-t1", "-c32", f"-d{seconds}s", "--latency", *words, f"http://127.0.0.1:{port}{path}"],
                                        stdout=subprocess.PIPE, text=True)

    def result(self):
        text = self.process.communicate(timeout=120)[0]
        errors = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", (re.search(r"Socket errors:.*", text) or [""])[0])))
        errors += int((re.search(r"Non-2xx or 3xx responses: (\d+)", text) or [0, 0])[1])
        number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
        return int(re.search(r"(\d+) requests in", text)[1]), errors, float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def under_load(edge, seconds, work):
    loads = [Load(edge.port, "/latest.json", seconds), Load(edge.port, "/", seconds, "-H", "Connection: close")]
    done, end = 0, time.monotonic() + seconds - 1
    while time.monotonic() < end and work is not None and work(done):
        done += 1
    results = [load.result() for load in loads]
    return done, sum(r[0] for r in results), sum(r[1] for r in results), max(r[2] for r in results)


def cuts(verdict, edge, small):
    calm = under_load(edge, 2 if small else 5, None)
    number = edge.tree.number
    total = 15 if small else 200

    def publish(n):
        if n >= total:
            return False
        edge.tree.cut({"index.html": b"<p>corte %d" % n + bytes(2000)})
        until(lambda: f'"cut":{number + n + 1},'.encode() in (ask(edge.port, request=b"GET /latest.json HTTP/1.0\r\nHost: a\r\n\r\n") or b""),
              10, "a cut was not taken up")
        return True

    done, requests, failed, p99 = under_load(edge, 10 if small else 55, publish)
    verdict.must("cuts published and served under load", done, total, least=True)
    verdict.must(f"failed requests of {requests} during cuts", failed, 0)
    verdict.must("p99 during cuts beside calm", p99 / calm[3], 2.0 if not small else 20.0)
    return calm


def reloads(verdict, edge, small, calm):
    total = 4 if small else 20
    pid = edge.process.pid

    def again(n):
        if n >= total:
            return False
        before = set(edge.workers())
        edge.process.send_signal(signal.SIGHUP)
        until(lambda: set(edge.workers()) and not set(edge.workers()) & before, 20, "the workers before did not finish")
        until(lambda: ask(edge.port) is not None, 5, "the new workers do not answer")
        return True

    done, requests, failed, p99 = under_load(edge, 12 if small else 50, again)
    verdict.must("times the program was executed again", done, total, least=True)
    verdict.must(f"failed requests of {requests} during that", failed, 0)
    verdict.must("p99 during that beside calm", p99 / calm[3], 2.0 if not small else 20.0)
    verdict.must("the parent is the same process", float(edge.process.poll() is None and edge.process.pid == pid), 1, least=True)
    verdict.must("roles left of programs before", len(edge.roles()) - 2, 0)


def cuts_and_programs(verdict, small):
    """Cuts one after another, then the program again and again."""
    with Edge() as edge:
        calm = cuts(verdict, edge, small)
        reloads(verdict, edge, small, calm)


DRILLS = {f.__name__: f for f in (cuts_and_programs,)}

if __name__ == "__main__":
    drills_main(__doc__, "edge_reload", DRILLS)
