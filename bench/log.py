#!/usr/bin/python3
"""The log: appending in memory and on disk, proof checks a second, each beside the machine's own limit in the same run; and how long
after its acknowledgement an acta is in a signed checkpoint, over the real intake and the real log: some thousand actas from sixteen
centres that send as centres do, by ones and by vanloads, so that one in a hundred is dozens of samples. Prints a table and,
with --json FILE, writes it. Bounds: 1,000,000 leaves a second in memory, 1.5 s for 99 of 100 actas."""
import argparse
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO / "tests" / "it"))
import intake_kit  # noqa: E402
from night_ledger import ms  # noqa: E402

BOUND_LEAVES, BOUND_S = 1_000_000, 1.5
SENDERS, SAMPLES = 16, 3000  # the night's mean is 6 a second over all centres, its peak some tens
HEAD = b"POST /v1/acta HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-prep-submission\r\nContent-Length: %d\r\n\r\n"


def floor(bin_dir, folder, leaves):
    done = subprocess.run([bin_dir.parent / "bench" / "log_floor", folder, str(leaves)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


class Watcher(threading.Thread):
    """When which size was first covered by the checkpoint that stands."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.seen, self.stopped = path, [], False

    def run(self):
        while not self.stopped:
            try:
                size = int(self.path.read_bytes().split(b"\n", 2)[1])
            except (OSError, IndexError):
                size = 0
            if not self.seen or size > self.seen[-1][1]:
                self.seen.append((time.monotonic(), size))
            time.sleep(0.002)


def arrivals(dice, n, rate, seconds_apart=0.05):
    """When the n actas of one centre come, seconds from the start: vanloads at random moments (exponential gaps), each of one acta or a
    few (geometric, four on average) that are sent one after the other; `rate` actas a second in the mean."""
    found, at = [], 0.0
    while len(found) < n:
        at += dice.expovariate(rate / 4)
        load = 1
        while dice.random() < 0.75:
            load += 1
        found += [at + i * seconds_apart for i in range(load)]
    return sorted(found[:n])


def send(port, requests, moments, start, out):
    import socket
    link = socket.create_connection(("127.0.0.1", port))
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for moment, request in zip(moments, requests):
        wait = start + moment - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        link.sendall(request)
        answer = link.recv(65536)
        assert answer.startswith(b"HTTP/1.1 201"), answer[:200]
        out.append((time.monotonic(), json.loads(answer.split(b"\r\n\r\n", 1)[1])["entry"]))


def latency(bin_dir, folder, rate, actas, copy):
    """Sorted seconds from an acknowledgement until a checkpoint on disk covers the entry; `rate` actas a second."""
    night = Path(folder) / "night"
    for name in ("run/status", "keys"):
        (night / name).mkdir(parents=True)
    shutil.copytree(intake_kit.ELECTION, night / "election")
    moment = ms(3600)
    (night / "run/clock").write_bytes(b"PREPCLK1" + struct.pack("<IIqqq", 2, 0, 0, moment, moment) + bytes(24))
    subprocess.run([bin_dir / "atalaya-log", "--dir", night, "--begin"], check=True, stdout=subprocess.DEVNULL)
    more = ["--copy", night / "copy"] if copy else []
    intake = subprocess.Popen([bin_dir / "atalaya-intake", "--dir", night, "--listen", "127.0.0.1:0", *more],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    port = int(intake.stdout.readline().split("/v1/acta")[0].rsplit(":", 1)[1])
    log = subprocess.Popen([bin_dir / "atalaya-log", "--dir", night, *(["--copied", night / "run/copy"] if copy else [])],
                           stderr=subprocess.DEVNULL)
    watcher = Watcher(night / "public/log/checkpoint")
    try:
        watcher.start()
        while not watcher.seen or watcher.seen[-1][1] == 0:
            time.sleep(0.02)
        centre, columns, requests = intake_kit.Centre(), intake_kit.columns_of("jg"), []
        for i in range(actas):
            body = intake_kit.submission(centre, acta=f"L{i}", votes=[i % 700] + [1] * (columns - 1))
            requests.append(HEAD % len(body) + body)
        acknowledged, dice = [], random.Random(2027)
        shares = [requests[k::SENDERS] for k in range(SENDERS)]
        moments = [arrivals(dice, len(share), rate / SENDERS) for share in shares]
        start = time.monotonic() + 0.2
        threads = [threading.Thread(target=send, args=(port, share, when, start, acknowledged))
                   for share, when in zip(shares, moments)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        last = max(entry for _, entry in acknowledged)
        while watcher.seen[-1][1] <= last:
            time.sleep(0.02)
    finally:
        watcher.stopped = True
        for process in (log, intake):
            process.terminate()
            process.wait(10)
    found = []
    for at, entry in acknowledged:
        covered = next(when for when, size in watcher.seen if size > entry)
        found.append(max(0.0, covered - at))
    found.sort()
    n = len(found)
    return {"actas": n, "per_second": rate, "copy": copy, "checkpoints": len(watcher.seen),
            "median_ms": round(found[n // 2] * 1000), "p99_ms": round(found[n * 99 // 100] * 1000),
            "most_ms": round(found[-1] * 1000)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=Path, default=REPO / "build" / "bin")
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--actas", type=int, default=SAMPLES, help="samples of each rate")
    parser.add_argument("--rates", type=float, nargs="*", default=[75, 200], help="actas a second")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rates = None
    if options.leaves > 0:
        rates = appends(options)
    late = []
    print(f"{f'acknowledged until signed, ms, {options.actas:,} actas':<42}{'median':>12}{'p99':>12}{'most':>8}")
    for rate in options.rates:
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/tmp")) as folder:
            row = latency(options.bin, folder, rate, options.actas, True)
        late.append(row)
        print(f"{f'{rate:g} a second, in vanloads, with a copy':<42}{row['median_ms']:>12}{row['p99_ms']:>12}{row['most_ms']:>8}")
    if options.json:
        options.json.write_text(json.dumps({"rates": rates, "latency": late, "bound_leaves": BOUND_LEAVES,
                                            "bound_s": BOUND_S}, indent=1) + "\n")
    sound = (rates is None or rates["tiles"] >= BOUND_LEAVES) and all(row["p99_ms"] <= BOUND_S * 1000 for row in late)
    return 0 if sound else 1


def appends(options):
    """The table of appends and checks."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/tmp")) as folder:
        rates = floor(options.bin, folder, options.leaves)
    rows = [("append, edge only", "edge", "hashes_alone"), ("append, with all tiles", "tiles", "hashes_alone"),
            ("append, a sync and a signature each 256", "disk", "writes_alone"),
            ("inclusion checks, depth 20", "inclusion_checks", "checks_floor"),
            ("consistency checks, of 2^20", "consistency_checks", "checks_floor")]
    print(f"{f'{options.leaves:,} leaves of 200 bytes':<42}{'a second':>12}{'limit':>12}{'of it':>8}")
    for title, name, limit in rows:
        print(f"{title:<42}{rates[name]:>12,}{rates[limit]:>12,}{rates[name] / rates[limit]:>8.0%}")
    return rates


if __name__ == "__main__":
    sys.exit(main())
