#!/usr/bin/python3
"""What a night of 1,440 cuts takes on disk, played: the whole city, a cut a night minute, on the stepped clock.

    bench/night_disk.py [--scale cdmx|small] [--cut-s 60] [--package-s 300] [--json FILE] [--dir DIR]

The origin alone plays (intake, log, cut): mirrors and sites are stopped once they are up, for what they hold is what the origin
publishes. Samples the published tree as it grows. Minutes with --scale small, half an hour with the whole city."""
import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
BIN = Path(os.environ.get("ATALAYA_BIN_DIR", REPO / "build/bin"))
PARTS = ["cut", "chunk", "package", "log", "acta"]


def disk(folder):
    """Bytes that the file system gives to a folder, each inode once."""
    seen, total = set(), 0
    for path, folders, files in os.walk(folder):
        for name in files + ["."]:
            try:
                st = os.lstat(os.path.join(path, name))
            except FileNotFoundError:
                continue
            if st.st_ino not in seen:
                seen.add(st.st_ino)
                total += st.st_blocks * 512
    return total


def order(night, text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(20)
        s.connect(str(night / "run/night.sock"))
        s.send(text.encode())
        return s.recv(70000).decode()


def status(night, program):
    try:
        lines = (night / "run/status" / program).read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split(" ", 1) for line in lines[1:] if " " in line)


def play(night, args):
    begin = time.monotonic()
    parent = subprocess.Popen([BIN / "atalaya-night", "--dir", night, "--scale", args.scale, "--listen", "127.0.0.1:0",
                               "--speed", "max", "--once", "--quiet", "--cut-s", str(args.cut_s), "--package-s",
                               str(args.package_s)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak, samples = {}, []
    try:
        while status(night, "night").get("state") != "running":
            if parent.poll() is not None:
                sys.exit("the night did not start")
            time.sleep(0.1)
        for name in ("mirror-1", "mirror-2", "results", "feed", "site"):
            order(night, f"stop {name}")
        while parent.poll() is None:
            now = {part: disk(night / "public" / part) for part in PARTS}
            cut = status(night, "cut")
            peak = {part: max(now[part], peak.get(part, 0)) for part in PARTS}
            samples.append({"number": int(cut.get("cut", 0)), "seconds": round(time.monotonic() - begin), **now})
            print(f"\rcut {cut.get('cut')}  {sum(now.values()) >> 20} MiB  {time.monotonic() - begin:.0f} s ", end="", flush=True)
            if cut.get("last") == "yes":
                break
            time.sleep(2)
        print()
    finally:
        parent.terminate()
        parent.wait(60)
    end = {part: disk(night / "public" / part) for part in PARTS}
    bodies = sum((folder / "index.html").exists() for folder in (night / "public/cut").iterdir())
    packages = sum((folder / "SHA256SUMS").exists() and len(list(folder.iterdir())) > 1
                   for folder in (night / "public/package").iterdir())
    return {"cuts": samples[-1]["number"] + 1, "bodies": bodies, "packages": packages, "end": end, "peak": peak,
            "rest": {name: disk(night / name) for name in ("ledger", "store", "copy", "images")},
            "seconds": round(time.monotonic() - begin), "samples": samples}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", default="cdmx")
    parser.add_argument("--cut-s", type=int, default=60)
    parser.add_argument("--package-s", type=int, default=300)
    parser.add_argument("--json")
    parser.add_argument("--dir")
    args = parser.parse_args()
    folder = Path(args.dir or tempfile.mkdtemp(prefix="night-disk-"))
    try:
        found = play(folder / "night", args)
    finally:
        if not args.dir:
            shutil.rmtree(folder, ignore_errors=True)
    mb = lambda n: f"{n / 1e6:,.1f} MB"
    print(f"{found['cuts']} cuts in {found['seconds']} s; {found['bodies']} bodies and {found['packages']} packages stay")
    for part in PARTS:
        print(f"  public/{part:8} {mb(found['end'][part]):>14}   at most {mb(found['peak'][part])}")
    print(f"  public in all   {mb(sum(found['end'].values())):>14}   at most "
          f"{mb(max(sum(s[p] for p in PARTS) for s in found['samples']))}")
    for name, size in found["rest"].items():
        print(f"  {name:15} {mb(size):>14}")
    if args.json:
        Path(args.json).write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
