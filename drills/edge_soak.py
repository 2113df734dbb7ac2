#!/usr/bin/python3
"""A long mixed soak: readers over HTTP/1.1, HTTP/2 and TLS, new cuts every second or so, slow and malformed clients, parts and conditions,
in turns of about fifteen seconds; after each turn memory and descriptors of every role are noted. In the first half the program
stays the same; in the second it is told to execute itself again in each turn. Printed is the slope of both halves: what grows
with time is a leak, what does not is none.

`drills/edge_soak.py [--minutes 2] [--small] [--json FILE]`. Loopback only; bounded in minutes and in connections. Testers that
are not installed (wrk, h2load, slowhttptest, curl) are passed over aloud."""
import argparse
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from edge_kit import Edge, Verdict, ask, many_descriptors, until  # noqa: E402

BROWSER = ["-H", "Accept-Encoding: gzip, br", "-H", "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"]
SETTLE_S = 6  # half heads and idle ends are gone after five seconds


def commands(clear, tls, seconds):
    """What a turn may be made of; each ends by itself."""
    http, https = f"http://127.0.0.1:{clear}", f"https://127.0.0.1:{tls}"
    slow = ["slowhttptest", "-c", "300", "-r", "300", "-l", str(seconds), "-i", "1", "-u", http + "/", "-p", "2"]
    return {
        "kept": ["wrk", "-t1", "-c32", f"-d{seconds}s", *BROWSER, http + "/"],
        "pointer": ["wrk", "-t1", "-c64", f"-d{seconds}s", http + "/latest.json"],
        "large": ["wrk", "-t1", "-c8", f"-d{seconds}s", http + "/cut/0/big.bin"],
        "new": ["wrk", "-t1", "-c32", f"-d{seconds}s", "-H", "Connection: close", http + "/"],
        "missing": ["wrk", "-t1", "-c16", f"-d{seconds}s", http + "/no/hay?x=1"],
        "tls": ["wrk", "-t1", "-c32", f"-d{seconds}s", https + "/"],
        "tls new": ["wrk", "-t1", "-c16", f"-d{seconds}s", "-H", "Connection: close", https + "/latest.json"],
        "h2": ["h2load", "-t1", "-c16", "-m16", f"-D{seconds}", https + "/"],
        "h2 clear": ["h2load", "-t1", "-c16", "-m16", f"-D{seconds}", http + "/latest.json"],
        "h2 large": ["h2load", "-t1", "-c4", "-m4", f"-D{seconds}", https + "/cut/0/big.bin"],
        "slow heads": [*slow, "-H"],
        "slow bodies": [*slow, "-B"],
        "ranges": [*slow, "-R"],
        "slow reads": [*slow, "-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "3"],
        "parts": ["curl", "-sk", "--max-time", str(seconds), "-o", "/dev/null", "-r", "1000-200000", https + "/cut/0/big.bin", "-o", "/dev/null",
                  "-H", "Range: bytes=0-9,20-29", http + "/cut/0/big.bin", "-o", "/dev/null", "--http2-prior-knowledge", http + "/estado"],
        "conditions": ["curl", "-s", "--max-time", str(seconds), "-o", "/dev/null", "-H", 'If-None-Match: "x", W/"y"', http + "/[1-200]"],
        "malformed": None,
    }


def malformed(port):
    """Heads that are refused, and some that never end."""
    for i in range(300):
        ask(port, request=random.choice([b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET /%2e%2e/x HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01" * 30,
                                         b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhola!", b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 70,
                                         b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(random.randrange(256) for _ in range(60))]), seconds=0.2)


class Soak:
    def __init__(self, edge, minutes):
        self.edge, self.minutes = edge, minutes
        self.samples, self.turns, self.ran, self.cuts = [], 0, {}, 0
        self.times, self.wrong = [], 0
        self.picture = random.randbytes(20_000)
        self.picture_path = f"/acta/{edge.tree.add_image(self.picture)}.jpg"

    def publish(self, until_done):
        while not until_done.wait(0.7):
            self.edge.tree.cut({"index.html": b"<!doctype html><p>corte %d" % self.cuts + bytes(3000), "t.json": random.randbytes(40_000).hex().encode()})
            self.cuts += 1

    def probe(self, until_done):
        """Somebody else, who asks for what no cut replaces."""
        request = f"GET {self.picture_path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
        while not until_done.wait(0.2):
            begin = time.monotonic()
            answer = ask(self.edge.port, "127.77.0.1", request, 5) or b""
            self.times.append(time.monotonic() - begin)
            self.wrong += answer.partition(b"\r\n\r\n")[2] != self.picture

    def turn(self, reload):
        seconds, end = 4, threading.Event()
        known = {k: v for k, v in commands(self.edge.port, self.edge.tls_port, seconds).items() if v is None or shutil.which(v[0])}
        beside = [threading.Thread(target=what, args=(end,)) for what in (self.publish, self.probe)]
        for thread in beside:
            thread.start()
        for _ in range(2):
            chosen = random.sample(sorted(known), min(3, len(known)))
            running = [subprocess.Popen(known[name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for name in chosen if known[name]]
            if "malformed" in chosen:
                malformed(self.edge.port)
            if reload:
                self.edge.process.send_signal(signal.SIGHUP)
            for process in running:
                process.wait(60)
            for name in chosen:
                self.ran[name] = self.ran.get(name, 0) + 1
        end.set()
        for thread in beside:
            thread.join()
        self.turns += 1

    def settle(self, reload):
        """Until what was there is gone: half heads, idle ends, workers of the program before."""
        time.sleep(SETTLE_S)
        if reload:
            until(lambda: len(self.edge.workers()) == 1, 90, "workers of the program before have not gone")

    def look(self, half):
        """Of each role the newest: the keys of a program before live on for a minute, for its last handshakes."""
        newest = {name: pid for pid, name in sorted(self.edge.roles().items())}
        for name, pid in {**newest, "atalaya-edge": self.edge.process.pid}.items():
            try:
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
                own = sum(int(n) for n in re.findall(r"^Private_\w+:\s+(\d+)", rollup, re.M))
                descriptors = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
            except OSError:
                continue
            self.samples.append({"half": half, "at": time.monotonic(), "role": name, "pid": pid, "own_kib": own, "descriptors": descriptors})

    def go(self):
        begin = time.monotonic()
        for half in (0, 1):
            while time.monotonic() - begin < self.minutes * 60 * (half + 1) / 2:
                self.turn(reload=half == 1)
                self.settle(reload=half == 1)
                self.look(half)


def slope(points):
    """By least squares, a minute."""
    if len(points) < 3:
        return 0.0
    n, t0 = len(points), points[0][0]
    ts, vs = [(t - t0) / 60 for t, _ in points], [v for _, v in points]
    mt, mv = sum(ts) / n, sum(vs) / n
    spread = sum((t - mt) ** 2 for t in ts)
    return sum((t - mt) * (v - mv) for t, v in zip(ts, vs)) / spread if spread > 0 else 0.0


def report(soak, verdict, strict):
    for half, say in ((0, "same program"), (1, "new programs")):
        for role in sorted({s["role"] for s in soak.samples}):
            rows = [s for s in soak.samples if s["half"] == half and s["role"] == role]
            rows = rows[2:] if half == 0 and len(rows) > 6 else rows  # ten cuts and the first tickets come in the first turns
            if not rows:
                continue
            memory, descriptors = slope([(s["at"], s["own_kib"]) for s in rows]), slope([(s["at"], s["descriptors"]) for s in rows])
            print(f"  {say}, {role}: {len(rows)} looks, own memory {rows[0]['own_kib']} to {rows[-1]['own_kib']} KiB, {memory:+.1f} KiB a minute; "
                  f"descriptors {rows[0]['descriptors']} to {rows[-1]['descriptors']}, {descriptors:+.2f} a minute", flush=True)
            if strict:
                verdict.must(f"{say}, {role}: own memory a minute", memory, 300, "KiB")
                verdict.must(f"{say}, {role}: descriptors a minute", descriptors, 1.0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    minutes = 0.5 if arguments.small else arguments.minutes
    many_descriptors()
    random.seed(4)
    verdict = Verdict("edge_soak")
    with tempfile.TemporaryDirectory() as folder, Edge("--health", "127.0.0.1:0", "--hits", Path(folder) / "hits", "--packs", Path(folder) / "packs",
                                                       tls=True) as edge:
        for name in ("wrk", "h2load", "slowhttptest", "curl"):
            if shutil.which(name) is None:
                print(f"  -- {name} is not installed: its part is not there")
        soak = Soak(edge, minutes)
        soak.go()
        status = edge.status()
        print(f"  {minutes:g} minutes, {soak.turns} turns, {soak.cuts} cuts, {status['requests']} requests since the last program, "
              f"testers: {', '.join(f'{k} {v}' for k, v in sorted(soak.ran.items()))}")
        verdict.must("times a picture was asked for", len(soak.times), 10 * minutes, least=True)
        verdict.must("of them not answered with its bytes", soak.wrong, 0)
        verdict.must("their 99th percentile", sorted(soak.times)[int(len(soak.times) * 0.99)] * 1000, 1000, "ms")
        verdict.must("roles that had to be started again", float(status["restarts"]), 0)
        report(soak, verdict, strict=minutes >= 5)
    sys.exit(verdict.end(arguments.json))


if __name__ == "__main__":
    main()
