#!/usr/bin/python3
"""How many actas a second the intake acknowledges, durably, from 64 senders, with every sync 5 ms slower than the disk's
own. Prints a table and, with --json FILE, writes it. Bound: 2,000 a second without images."""
import argparse
import json
import os
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO / "tests" / "it"))
import intake_kit  # noqa: E402

HEAD = b"POST /v1/acta HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-prep-submission\r\nContent-Length: %d\r\n\r\n"


def bodies(n, image_every=0):
    centre, columns = intake_kit.Centre(), intake_kit.columns_of("jg")
    found = []
    for i in range(n):
        image = intake_kit.png(i, 64, 64) if image_every and i % image_every == 0 else b""
        body = intake_kit.submission(centre, image=image, acta=f"B{i}", votes=[i % 700] + [1] * (columns - 1))
        found.append(HEAD % len(body) + body)
    return found


class Sender:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.started = 0.0

    def send(self, request):
        self.started = time.monotonic()
        self.socket.sendall(request)

    def answered(self, acknowledged=None):
        text = self.socket.recv(65536)
        assert text.startswith(b"HTTP/1.1 201"), text[:300]
        assert text.endswith(b"}\n"), text[-80:]
        now = time.monotonic()
        if acknowledged is not None:
            acknowledged[int(text.split(b'"entry":', 1)[1].split(b",", 1)[0])] = now
        return now - self.started


def run(port, requests, n_senders, acknowledged=None):
    """(seconds, latencies): each sender sends its next when the last was acknowledged. `acknowledged` is given the moment
    of each entry's."""
    selector, queue, latencies = selectors.DefaultSelector(), list(reversed(requests)), []
    senders = [Sender(port) for _ in range(n_senders)]
    start = time.monotonic()
    busy = 0
    for sender in senders:
        if queue:
            sender.send(queue.pop())
            selector.register(sender.socket, selectors.EVENT_READ, sender)
            busy += 1
    while busy:
        for key, _ in selector.select(10):
            latencies.append(key.data.answered(acknowledged))
            if queue:
                key.data.send(queue.pop())
            else:
                selector.unregister(key.data.socket)
                busy -= 1
    return time.monotonic() - start, sorted(latencies)


def memory_of(pid):
    """Resident kilobytes of a process and of its roles, by name."""
    found = {}
    for one in [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]:
        lines = dict(line.split(":", 1) for line in Path(f"/proc/{one}/status").read_text().splitlines())
        found[lines["Name"].strip()] = int(lines["VmHWM"].split()[0])
    return found


def cpu_of(pid):
    """CPU seconds used so far, of a process' roles by name and of ourselves."""
    found = {"sender": time.process_time()}
    for one in [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]:
        name, rest = Path(f"/proc/{one}/stat").read_text().split("(", 1)[1].rsplit(") ", 1)
        found[name] = sum(map(int, rest.split()[11:13])) / os.sysconf("SC_CLK_TCK")
    return found


def ledger_delays(night, log, acknowledged):
    """Sorted seconds from each acknowledgement until a sync covered its entry in the ledger's bundle."""
    syncs = {}
    for line in log.read_text().splitlines():
        at, size, path = line.split(" ", 2)
        if "/ledger/entries/" in path:
            syncs.setdefault(Path(path).name, []).append((int(at) / 1e9, int(size)))
    delays, index = [], 0
    for bundle in sorted((night / "ledger" / "entries").iterdir()):
        data, end = bundle.read_bytes(), 0
        while end + 2 <= len(data):
            end += 2 + int.from_bytes(data[end:end + 2], "big")
            if index in acknowledged:
                delays.append(min(at for at, size in syncs[bundle.name] if size >= end) - acknowledged[index])
            index += 1
    assert len(delays) == len(acknowledged)
    return sorted(delays)


def measure_ledger(bin_dir, name, requests, senders, sync_ms):
    """From an acknowledgement to the entry on disk in the ledger's bundle (it is on disk in the store before, and readers
    see it in the bundle before it is acknowledged)."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/tmp")) as folder:
        night, log, acknowledged = Path(folder) / "night", Path(folder) / "night" / "run" / "syncs", {}  # the jail lets it write there
        intake, port = begin(bin_dir, night, sync_ms, {"SHIM_LOG": str(log)})
        try:
            run(port, requests, senders, acknowledged)
        finally:
            intake.terminate()
            intake.wait(10)
        delays = ledger_delays(night, log, acknowledged)
        n = len(delays)
        return {"name": name, "actas": n, "senders": senders, "sync_ms": sync_ms,
                "p50_ms": round(delays[n // 2] * 1000, 1), "p99_ms": round(delays[n * 99 // 100] * 1000, 1)}


def begin(bin_dir, night, sync_ms, settings, args=()):
    """(process, port)"""
    night.mkdir()
    shutil.copytree(intake_kit.ELECTION, night / "election")
    shim = bin_dir.parent / "tests" / "libatalaya_shim.so"
    assert shim.exists(), f"{shim} is not built: no sync would be slower"
    env = dict(os.environ, LD_PRELOAD=str(shim), SHIM_SYNC_MS=str(sync_ms), **settings)
    intake = subprocess.Popen([bin_dir / "atalaya-intake", "--dir", night, "--listen", "127.0.0.1:0", *args], env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return intake, int(intake.stdout.readline().split("/v1/acta")[0].rsplit(":", 1)[1])


def measure(bin_dir, name, requests, senders, sync_ms, args=()):
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/tmp")) as folder:
        args = [a.replace("@", folder) for a in args]
        intake, port = begin(bin_dir, Path(folder) / "night", sync_ms, {}, args)
        try:
            run(port, requests[:senders], senders)  # the store is open and warm
            before = cpu_of(intake.pid)
            seconds, latencies = run(port, requests[senders:], senders)
            after, kilobytes = cpu_of(intake.pid), memory_of(intake.pid)
        finally:
            intake.terminate()
            intake.wait(10)
        n = len(latencies)
        return {"name": name, "actas": n, "senders": senders, "sync_ms": sync_ms, "per_second": round(n / seconds),
                "p50_ms": round(latencies[n // 2] * 1000, 1), "p99_ms": round(latencies[n * 99 // 100] * 1000, 1),
                "kilobytes": kilobytes,
                "cpu_us_an_acta": {k: round((after[k] - before[k]) * 1e6 / n) for k in after if k in before}}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=Path, default=REPO / "build" / "bin")
    parser.add_argument("--actas", type=int, default=8000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    plain, pictures = bodies(options.actas), bodies(options.actas // 4, 1)
    rows = [
        measure(options.bin, "64 senders", plain, 64, 5),
        measure(options.bin, "1 sender", plain[:400], 1, 5),
        measure(options.bin, "64 senders, copy", plain, 64, 5, ["--copy", "@/copy"]),
        measure(options.bin, "64 senders, copy-sync", plain, 64, 5, ["--copy", "@/copy", "--copy-sync"]),
        measure(options.bin, "64 senders, an image each", pictures, 64, 5),
    ]
    print(f"{'durable intake, 5 ms a sync':<28}{'actas/s':>9}{'p50 ms':>9}{'p99 ms':>9}   CPU microseconds an acta; resident KiB")
    for row in rows:
        cpu = " ".join(f"{k.removeprefix('intake-')} {v}" for k, v in row["cpu_us_an_acta"].items())
        kilobytes = " ".join(f"{k.removeprefix('intake-')} {v}" for k, v in row["kilobytes"].items())
        print(f"{row['name']:<28}{row['per_second']:>9}{row['p50_ms']:>9}{row['p99_ms']:>9}   {cpu}; {kilobytes}")
    ledger = [measure_ledger(options.bin, "64 senders", plain, 64, 5), measure_ledger(options.bin, "1 sender", plain[:600], 1, 5)]
    print("from the acknowledgement to the ledger's bundle on disk")
    for row in ledger:
        print(f"{row['name']:<28}{'':>9}{row['p50_ms']:>9}{row['p99_ms']:>9}")
    if options.json:
        options.json.write_text(json.dumps({"intake": rows, "ledger": ledger, "bound_per_second": 2000}, indent=1) + "\n")
    return 0 if rows[0]["per_second"] >= 2000 else 1


if __name__ == "__main__":
    sys.exit(main())
