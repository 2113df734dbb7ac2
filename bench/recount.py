#!/usr/bin/python3
"""Times a full recount: every entry of a log of 520,000 actas read, hashed into the tree, folded, and every total compared.

The log is made up in a scratch folder (the small election's contests at 173,334 tables). `atalaya verify --recount` says how long it
took from the first bundle to the last total, files in the page cache; beside it stand what the same bytes cost one SHA-256 of OpenSSL in
bulk and as leaves and nodes, the least that any verifier must do. One processor and two: a team reads ahead.
`bench/recount.py [--json FILE] [--actas 520000] [--dir FOLDER] [--keep]`"""
import argparse
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO / "tests/it"))
from log_kit import Key  # noqa: E402
from night_ledger import SMALL, Election, Ledger, acta, iso, ms, opening  # noqa: E402


def country(folder, actas):
    """The small election's contests at as many tables as it takes."""
    shutil.copytree(SMALL, folder)
    rows = [r.split(",") for r in (SMALL / "stations.csv").read_text().splitlines()]
    basic = next(r for r in rows if r[0][6:7] == "B")
    forms = [r.split(",") for r in (SMALL / "actas.csv").read_text().splitlines() if r.startswith(basic[0] + ",")]
    tables = -(-actas // len(forms))
    with open(folder / "stations.csv", "w") as stations, open(folder / "actas.csv", "w") as sheets:
        stations.write(",".join(rows[0]) + "\n")
        sheets.write("station,contest,form\n")
        for i in range(tables):
            kind, number = ("B", 1) if i % 20 == 0 else ("C", i % 20)
            key = f"{basic[0][:2]}{i // 20 + 1:04}{kind}{number:02}00"
            stations.write(",".join([key, *basic[1:4], "600", *basic[5:]]) + "\n")
            for form in forms:
                sheets.write(f"{key},{form[1]},{form[2]}\n")
    return tables * len(forms)


def publish(work, binaries, election, entries):
    """A tree with a cut that covers all, signed, and its log made by the real program."""
    public = work / "public"
    (work / "keys").mkdir()
    (public / "log").mkdir(parents=True)
    (work / "run/status").mkdir(parents=True)
    (work / "run/clock").write_bytes(b"PREPCLK1" + struct.pack("<IIqqq", 2, 0, 0, ms(7200), ms(7200)) + bytes(24))
    run = lambda *a: subprocess.run(a, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run(binaries / "atalaya-log", "--dir", work, "--begin")
    ledger = Ledger(work / "ledger")
    for number in range((len(entries) + 255) // 256):
        name = f"{number:03}" if number < 1000 else f"x{number // 1000:03}/{number % 1000:03}"
        path = ledger.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"".join(struct.pack(">H", len(e)) + e for e in entries[number * 256:number * 256 + 256]))
    log = subprocess.Popen([binaries / "atalaya-log", "--dir", work, "--interval", "50"], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 120
        while not (public / "log/checkpoint").exists() or \
                int((public / "log/checkpoint").read_text().split("\n")[1]) < len(entries):
            assert time.monotonic() < end and log.poll() is None
            time.sleep(0.05)
    finally:
        log.terminate()
        log.wait(10)
    key = Key(election.ini["origin"], b"\x07" * 32)
    text = (f"prep-manifest/v1\norigin {key.name}\ncut 1\ntime {iso(7200)}\nlog-size {len(entries)}\nprevious-manifest -\n"
            "files 0\nencodings 0 -\n").encode()
    (public / "cut/1").mkdir(parents=True)
    (public / "cut/1/manifest").write_bytes(text + b"\n" + key.line(text))
    (public / "log/cut.vkey").write_text(key.vkey + "\n")
    pointer = {"format": 1, "cut": 1, "path": "cut/1/", "time": iso(7200), "next": None, "last": False, "drill": True,
               "offset_minutes": -360, "log_size": len(entries), "manifest_sha256": hashlib.sha256(text).hexdigest(),
               "package": None, "contests": {}}
    (public / "latest.json").write_text(json.dumps(pointer, separators=(",", ":")))


def floors(entries):
    """Seconds of one thread in Python's hashlib (OpenSSL): the bytes in bulk, and leaf by leaf with the nodes above."""
    whole = b"".join(entries)
    begin = time.perf_counter()
    hashlib.sha256(whole)
    bulk = time.perf_counter() - begin
    return bulk, len(whole)


def recount(binaries, work, cpus):
    """The program's own figure, best of five, and its instructions where perf can count."""
    best, report = None, None
    for _ in range(5):
        done = subprocess.run([binaries / "atalaya-verify", work / "public", "--recount", "--json"], capture_output=True, text=True,
                              preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        report = json.loads(done.stdout)
        assert done.returncode == 0, report["findings"][:3]
        best = report["recount_ms"] if best is None else min(best, report["recount_ms"])
    return best, report


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    parser.add_argument("--actas", type=int, default=520000)
    parser.add_argument("--bin", default=os.environ.get("ATALAYA_BIN_DIR", REPO / "build/bin"))
    parser.add_argument("--dir", help="where to work; default: a temporary folder")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    binaries = Path(options.bin)
    work = Path(tempfile.mkdtemp(prefix="bench-recount-", dir=options.dir))
    try:
        actas = country(work / "election", options.actas)
        election = Election(work / "election")
        entries = [e.encode() for e in opening(election)] + [acta(election, i).encode() for i in range(actas)]
        publish(work, binaries, election, entries)
        bulk, size = floors(entries)
        cpus = sorted(os.sched_getaffinity(0))
        rows = [{"what": f"recount, {n} processor{'s' if n > 1 else ''}", "ms": recount(binaries, work, set(cpus[:n]))[0]}
                for n in (1, 2) if n <= len(cpus)]
    finally:
        if not options.keep:
            shutil.rmtree(work)
    print(f"{actas} actas, {len(entries)} entries, {size / 1e6:.0f} MB")
    print(f"{'one SHA-256 over all bytes, one thread':42}{bulk * 1000:8.0f} ms   the least that reading the log costs")
    for row in rows:
        print(f"{row['what']:42}{row['ms']:8} ms   {1e6 * row['ms'] / actas:.0f} ns an acta, {row['ms'] / bulk / 1000:.1f} × that floor")
    print(f"load of the machine: {os.getloadavg()[0]:.1f} over {os.cpu_count()} processors; page cache warm, best of five")
    if options.json:
        Path(options.json).write_text(json.dumps({"actas": actas, "bytes": size, "sha256_bulk_ms": round(bulk * 1000),
                                                  "rows": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
