#!/usr/bin/python3
"""Times the cut on a city of 40,541 actas: a full cut, a cut after 200 new actas, a package, and what they weigh.

`ms` and `cpu` are the role's own, from the start of the cut until latest.json is in place; `disk` is how long it waited
for the disk to have all of it. Each stands beside its floor, measured in the same run on the same files: writing as many
files with the same bytes and syncing them, and compressing the plain ones once with gzip level 1. Each acta has an image,
which the cut publishes. The night is played twice, with the role on one processor and on two (its files are made by a
team, docs/decisions/cut-team.md). Images are named ahead of the first cut, as in a night whose actas
come before it; `--at-once` lets all come in its moment.
`bench/cut.py [--json FILE] [--actas-per-cut 200] [--dir FOLDER] [--on here,memory,ext4,xfs] [--aged N] [--processors 1,2] [--at-once]`

What it is on: `here` is the folder's own file system (`--dir`, otherwise the temporary folder's), `memory` is /dev/shm, `ext4` and `xfs`
are fresh ones in a file of that folder, made and mounted for this program alone, which takes root. `--aged` writes so many files in
each and deletes them before anything is measured. ext4 without a journal is slow for minutes after that (it does not use their
inodes again and searches past them); with one it is not."""
import argparse
import contextlib
import ctypes
import gzip
import hashlib
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


CLONE_NEWNS = 0x00020000
IMAGE_BYTES = 4 << 30  # a sparse file


class NotHere(Exception):
    pass


def mounts_of_our_own():
    """What is mounted from now on only this program and its children see, and it is gone with them."""
    if os.geteuid() != 0:
        raise NotHere("a file system is made and mounted by root alone")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise NotHere("no mounts of its own: " + os.strerror(ctypes.get_errno()))
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


@contextlib.contextmanager
def fresh(kind, folder):
    """A new file system in a file, which nobody but the mount knows by name any more."""
    make = shutil.which(f"mkfs.{kind}", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if make is None:
        raise NotHere(f"there is no mkfs.{kind}")
    mounts_of_our_own()
    with tempfile.TemporaryDirectory(prefix="bench-cut-disk-", dir=folder) as scratch:
        image, at = Path(scratch) / "image", Path(scratch) / "disk"
        at.mkdir()
        try:
            with open(image, "wb") as out:
                out.truncate(IMAGE_BYTES)
            subprocess.run([make, "-q", image], check=True)
            done = subprocess.run(["mount", "-o", "loop", image, at], capture_output=True, text=True)
        finally:
            image.unlink(missing_ok=True)
        if done.returncode != 0:
            raise NotHere(done.stderr.strip())
        try:
            yield at
        finally:
            subprocess.run(["umount", "--lazy", at], check=True)  # this program may hold a file of it until it ends


@contextlib.contextmanager
def place(name, folder):
    """A folder on what `name` says."""
    if name in ("here", "memory"):
        yield folder if name == "here" else "/dev/shm"
        return
    with fresh(name, folder) as at:
        yield at


def age(folder, n):
    """As a disk from which many files have just gone."""
    with tempfile.TemporaryDirectory(prefix="bench-cut-old-", dir=folder) as old:
        for i in range(n):
            if i % 1000 == 0:
                (Path(old) / str(i // 1000)).mkdir()
            (Path(old) / str(i // 1000) / str(i)).write_bytes(b"x")
        os.sync()
    os.sync()


def floor(folder, files, plain):
    """Seconds to write the same files and sync them, and of the processor to compress the plain ones once."""
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
    begin = time.process_time()
    for data in plain:
        gzip.compress(data, 1)
    squeeze = time.process_time() - begin
    return write, squeeze  # what was written stays until the end: deleting it would slow the next cut's own files


def give_images(night, numbers, seed):
    """What the intake stores beside the ledger: a file for each acta's image. Few inodes with many names, for speed."""
    for i in numbers:
        name = hashlib.sha256(f"{i} {seed}".encode()).hexdigest()
        folder = night.dir / "images" / name[:2]
        blob = folder / f"blob-{seed}"
        if not blob.exists():
            folder.mkdir(parents=True, exist_ok=True)
            blob.write_bytes(b"\xff\xd8\xff image")
        os.link(blob, folder / f"{name}.jpg")


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
    files = [p for p in files if "/package/" not in str(p) and "/acta/" not in str(p)]
    data = [p.read_bytes() for p in files]
    write, squeeze = floor(night.dir, data, [d for p, d in zip(files, data) if p.suffix not in (".gz", ".br")])
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
    parser.add_argument("--processors", default="1,2")
    parser.add_argument("--on", default="here,memory,ext4,xfs", help="here, memory, ext4, xfs: one after the other")
    parser.add_argument("--aged", type=int, default=0, metavar="N", help="N files are written and deleted first")
    parser.add_argument("--at-once", action="store_true", help="all actas come in the moment of the full cut: it names their images itself")
    options = parser.parse_args()
    rows = []
    for name in options.on.split(","):
        try:
            with place(name, options.dir) as folder:
                rows += nights(folder, name, options)
        except NotHere as why:
            print(f"{name}: NOT MEASURED: {why}", flush=True)
    print(f"{'':50}{'ms':>7}{'cpu':>7}{'disk':>7}{'write+sync floor':>18}{'gzip -1 floor':>15}{'files':>8}{'MB':>8}{'chunks':>8}")
    for row in rows:
        print(f"{row['what']:50}{row['build_ms']:>7}{row['cpu_ms']:>7}{row['sync_ms']:>7}{row['floor_write_ms']:>18}"
              f"{row['floor_gzip1_ms']:>15}{row['files']:>8}{row['bytes'] / 1e6:>8.1f}{row['chunks']:>8}")
    print(f"load of the machine: {os.getloadavg()[0]:.1f} over {os.cpu_count()} processors")
    for row in rows:
        print(limits(row))
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def nights(folder, name, options):
    """A night for each number of processors, all on one file system."""
    if options.aged:
        age(folder, options.aged)
    work = Path(tempfile.mkdtemp(prefix="bench-cut-", dir=folder))
    subprocess.run([Path(options.bin) / "atalaya-city", "--out", work / "city"], check=True, stdout=subprocess.DEVNULL)
    rows = []
    try:
        for n in map(int, options.processors.split(",")):
            if n > len(os.sched_getaffinity(0)):
                continue
            night = Night(work / f"night-{n}", options.bin, election=work / "city/election")
            made = []
            try:
                run(night, options, made, n)
            finally:
                night.close()
            rows += [{**row, "on": name, "aged": options.aged, "processors": n, "what": f"{name}: {row['what']}, {n} proc."} for row in made]
    finally:
        if not options.keep:
            shutil.rmtree(work)
    return rows


def limits(row):
    """In words, what a figure consists of."""
    if row["cpu_ms"] == 0:
        return f"{row['what']}: {row['build_ms']} ms in a process of its own"
    other = max(row["build_ms"] - row["cpu_ms"] - row["sync_ms"], 0)
    parts = sorted([(row["cpu_ms"], "processor"), (row["sync_ms"], "of the disk to have it all, beside the reading again"),
                    (other, "other waits: the processor's other users, ledger, signer, names brought to disk")], reverse=True)
    said = ", ".join(f"{ms} ms {what}" for ms, what in parts)
    share = 100 * (row["floor_write_ms"] + row["floor_gzip1_ms"]) // max(row["build_ms"], 1)
    return f"{row['what']}: {said}; writing and one compression alone would be {share} % of it"


def wait_for_names(night, n):
    end = time.monotonic() + 60
    while not (night.dir / "run/acta").exists() or len(os.listdir(night.dir / "run/acta")) < n:
        assert time.monotonic() < end, "the role does not name the images"
        time.sleep(0.1)


def run(night, options, rows, processors):
    at_once = options.at_once
    pinned = set(sorted(os.sched_getaffinity(0))[:processors])
    night.start("--package", "3600", preexec_fn=lambda: os.sched_setaffinity(0, pinned))
    night.ask("cut " + "2027-06-07T00:30:00Z")
    indices = {}
    give_images(night, range(len(night.election.actas)), 1)
    for i in range(len(night.election.actas)):
        indices[i] = night.ledger.append(acta(night.election, i))
    if not at_once:  # they came one after the other, before the cut: the role has named their images for it
        wait_for_names(night, len(indices))
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
            give_images(night, [i], version)
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
    write, squeeze = floor(night.dir, plain, plain)
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
