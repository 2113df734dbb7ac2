#!/usr/bin/python3
"""Attacks by HTTP/2 frames at the edge's shipped settings (rows 16 to 19), each repeated over new connections until its size is
reached, with an independent probe beside it; what ended the connections is read from the counters.

`drills/edge_frames.py [NAME …] [--small] [--json FILE]`. Loopback only; four minutes at full size."""
import socket
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from edge_kit import Edge, Probe, calm, drills_main, settles  # noqa: E402
from h2_cases import (CONTINUATION, DATA, END, HEADERS, PING, POST, PREFACE, PRIORITY, RST, WHOLE, field, frame, get, head, settings,  # noqa: E402
                      text, window)

RESET = b"\0\0\0\x08"
BOMB = b"\x40" + text("bomb") + bytes([127]) + bytes([(3900 - 127) & 127 | 128, (3900 - 127) >> 7]) + b"x" * 3900


def opened(then):
    """A POST whose body is to come, and then what the edge has to answer with RST_STREAM."""
    return lambda i: frame(HEADERS, WHOLE, 2 * i + 1, POST) + then(2 * i + 1)


# name: (frames at full size, counter, what the i-th frame of a connection is, streams served at most a connection)
ATTACKS = {
    "rapid reset": (100_000, "refused_h2_resets", lambda i: get(2 * i + 1) + frame(RST, 0, 2 * i + 1, RESET), 500),
    "CONTINUATION without end": (1000, "refused_h2_continuations",
                                 lambda i: frame(HEADERS, END, 1, head()) if i == 0 else frame(CONTINUATION, 0, 1, field("x", "y" * 200) * 19), 500),
    "made to reset: window of 0": (10_000, "refused_h2_forced_resets", opened(lambda s: window(0, s)), 500),
    "made to reset: window too large": (10_000, "refused_h2_forced_resets", opened(lambda s: window(0x7FFFFFFF, s)), 500),
    "made to reset: DATA after the end": (10_000, "refused_h2_forced_resets", lambda i: get(2 * i + 1) + frame(DATA, 0, 2 * i + 1, b"x"), 500),
    "made to reset: upper case": (10_000, "refused_h2_forced_resets", lambda i: get(2 * i + 1, "/", END | WHOLE, ("X-A", "b")), 500),
    "made to reset: PRIORITY of 4 bytes": (10_000, "refused_h2_forced_resets", opened(lambda s: frame(PRIORITY, 0, s, bytes(4))), 500),
    "made to reset: a second head": (10_000, "refused_h2_forced_resets", opened(lambda s: frame(HEADERS, WHOLE, s, field("x", "y"))), 500),
    "SETTINGS": (100_000, "refused_h2_settings", lambda i: settings((1, 4096)), 500),
    "PING": (100_000, "refused_h2_pings", lambda i: frame(PING, 0, 0, b"12345678"), 500),
    "PRIORITY": (100_000, "refused_h2_idle_frames", lambda i: frame(PRIORITY, 0, 2 * i + 1, bytes(5)), 500),
    "unknown types": (100_000, "refused_h2_idle_frames", lambda i: frame(77, 0, 0, b"x"), 500),
    "empty DATA": (100_000, "refused_h2_empty", lambda i: (frame(HEADERS, WHOLE, 1, POST) if i == 0 else b"") + frame(DATA, 0, 1), 500),
    "WINDOW_UPDATE": (100_000, "refused_h2_window_updates", lambda i: window(1), 500),
}


class Sender:
    """Sends the frames of an attack over one connection after the other, from one network, until `total` were sent."""

    def __init__(self, port, total, make):
        self.port, self.total, self.make = port, total, make
        self.sent = self.connections = 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        batches = {}
        while self.sent < self.total:
            s = socket.create_connection(("127.0.0.1", self.port), 10, source_address=(f"127.9.0.{1 + self.connections % 200}", 0))
            self.connections += 1
            at = 0
            try:
                s.sendall(PREFACE + settings())
                while self.sent < self.total:
                    batch = batches.get(at) or batches.setdefault(at, b"".join(self.make(i) for i in range(at, at + 200)))
                    s.sendall(batch)
                    at += 200
                    self.sent += 200
                    s.settimeout(0.0005)
                    try:
                        while s.recv(65536):
                            pass
                        break  # the edge has ended it
                    except TimeoutError:
                        pass
                    s.settimeout(10)
            except OSError:
                pass
            s.close()


def frames(verdict, small, name):
    total, counter, make, most_served = ATTACKS[name]
    total = max(400, total // 100) if small else total
    with Edge() as edge:
        quiet, before, descriptors = calm(edge), edge.rss(), edge.descriptors()
        first, cpu = edge.status(), edge.cpu()
        probe = Probe(edge.port, edge.page)
        sender = Sender(edge.port, total, make)
        peak, begin = before, time.monotonic()
        while sender.thread.is_alive() and time.monotonic() - begin < 60:
            sender.thread.join(0.2)
            peak = max(peak, edge.rss())
        time.sleep(max(0.0, (0.7 if small else 2) - (time.monotonic() - begin)))  # so that the probe has asked often enough
        spent = edge.cpu() - cpu
        probe.stop()
        time.sleep(1.1)  # the status file is a second old at most
        now = edge.status()
        more = {k: int(now[k]) - int(first[k]) for k in (counter, "h2_streams", "h2_connections")}
        verdict.load(f"{name}: frames", sender.sent, total)
        if total > 20000 or name != "WINDOW_UPDATE":  # of which a good client sends many; the last connection may not have got so far
            verdict.must(f"{name}: connections that its counter says were ended", more[counter], 0.9 * (sender.connections - 1), least=True)
        verdict.must(f"{name}: streams opened a connection", more["h2_streams"] / max(1, more["h2_connections"]), most_served)
        verdict.must(f"{name}: worker's processor time", spent, 1.0 if name != "WINDOW_UPDATE" else 2.0, "s")
        verdict.must(f"{name}: memory at its height, beyond before", (peak - before) / 2**20, 16, "MiB")
        verdict.survive(probe, quiet, f"{name}: ")
        settles(verdict, edge, before, descriptors, quiet)


def bombs_and_stalls(verdict, small):
    """Heads of 4 MB out of 5 KB; and many connections whose windows stay shut over an answer of a megabyte."""
    heads, stalls = (20, 20) if small else (2000, 500)
    with Edge(*(["--drain-ms", "1000"] if small else [])) as edge:
        quiet, before, descriptors = calm(edge), edge.rss(), edge.descriptors()
        probe = Probe(edge.port, edge.page)
        refused = 0
        for i in range(heads):
            with socket.create_connection(("127.0.0.1", edge.port), 5) as s:
                s.sendall(PREFACE + settings() + frame(HEADERS, END | WHOLE, 1, head() + BOMB + b"\xbe" * 1000))
                data = b""
                while b"431" not in data and (part := s.recv(65536)):
                    data += part
                refused += b"431" in data
        verdict.load("HPACK bombs: sent and refused with 431", refused, heads)
        stalled, peak = [], before
        for i in range(stalls):
            s = socket.create_connection(("127.0.0.1", edge.port), 5, source_address=(f"127.9.1.{1 + i % 200}", 0))
            s.sendall(PREFACE + settings((4, 1)) + b"".join(get(2 * k + 1, "/cut/0/big.bin") for k in range(90)))
            stalled.append(s)
        end = time.monotonic() + (15 if not small else 4)
        while int(edge.status()["timeout_response"]) < stalls and time.monotonic() < end:
            peak = max(peak, edge.rss())
            time.sleep(0.2)
        time.sleep(1.1)
        verdict.must("windows that stay shut: connections cut off", float(edge.status()["timeout_response"]), stalls, least=True)
        verdict.must("windows that stay shut: worker's own memory a connection", (peak - before) / stalls / 1024, 64, "KiB")
        probe.stop()
        verdict.survive(probe, quiet, "bombs and stalls: ")
        for s in stalled:
            s.close()
        settles(verdict, edge, before, descriptors, quiet)


DRILLS = {**{name: lambda verdict, small, name=name: frames(verdict, small, name) for name in ATTACKS}, "bombs and stalls": bombs_and_stalls}

if __name__ == "__main__":
    drills_main(__doc__, "edge_frames", DRILLS)
