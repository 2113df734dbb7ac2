#!/usr/bin/python3
"""Times the cut on a city of 40,541 actas: a full cut, a cut after 200 new actas, a package, and what they weigh.

Every figure stands beside its floor, measured in the same run on the same bytes: writing and syncing them, and
compressing them once with gzip level 1. `bench/cut.py [--json FILE] [--actas-per-cut 200]`"""
import argparse
import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO / "tests/it"))
from night_ledger import Night, acta  # noqa: E402


def floor(folder, files):
    """Seconds to write the same bytes and sync them, and to compress them once."""
    target = Path(tempfile.mkdtemp(dir=folder))
    begin = time.monotonic()
    for i, data in enumerate(files):
        with open(target / str(i), "wb") as out:
            out.write(data)
    fd = os.open(target, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
    os.sync()
    write = time.monotonic() - begin
    begin = time.monotonic()
    for data in files:
        gzip.compress(data, 1)
    squeeze = time.monotonic() - begin
    shutil.rmtree(target)
    return write, squeeze


def new_files(public, before):
    """What a step added, plain files and twins."""
    now = {p: p.stat().st_mtime_ns for p in public.rglob("*") if p.is_file()}
    return [p for p, at in now.items() if before.get(p) != at], now


def measure(night, cut_at, name, before, rows):
    begin = time.monotonic()
    answer = night.cut(cut_at)
    wall = time.monotonic() - begin
    assert answer.startswith("ok "), answer
    status = night.status()
    files, now = new_files(night.dir / "public", before)
    files = [p for p in files if "/package/" not in str(p)]
    data = [p.read_bytes() for p in files]
    write, squeeze = floor(night.dir, [d for p, d in zip(files, data) if p.suffix not in (".gz", ".br")])
    rows.append({"what": name, "wall_ms": round(wall * 1000), "build_ms": int(status["build_ms"]), "cpu_ms": int(status["cpu_ms"]),
                 "sync_ms": int(status.get("sync_ms", 0)), "chunks": int(status["chunks_rendered"]),
                 "files": len(files), "bytes": sum(map(len, data)), "floor_write_ms": round(write * 1000),
                 "floor_gzip1_ms": round(squeeze * 1000)})
    return now


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    parser.add_argument("--actas-per-cut", type=int, default=200)
    parser.add_argument("--bin", default=os.environ.get("ATALAYA_BIN_DIR", REPO / "build/bin"))
    parser.add_argument("--dir", help="where to work; default: a temporary folder")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="bench-cut-", dir=options.dir))
    subprocess.run([Path(options.bin) / "atalaya-city", "--out", work / "city"], check=True, stdout=subprocess.DEVNULL)
    night = Night(work / "night", options.bin, election=work / "city/election")
    rows = []
    try:
        run(night, options, rows)
    finally:
        night.close()
        if not options.keep:
            shutil.rmtree(work)
    print(f"{'':34}{'ms':>7}{'cpu':>7}{'sync':>7}{'write+sync floor':>18}{'gzip -1 floor':>15}{'files':>8}{'MB':>8}{'chunks':>8}")
    for row in rows:
        print(f"{row['what']:34}{row['build_ms']:>7}{row['cpu_ms']:>7}{row['sync_ms']:>7}{row['floor_write_ms']:>18}"
              f"{row['floor_gzip1_ms']:>15}{row['files']:>8}{row['bytes'] / 1e6:>8.1f}{row['chunks']:>8}")
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def run(night, options, rows):
    pinned = {min(os.sched_getaffinity(0))}
    night.start("--package", "3600", preexec_fn=lambda: os.sched_setaffinity(0, pinned))
    night.ask("cut " + "2027-06-07T00:30:00Z")
    indices = {}
    for i in range(len(night.election.actas)):
        indices[i] = night.ledger.append(acta(night.election, i))
    now = measure(night, 0, "full cut, all actas", {}, rows)
    while "package" not in night.status():  # the first package is made in the background; it is not measured here
        time.sleep(0.1)
    chance, night_versions = random.Random(1), {}
    for round_number in range(1, 4):
        for i in chance.sample(range(len(night.election.actas)), options.actas_per_cut):
            version = night_versions.get(i, 1) + 1
            night_versions[i] = version
            text = acta(night.election, i, seed=version, version=version, previous=str(indices[i]), reason="cotejo")
            indices[i] = night.ledger.append(text)
        now = measure(night, 30 * round_number, f"cut after {options.actas_per_cut} actas anywhere", now, rows)
    begin = time.monotonic()
    night.ask("close bench")
    answer = night.cut(600)
    assert answer.startswith("ok "), answer
    wall = time.monotonic() - begin
    status = night.status()
    package = night.dir / "public/package" / status["package"]
    sizes = [p.stat().st_size for p in package.rglob("*") if p.is_file()]
    plain = [p.read_bytes() for p in package.glob("*.csv")]
    write, squeeze = floor(night.dir, plain)
    rows.append({"what": "package (of the last cut)", "wall_ms": round(wall * 1000),
                 "build_ms": int(status["package_ms"]), "cpu_ms": 0, "sync_ms": 0, "chunks": 0, "files": len(sizes),
                 "bytes": sum(sizes), "floor_write_ms": round(write * 1000), "floor_gzip1_ms": round(squeeze * 1000)})
    usage = Path(f"/proc/{children(night.cut_process.pid)[-1]}/status").read_text()
    peak = [line for line in usage.splitlines() if line.startswith("VmHWM")][0]
    print("memory of the role cut:", peak.split(":")[1].strip())


def children(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(c) for c in (task / "children").read_text().split()]
    return sorted(found)


if __name__ == "__main__":
    sys.exit(main())
