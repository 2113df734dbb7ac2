#!/usr/bin/python3
"""Attacks on the edge at its shipped settings, and the verdict an independent probe gives. Each drill states its bounds and
what must hold; one that did not reach the load it promises says so and does not pass.

`drills/edge_attacks.py [NAME …] [--small] [--json FILE]`. 127.0.0.0/8 only; each ends by itself within two minutes."""
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from edge_kit import Edge, Probe, calm, connect_many, drain, drills_main, many_descriptors, settles, until  # noqa: E402

HALF = b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: slow\r\n"

def slow_heads(verdict, small, n=None):
    """Half heads, a line more each second, opened again when they are cut off."""
    for count in ([300] if small else [2500, 9000]) if n is None else [n]:
        with Edge() as edge:
            quiet, before, descriptors = calm(edge), edge.rss(), edge.descriptors()
            probe = Probe(edge.port, edge.page)
            made = connect_many(edge.port, count, HALF, "127.9.{}.{}")
            verdict.load(f"{count} slow heads: connections that stood", len(made), count * 0.99)
            most, end = 0, time.monotonic() + (3 if small else 12)
            while time.monotonic() < end:
                alive = []
                for s in made:
                    try:
                        s.send(b"X-a: b\r\n")
                        alive.append(s)
                    except BlockingIOError:
                        alive.append(s)
                    except OSError:
                        s.close()
                most = max(most, edge.rss() - before)
                made = alive + connect_many(edge.port, count - len(alive), HALF, "127.9.{}.{}", 5)
                time.sleep(1)
            probe.stop()
            for s in made:
                s.close()
            say = f"{count} slow heads: "
            verdict.survive(probe, quiet, say)
            verdict.must(say + "probe's slowest answer", probe.worst(), 250, "ms")
            verdict.must(say + "worker's own memory a connection", most / count / 1024, 2.0, "KiB")
            if not small:
                verdict.must(say + "cut off after their five seconds", float(edge.status()["timeout_head"]), count * 0.9, least=True)
            settles(verdict, edge, before, descriptors, quiet)


# slowhttptest's words for each kind; what the edge counts of it, and of how many of a hundred connections at least. When it gives up it closes
# itself what is not yet cut off, sooner or later as the machine is busy.
SLOWHTTPTEST = {
    "-H": (["-i", "2", "-x", "24"], ("timeout_head",), 10),
    "-B": (["-i", "2", "-s", "8192", "-t", "POST"], ("refused_body", "refused_method"), 80),
    "-R": ([], ("responses_2xx", "responses_4xx"), 80),
    "-X": (["-w", "10", "-y", "20", "-z", "32", "-k", "3", "-n", "5"], ("timeout_response",), 10),
}


def slow_heads_by_slowhttptest(verdict, small):
    """The same by the tool that everybody uses (rows 7 to 10); skipped aloud where it is not installed. It gives up as soon as nothing that it
    opened stays open, so how many it made is the edge's own count."""
    if shutil.which("slowhttptest") is None:
        print("  -- slowhttptest is not installed: not tested")
        return
    for mode, (words, counters, share) in SLOWHTTPTEST.items():
        count = 200 if small else 2500
        with Edge() as edge:
            quiet, before, descriptors = calm(edge), edge.rss(), edge.descriptors()
            time.sleep(1.1)  # the status file is a second old at most
            first, probe = edge.status(), Probe(edge.port, edge.page)
            path = "big.bin" if mode == "-X" else "index.html"
            done = subprocess.run(["slowhttptest", mode, *words, "-c", str(count), "-r", "1000", "-l", "4" if small else "15", "-p", "1",
                                   "-u", f"http://127.0.0.1:{edge.port}/cut/0/{path}"], capture_output=True, text=True, timeout=60)
            probe.stop()
            time.sleep(1.1)
            now, say = edge.status(), f"slowhttptest {mode} -c {count}: "
            verdict.load(say + "connections that the edge took of it", int(now["accepted"]) - int(first["accepted"]) - len(probe.times), count * 0.8)
            verdict.survive(probe, quiet, say)
            counted = sum(int(now[c]) - int(first[c]) for c in counters) - (len(probe.times) if mode == "-R" else 0)
            if not small or mode in ("-B", "-R"):  # four seconds are less than the deadlines of the others
                verdict.must(say + f"of them {' + '.join(counters)}", counted, count * share / 100, least=True)
            verdict.must(say + "times it said the service was gone", re.sub(r"\x1b\[[0-9;]*m", "", done.stdout).count("service available:   NO"), 0)
            settles(verdict, edge, before, descriptors, quiet)


def slow_reads(verdict, small):
    """Eight megabytes (more than waits in the kernel) are asked for over tiny windows and taken at a few bytes a second: cut off by the rate they must take."""
    count = 40 if small else 1000
    with Edge(*(["--drain-ms", "1000"] if small else []), pages={"huge.bin": bytes(8 << 20)}) as edge:
        quiet, before, descriptors, passed = calm(edge), edge.rss(), edge.descriptors(), int(edge.status()["bytes"])
        probe = Probe(edge.port, edge.page)
        made = []
        for i in range(count):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            s.bind((f"127.9.{1 + i // 200}.{1 + i % 200}", 0))
            s.connect(("127.0.0.1", edge.port))
            s.send(b"GET /cut/0/huge.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            made.append(s)
        most, end = 0, time.monotonic() + (4 if small else 25)
        while time.monotonic() < end:
            for s in made:
                try:
                    s.recv(16)
                except OSError:
                    pass
            most = max(most, edge.rss() - before)
            time.sleep(0.5)
        probe.stop()
        verdict.load(f"{count} slow readers: connections", len(made), count)
        verdict.survive(probe, quiet, f"{count} slow readers: ")
        soon = time.monotonic() + 5  # the status is a second old at most, and the machine may do other things
        while int(edge.status()["timeout_response"]) < count * 0.95 and time.monotonic() < soon:
            time.sleep(0.1)
        verdict.must(f"{count} slow readers: cut off", float(edge.status()["timeout_response"]), count * 0.95, least=True)
        given = (int(edge.status()["bytes"]) - passed) / count / 1024  # each has a segment or two; the rest waits in the kernel
        verdict.must(f"{count} slow readers: given to the kernel, a connection", given, 256, "KiB")
        verdict.must(f"{count} slow readers: worker's own memory a connection", most / count / 1024, 4.0, "KiB")
        for s in made:
            s.close()
        settles(verdict, edge, before, descriptors, quiet)


class Faithful(threading.Thread):
    """A reader elsewhere who has a connection from before the flood, and asks over it five times a second until it is lost."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.connection = socket.create_connection(("127.0.0.1", port), 5, source_address=("127.88.0.1", 0))
        self.right, self.asked, self.ended = 0, 0, threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(0.2):
            self.asked += 1
            try:
                self.connection.sendall(b"GET /cut/0/small.html HTTP/1.1\r\nHost: a\r\n\r\n")
                self.right += b" 200 OK" in self.connection.recv(4096)
            except OSError:
                return

    def stop(self):
        self.ended.set()
        self.join(10)
        self.connection.close()
        return self.right, max(1, self.asked)


def idle_flood(verdict, small):
    """As many idle connections as descriptors go, from one network, kept alive; newcomers from others are still served, and
    so is one that holds a connection from another network all the while."""
    hard = many_descriptors()
    count = 500 if small else min(19000, hard - 500)
    options = ["--connections", 400] if small else []
    with Edge(*options) as edge:
        quiet, before, descriptors = calm(edge), edge.rss(), edge.descriptors()
        probe = Probe(edge.port, edge.page)
        faithful = Faithful(edge.port)
        made = connect_many(edge.port, count, b"GET /cut/0/small.html HTTP/1.1\r\nHost: a\r\n\r\n", "127.9.{}.{}" if small else None)
        standing, memory = edge.descriptors() - descriptors, edge.rss() - before  # now: they are ended after their fifteen seconds
        verdict.load(f"{count} idle: connections that stood", len(made), min(count * 0.99, 390 if small else count))
        if not small:
            verdict.load(f"{count} idle: of them at once", standing, count * 0.9)
        more = connect_many(edge.port, 100 if small else 400, b"GET / HTTP/1.1\r\n", "127.9.{}.{}")
        time.sleep(2 if small else 8)
        right, asked = faithful.stop()
        probe.stop()
        say = f"{count} idle: "
        verdict.survive(probe, quiet, say)
        verdict.must(say + "connection from elsewhere kept and answered", right / asked, 1.0, least=True)
        verdict.must(say + "worker's own memory a connection", memory / max(1, standing) / 1024, 0.4, "KiB")
        if small:
            verdict.must(say + "evicted to make place", float(edge.status()["evicted"]), 100, least=True)
        for s in made + more:
            s.close()
        settles(verdict, edge, before, descriptors, quiet)


def churn(verdict, small):
    """Connections that come and go, some closed half open, some reset, some that never say a word."""
    with Edge() as edge:
        quiet, before, descriptors = calm(edge), edge.rss(), edge.descriptors()
        probe = Probe(edge.port, edge.page)
        end, n, chance = time.monotonic() + (2 if small else 20), 0, random.Random(4)
        while time.monotonic() < end:
            for s in connect_many(edge.port, 200, b"", "127.9.{}.{}"):
                kind = chance.randrange(4)
                try:
                    if kind == 1:
                        s.send(HALF)
                    elif kind == 2:
                        s.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                        s.shutdown(socket.SHUT_WR)
                    elif kind == 3:
                        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                except OSError:
                    pass
                s.close()
                n += 1
        probe.stop()
        verdict.load("churn: connections", n, 400 if small else 20000)
        verdict.survive(probe, quiet, "churn: ")
        settles(verdict, edge, before, descriptors, quiet)


def slow_bodies(verdict, small):
    """A body is refused at the head, before one byte of it comes."""
    count = 50 if small else 1000
    with Edge() as edge:
        quiet, before, descriptors = calm(edge), edge.rss(), edge.descriptors()
        probe = Probe(edge.port, edge.page)
        made = connect_many(edge.port, count, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", "127.9.{}.{}")
        verdict.load("slow bodies: connections", len(made), count)
        until(lambda: int((s := edge.status())["refused_body"]) + int(s["refused_method"]) >= count, 5, "not every body was refused at its head")
        time.sleep(1.5)  # a refusal lingers for a second, so that it is read
        drain(made)
        verdict.must("slow bodies: connections left after their refusal", drain(made), 0)
        probe.stop()
        verdict.survive(probe, quiet, "slow bodies: ")
        for s in made:
            s.close()
        settles(verdict, edge, before, descriptors, quiet)


DRILLS = {f.__name__: f for f in (slow_heads, slow_heads_by_slowhttptest, slow_bodies, slow_reads, idle_flood, churn)}


if __name__ == "__main__":
    drills_main(__doc__, "edge_attacks", DRILLS)
