#!/usr/bin/python3
"""What goes wrong on the edge's own side while readers come (row 28): each of its processes killed, its reader of hits
standing still, the disk of the hits full, no place or descriptor left, the clock of the machine jumping, the other plane's memory at its end.

`drills/edge_misfortunes.py [NAME …] [--small] [--json FILE]`. Loopback only; two minutes at full size."""
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from edge_kit import BIN, Edge, Probe, ask, calm, connect_many, drills_main, settles, until  # noqa: E402


HOME = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
KEPT = b"GET /cut/0/small.html HTTP/1.1\r\nHost: a\r\n\r\n"

RING = 32768  # records that a worker's ring holds (src/edge/hits_ring.h)


def readers(edge, seconds):
    """Ten thousand requests a second or so, by wrk."""
    return subprocess.Popen(["taskset", "-c", "1", "wrk", "-t1", "-c32", f"-d{seconds}s", f"http://127.0.0.1:{edge.port}/cut/0/index.html"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def pid_of(edge, name):
    return next((pid for pid, comm in edge.roles().items() if comm == name), 0)


def killed(verdict, small):
    """Every role killed with no warning, one after the other, under load: another is there within a second, and readers notice nothing but their own connections."""
    with tempfile.TemporaryDirectory() as hits, Edge("--workers", "2", "--hits", hits, "--health", "127.0.0.1:0", tls=True) as edge:
        quiet, before_all, descriptors = calm(edge), edge.rss(), edge.descriptors()
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
        verdict.must("killed: probe's requests that met a dying worker", lost, 1 if small else 3, rule="V1")
        verdict.must("killed: probe p99", probe.ms(0.99), max(5 * quiet.ms(0.99), 50.0) if not small else 1000, "ms", rule="V2")
        settles(verdict, edge, before_all, descriptors, quiet, deaths)


def stalled_reader(verdict, small):
    """The scribe stands still: its rings overflow and say so; nobody waits for it."""
    workers = 1 if small else 2
    enough = workers * RING * 11 // 10  # fewer fit into the rings, and nothing is lost
    with tempfile.TemporaryDirectory() as hits, Edge("--workers", workers, "--hits", hits) as edge:
        quiet, before, descriptors = calm(edge), edge.rss(), edge.descriptors()
        scribe = pid_of(edge, "edge-scribe")
        os.kill(scribe, signal.SIGSTOP)
        try:
            probe, requests, turns = Probe(edge.port, edge.page), 0, 0
            while requests < enough and turns < 20:  # a busy machine needs many
                load = readers(edge, 3 if small else 15)
                requests += int(re.search(r"(\d+) requests in", load.communicate(timeout=60)[0])[1])
                turns += 1
            probe.stop()
        finally:
            os.kill(scribe, signal.SIGCONT)
        verdict.load("stalled scribe: requests", requests, enough)
        verdict.survive(probe, quiet, "stalled scribe: ")
        until(lambda: int(edge.status().get("hits_lost", 0)) + int(edge.status().get("hits", 0)) >= requests, 20, "what was lost is not counted")
        verdict.must("stalled scribe: counted as lost, so that the gap is known", float(edge.status()["hits_lost"]), 1, least=True)
        settles(verdict, edge, before, descriptors, quiet)


def full_disk(verdict, small):
    """The disk of the hits is full (a file system of 256 KiB, where one may be mounted): pages are served, the alarm is in the counters."""
    with tempfile.TemporaryDirectory() as place:
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], capture_output=True).returncode != 0:
            print("  -- no small file system can be mounted here: not tested")
            return
        try:
            with Edge("--workers", "2", "--hits", place) as edge:
                quiet, before, descriptors = calm(edge), edge.rss(), edge.descriptors()
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
                verdict.load("full disk: hits that could not be written, counted", float(edge.status()["hits_unwritten"]), 1)
                verdict.survive(probe, quiet, "full disk: ")
                settles(verdict, edge, before, descriptors, quiet)
        finally:
            subprocess.run(["umount", place], check=False)


def no_places(verdict, small):
    """Every place is used up by one network: others are still let in."""
    with Edge("--connections", "300") as edge:
        quiet, before, descriptors = calm(edge), edge.rss(), edge.descriptors()
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
        settles(verdict, edge, before, descriptors, quiet)


def no_descriptors(verdict, small):
    """The limit of descriptors is far below that of connections, then falls under what the worker has open: others are still let in."""
    with Edge(under=("prlimit", "--nofile=300:300")) as edge:
        quiet, before, descriptors = calm(edge), edge.rss(), edge.descriptors()
        first, probe = int(edge.status()["accepted"]), Probe(edge.port, edge.page)
        made = connect_many(edge.port, 600 if small else 3000, KEPT, "127.9.1.{1}")
        time.sleep(1)
        subprocess.run(["prlimit", f"--pid={edge.workers()[0]}", "--nofile=100:300"], check=True)
        made += connect_many(edge.port, 100, KEPT, "127.9.1.{1}")
        time.sleep(2)
        probe.stop()
        verdict.load("no descriptors left: connections that the edge took", int(edge.status()["accepted"]) - first, 500 if small else 2500)
        verdict.must("no descriptors left: evicted of the busiest network", float(edge.status()["evicted"]), 200, least=True)
        verdict.survive(probe, quiet, "no descriptors left: ")
        for s in made:
            s.close()
        settles(verdict, edge, before, descriptors, quiet)


CLOCK = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static volatile long *jump;
__attribute__((constructor)) static void begin(void)
{
    int fd = open(getenv("CLOCK_JUMP"), O_RDONLY | O_CLOEXEC);
    jump = mmap(NULL, sizeof *jump, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
}
int clock_gettime(clockid_t id, struct timespec *out)
{
    int failed = (int)syscall(SYS_clock_gettime, id, out);
    out->tv_sec += failed == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) ? *jump : 0;
    return failed;
}
int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}
time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return out == NULL ? now.tv_sec : (*out = now.tv_sec);
}
"""
DAY = 86400


def slow_head_lasts(edge, jump):
    """Seconds until half a head is cut off, with a jump of the clock right after it was begun."""
    with socket.create_connection(("127.0.0.1", edge.port), 10, source_address=("127.9.3.1", 0)) as s:
        s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        begun = time.monotonic()
        time.sleep(0.3)
        jump()
        try:
            while s.recv(4096):
                pass
        except OSError:
            pass
        return time.monotonic() - begun


def clock_jumps(verdict, small):
    """The machine's clock jumps a day ahead and two back: deadlines run on as they were, a kept connection stays, nobody dies."""
    if shutil.which("cc") is None:
        print("  -- there is no compiler for the clock that jumps: not tested")
        return
    with tempfile.TemporaryDirectory() as folder:
        shim, at = Path(folder) / "clock.so", Path(folder) / "jump"
        (Path(folder) / "clock.c").write_text(CLOCK)
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, Path(folder) / "clock.c"], check=True)
        at.write_bytes(bytes(8))
        with open(at, "r+b", 0) as file, Edge("--hits", Path(folder) / "hits", env={"LD_PRELOAD": str(shim), "CLOCK_JUMP": str(at)}) as edge:

            def jump(seconds):
                file.seek(0)
                file.write(struct.pack("=q", seconds))

            def says():
                return time.mktime(time.strptime(edge.status()["time"], "%Y-%m-%dT%H:%M:%SZ")) - time.mktime(time.gmtime())

            quiet, before, descriptors = calm(edge), edge.rss(), edge.descriptors()
            probe = Probe(edge.port, edge.page)
            kept = socket.create_connection(("127.0.0.1", edge.port), 5, source_address=("127.9.4.1", 0))
            right, moved = 0, 0
            for seconds in (DAY, -DAY) if small else (DAY, -DAY, 3600, -30 * DAY, 0):
                lasted = slow_head_lasts(edge, lambda seconds=seconds: jump(seconds))
                verdict.must(f"clock at {seconds:+d} s: half a head was cut off after", lasted, 7.0, "s")
                verdict.must(f"clock at {seconds:+d} s: and not before (s)", lasted, 4.0, least=True)
                kept.sendall(KEPT)
                right += b" 200 OK" in kept.recv(4096)
                moved += until(lambda seconds=seconds: abs(says() - seconds) < 30, 5, "the edge does not see the clock that jumps")
            probe.stop()
            jumps = 2 if small else 5
            verdict.load("clock: jumps that the edge saw", moved, jumps)
            verdict.must("clock: answers over a kept connection", right, jumps, least=True)
            verdict.survive(probe, quiet, "clock: ")
            kept.close()
            settles(verdict, edge, before, descriptors, quiet)


class Group:
    """A control group with a limit of memory, of whichever hierarchy the machine has the controller in."""

    def __init__(self, limit):
        old, new = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
        self.old = (old / "memory.limit_in_bytes").exists()
        self.path = (old if self.old else new) / f"atalaya-drill-{os.getpid()}"
        self.path.mkdir()
        (self.path / ("memory.limit_in_bytes" if self.old else "memory.max")).write_text(str(limit))

    def take(self, pid):
        (self.path / "cgroup.procs").write_text(str(pid))

    def events(self):
        return self.path / ("memory.oom_control" if self.old else "memory.events")

    def kills(self):
        return int(re.search(r"^oom_kill (\d+)", self.events().read_text(), re.M)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        until(lambda: not (self.path / "cgroup.procs").read_text().strip(), 10, "the group does not empty itself")
        self.path.rmdir()


def roles_of(site):
    return set(Path(f"/proc/{site.pid}/task/{site.pid}/children").read_text().split())


# What it takes lies in a file without a name: pages of the group that are no process's own, so that it is not the largest itself. Little by
# little, so that it has stopped when the first is killed: the parent's death would be the service manager's part.
HOG = """
import os, re, sys
file, held, n = sys.argv[1], os.memfd_create("held"), 0
kills = lambda: int(re.search(r"^oom_kill (\\d+)", open(file).read(), re.M)[1])
before = kills()
sys.stdin.readline()
while kills() == before and n < 512 << 20:
    n += os.write(held, b"x" * 65536)
os.ftruncate(held, 0)
"""


def starve(group, site, name):
    """Memory of the group is used up until the kernel has killed that role of the site, then it is given back. When that was."""
    kills, roles = group.kills(), roles_of(site)
    victim = next(pid for pid in roles if Path(f"/proc/{pid}/comm").read_text().strip() == name)
    Path(f"/proc/{victim}/oom_score_adj").write_text("1000")
    hog = subprocess.Popen([sys.executable, "-c", HOG, group.events()], stdin=subprocess.PIPE, text=True)
    try:
        group.take(hog.pid)
        hog.stdin.write("\n")
        hog.stdin.flush()
        until(lambda: group.kills() > kills and victim not in roles_of(site), 20, f"{name} of the site was not killed for want of memory")
        return time.monotonic()
    finally:
        hog.kill()
        hog.wait()


def no_memory(verdict, small):
    """The institutional site's control group runs out of memory and the kernel kills in it: results do not notice, and the site is back by itself."""
    try:
        group = Group(96 << 20)
    except OSError as failed:
        print(f"  -- no control group with a limit of memory can be made here ({failed}): not tested")
        return
    with group, tempfile.TemporaryDirectory() as folder, Edge() as edge:
        (Path(folder) / "index.html").write_text("<p>instituto</p>")
        site = subprocess.Popen([BIN / "atalaya-edge", "--listen", "127.0.0.1:0", "--tree", folder, "--role", "site", "--name", "site"],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=lambda: group.take(os.getpid()))
        try:
            port = int(re.search(r":(\d+)/", site.stdout.readline())[1])
            until(lambda: b" 200 OK" in (ask(port, request=HOME) or b""), 10, "the site does not answer")
            n_roles = len(roles_of(site))
            quiet, before, descriptors = calm(edge), edge.rss(), edge.descriptors()
            probe, slowest = Probe(edge.port, edge.page), 0.0
            names = ("edge-worker",) if small else ("edge-worker", "edge-loader", "edge-worker")
            for name in names:
                died = starve(group, site, name)
                until(lambda: len(roles_of(site)) == n_roles and b" 200 OK" in (ask(port, request=HOME) or b""), 10, "the site did not come back")
                slowest = max(slowest, time.monotonic() - died)
            time.sleep(1)
            probe.stop()
            verdict.load("no memory for the site: processes that the kernel killed in its group", group.kills(), len(names))
            verdict.survive(probe, quiet, "no memory for the site: ")
            verdict.must("no memory for the site: all of it is back at the latest after", slowest, 5.0, "s")
            settles(verdict, edge, before, descriptors, quiet)
        finally:
            site.terminate()
            site.wait(10)


DRILLS = {f.__name__: f for f in (killed, stalled_reader, full_disk, no_places, no_descriptors, clock_jumps, no_memory)}


if __name__ == "__main__":
    drills_main(__doc__, "edge_misfortunes", DRILLS)
