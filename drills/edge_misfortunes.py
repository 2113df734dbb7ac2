#!/usr/bin/python3
"""What goes wrong on the edge's own side while readers come (row 28): each of its processes killed, its reader of hits
standing still, the disk of the hits full, no place left. Two workers.

`drills/edge_misfortunes.py [NAME …] [--small] [--json FILE]`. Loopback only; two minutes at full size."""
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from edge_kit import Edge, Probe, calm, connect_many, drills_main, until  # noqa: E402


def readers(edge, seconds):
    """Ten thousand requests a second or so, by wrk."""
    return subprocess.Popen(["taskset", "-c", "1", "wrk", "-t1", "-c32", f"-d{seconds}s", f"http://127.0.0.1:{edge.port}/cut/0/index.html"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def pid_of(edge, name):
    return next((pid for pid, comm in edge.roles().items() if comm == name), 0)


def killed(verdict, small):
    """Every role killed with no warning, one after the other, under load: another is there within a second, and readers notice nothing but their own connections."""
    with tempfile.TemporaryDirectory() as hits, Edge("--workers", "2", "--hits", hits, "--health", "127.0.0.1:0", tls=True) as edge:
        quiet = calm(edge)
        seconds = 8 if small else 30
        load, probe = readers(edge, seconds), Probe(edge.port, edge.page)
        deaths = 0
        for name in ("edge-worker", "edge-loader", "edge-keys", "edge-scribe", "edge-health") * (1 if small else 3):
            old = until(lambda: pid_of(edge, name), 5, f"{name} is not there")
            before = time.monotonic()
            os.kill(old, signal.SIGKILL)
            deaths += 1
            until(lambda: pid_of(edge, name) not in (0, old) and (name != "edge-worker" or len(edge.workers()) == 2), 8, f"{name} did not come back")
            verdict.must(f"killed {name}: another is there", time.monotonic() - before, 1.0 if deaths <= 5 else 8.0, "s")
            time.sleep(0.2 if small else 0.5)
        requests = int(re.search(r"(\d+) requests in", load.communicate(timeout=seconds + 30)[0])[1])
        probe.stop()
        verdict.load("killed: requests a second by readers meanwhile", requests / seconds, 500 if small else 3000)
        lost = len(probe.wrong)
        verdict.must("killed: probe's requests that met a dying worker", lost, 1 if small else 3)
        verdict.must("killed: probe p99", probe.ms(0.99), max(5 * quiet.ms(0.99), 50.0) if not small else 1000, "ms")
        time.sleep(1.1)
        verdict.must("killed: restarts that the status counts", abs(float(edge.status()["restarts"]) - deaths), 0)
        verdict.recovers(edge, quiet, "killed: ")


def stalled_reader(verdict, small):
    """The scribe stands still: its rings overflow and say so; nobody waits for it."""
    with tempfile.TemporaryDirectory() as hits, Edge("--workers", "2", "--hits", hits) as edge:
        quiet = calm(edge)
        scribe = pid_of(edge, "edge-scribe")
        os.kill(scribe, signal.SIGSTOP)
        try:
            probe, load = Probe(edge.port, edge.page), readers(edge, 3 if small else 15)
            requests = int(re.search(r"(\d+) requests in", load.communicate(timeout=60)[0])[1])
            probe.stop()
        finally:
            os.kill(scribe, signal.SIGCONT)
        verdict.load("stalled scribe: requests", requests, 20_000 if small else 60_000)
        verdict.survive(probe, quiet, "stalled scribe: ")
        until(lambda: int(edge.status().get("hits_lost", 0)) + int(edge.status().get("hits", 0)) >= requests, 20, "what was lost is not counted")
        verdict.must("stalled scribe: counted as lost, so that the gap is known", float(edge.status()["hits_lost"]), 1, least=True)


def full_disk(verdict, small):
    """The disk of the hits is full (a file system of 256 KiB, where one may be mounted): pages are served, the alarm is in the counters."""
    with tempfile.TemporaryDirectory() as place:
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], capture_output=True).returncode != 0:
            print("  -- no small file system can be mounted here: not tested")
            return
        try:
            with Edge("--workers", "2", "--hits", place) as edge:
                quiet = calm(edge)
                probe, load = Probe(edge.port, edge.page), readers(edge, 3 if small else 10)
                load.communicate(timeout=60)
                (Path(place) / "rest").write_bytes(b"")
                try:
                    (Path(place) / "rest").write_bytes(bytes(1 << 20))
                except OSError:
                    pass
                readers(edge, 2).communicate(timeout=60)
                until(lambda: int(edge.status()["hits_unwritten"]) > 0, 10, "what could not be written is not counted")
                probe.stop()
                verdict.must("full disk: hits that could not be written, counted", float(edge.status()["hits_unwritten"]), 1, least=True)
                verdict.survive(probe, quiet, "full disk: ")
                verdict.must("full disk: processes that had to be started again", float(edge.status()["restarts"]), 0)
        finally:
            subprocess.run(["umount", place], check=False)


def no_places(verdict, small):
    """Every place is used up by one network: others are still let in."""
    with Edge("--connections", "300") as edge:
        quiet = calm(edge)
        probe = Probe(edge.port, edge.page)
        made = connect_many(edge.port, 600 if small else 5000, b"GET /cut/0/small.html HTTP/1.1\r\nHost: a\r\n\r\n", "127.9.1.{1}")
        time.sleep(2)
        probe.stop()
        verdict.load("no places left: connections tried", len(made), 300)
        time.sleep(1.1)
        verdict.must("no places left: evicted of the busiest network", float(edge.status()["evicted"]), 200, least=True)
        verdict.must("no places left: refused for want of a place", float(edge.status()["refused_full"]), 0)
        verdict.survive(probe, quiet, "no places left: ")
        for s in made:
            s.close()


DRILLS = {f.__name__: f for f in (killed, stalled_reader, full_disk, no_places)}


if __name__ == "__main__":
    drills_main(__doc__, "edge_misfortunes", DRILLS)
