#!/usr/bin/python3
"""/flow under 15,000 subscribers: every one gets an event each second, memory a subscriber is a record, and an independent reader is
answered as if they were not there. Then subscribers that do not read: they cost nobody anything and are cut off.

`drills/edge_flow.py [--small] [--json FILE]`. Loopback only; a minute at full size."""
import select
import socket
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from edge_kit import Edge, Probe, calm, connect_many, drills_main, settles, until  # noqa: E402

ASK = b"GET /flow HTTP/1.1\r\nHost: a\r\n\r\n"
IDLE = b"GET /cut/0/small.html HTTP/1.1\r\nHost: a\r\n\r\n"


class Ingest:
    """The status file whose counters /flow tells: another number whenever it is asked to."""

    def __init__(self, folder):
        self.folder, self.n = Path(folder), 0
        self.move()

    def move(self):
        self.n += 1
        pairs = {"expected": 20000, "received_total": self.n, "captured_total": self.n, "verified_total": self.n}
        text = ["status/v1", "program cut", "state running", "time 2027-06-07T02:00:00Z", "since 2027-06-07T02:00:00Z", "alarm -"]
        (self.folder / "new").write_text("\n".join([*text, *(f"{k} {v}" for k, v in pairs.items())]) + "\n")
        (self.folder / "new").rename(self.folder / "cut")


def begin(edge, folder):
    """The ingest is told of from the first cut after the opening on."""
    edge.tree.cut({"index.html": edge.page})
    until(lambda: edge.status().get("cut") == "1", 10, "the cut is not served")
    return Ingest(folder)


class Crowd:
    """Subscribers of this process: reads what comes without looking into most of it, and counts events."""

    def __init__(self, connections):
        self.connections = {s.fileno(): s for s in connections}
        self.events = dict.fromkeys(self.connections, 0)
        self.poll = select.epoll()
        for fd in self.connections:
            self.poll.register(fd, select.EPOLLIN | select.EPOLLET)

    def read(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for fd, _ in self.poll.poll(left, 4096):
                try:
                    data = self.connections[fd].recv(65536)
                except BlockingIOError:
                    continue
                except OSError:
                    data = b""
                if not data:
                    self.poll.unregister(fd)
                    self.connections.pop(fd).close()
                    continue
                self.events[fd] += data.count(b"\ndata: ")

    def close(self):
        self.poll.close()
        for s in self.connections.values():
            s.close()


def memory(edge, n):
    """Bytes of the worker's own memory for n connections that have asked once and stay."""
    before = edge.rss()
    idle = connect_many(edge.port, n, IDLE, "127.9.{}.{}")
    until(lambda: int(edge.status()["connections"]) >= len(idle), 20, "connections are not counted")
    time.sleep(1)
    cost = (edge.rss() - before) / max(1, len(idle))
    for s in idle:
        s.close()
    until(lambda: int(edge.status()["connections"]) == 0, 20, "connections did not end")
    return cost


def broadcast(verdict, small):
    """An event a second to everybody."""
    n, seconds = (600, 4) if small else (15000, 20)
    with tempfile.TemporaryDirectory() as folder, Edge("--flow", folder, "--idle-ms", "60000") as edge:
        ingest = begin(edge, folder)
        with_idle = memory(edge, n)
        quiet, before = calm(edge, 1 if small else 3), edge.rss()
        descriptors = edge.descriptors()
        crowd = Crowd(connect_many(edge.port, n, ASK, "127.10.{}.{}", seconds=60))
        until(lambda: crowd.read(0.2) or int(edge.status().get("flow_subscribers", 0)) >= n, 30, "not all were let in")
        per_sub = (edge.rss() - before) / n - with_idle
        verdict.load("subscribers at once", len(crowd.connections), n)
        verdict.must("memory of an idle subscriber beyond its connection, bytes", max(0, per_sub), 1024)
        seen, cpu = dict(crowd.events), edge.cpu()
        probe = Probe(edge.port, edge.page)
        for _ in range(seconds):
            ingest.move()
            crowd.read(1)
        crowd.read(1)
        probe.stop()
        cpu = (edge.cpu() - cpu) / (seconds + 1)
        got = sorted(crowd.events[fd] - seen[fd] for fd in crowd.connections)
        skipped = int(edge.status()["flow_skipped"])
        verdict.must("events that the one with the fewest got, of one a second", got[0] if got else 0, seconds - 2, least=True)
        verdict.must("events that the one with the most got", got[-1] if got else 0, seconds + 1)
        verdict.must("events skipped for somebody who reads", skipped, n // 100)
        verdict.must("the worker's processor time in a second", cpu * 1000, 600, "ms")
        verdict.must("an event to a subscriber", cpu / n * 1e6, 30, "µs")
        verdict.survive(probe, quiet, f"{n} subscribers: ")
        crowd.close()
        settles(verdict, edge, before, descriptors, quiet)


def hoarders(verdict, small):
    """Subscribers that take nothing: a receive window of a few hundred bytes, and no read."""
    n = 100 if small else 1000
    with tempfile.TemporaryDirectory() as folder, Edge("--flow", folder, "--drain-ms", "2000", "--flow-queue", "1024") as edge:
        ingest = begin(edge, folder)
        quiet, before, descriptors, made = calm(edge), edge.rss(), edge.descriptors(), []
        for i in range(n):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, 256)
            s.bind((f"127.11.{i // 200 % 250}.{1 + i % 200}", 0))
            s.connect(("127.0.0.1", edge.port))
            s.sendall(ASK)
            made.append(s)
        until(lambda: int(edge.status().get("flow_subscribers", 0)) >= n * 0.9, 10, "not let in")
        probe = Probe(edge.port, edge.page)
        top, end = 0, time.monotonic() + 30
        while int(edge.status().get("flow_subscribers", 0)) > 0 and time.monotonic() < end:
            ingest.move()
            time.sleep(1)
            top = max(top, edge.rss())
        probe.stop()
        verdict.must("hoarders that are still there after 30 s", float(edge.status()["flow_subscribers"]), 0)
        verdict.must("memory a hoarder, bytes", max(0, top - before) / n, 2048)
        verdict.load("hoarders: let in", len(made), n)
        verdict.survive(probe, quiet, "hoarders: ")
        for s in made:
            s.close()
        settles(verdict, edge, before, descriptors, quiet)


DRILLS = {f.__name__: f for f in (broadcast, hoarders)}

if __name__ == "__main__":
    drills_main(__doc__, "edge_flow", DRILLS)
