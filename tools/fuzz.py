#!/usr/bin/env python3
"""Runs every fuzz target: first its seeds, then a hunt of some seconds in a scratch folder.

    tools/fuzz.py --seconds 60 [--only csv] [--check-growth]

A crash leaves its input in build-fuzz/crashes/ and exits 1. With --check-growth a target whose coverage does not grow
past what an empty corpus reaches at the start counts as blind, and that is a failure too.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def build():
    for command in (["cmake", "--preset", "fuzz"], ["cmake", "--build", "--preset", "fuzz"]):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            print((done.stdout + done.stderr)[-4000:])
            return False
    return True


def hunt(target, seconds):
    """Returns (exit code, first coverage, last coverage, output)."""
    name = target.name.removeprefix("fuzz_")
    seeds = ROOT / "tests/fuzz/corpus" / name
    crashes = ROOT / "build-fuzz/crashes"
    crashes.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    try:
        command = [str(target), f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-seed=1",
                   f"-artifact_prefix={crashes}/{name}-", "-print_final_stats=1", str(scratch)]
        if seeds.is_dir():
            command.append(str(seeds))
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, errors="replace",
                              env={**os.environ, "ASAN_OPTIONS": "allocator_may_return_null=1"})
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    coverage = [int(n) for n in re.findall(r"cov: (\d+)", done.stderr)]
    return done.returncode, coverage[0] if coverage else 0, coverage[-1] if coverage else 0, done.stderr


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only")
    parser.add_argument("--check-growth", action="store_true")
    args = parser.parse_args()
    if not build():
        return 1
    bad = 0
    targets = sorted((ROOT / "build-fuzz/fuzz").glob("fuzz_*"))
    for target in targets:
        if args.only and target.name != f"fuzz_{args.only}":
            continue
        code, first, last, text = hunt(target, args.seconds)
        # the compiler's instrumentation must see the code: a target that reaches next to nothing is blind
        blind = args.check_growth and (last <= first and last < 200)
        verdict = "CRASH" if code != 0 else "BLIND" if blind else "ok"
        print(f"{target.name:24} coverage {first:5} -> {last:5}  {verdict}", flush=True)
        if verdict != "ok":
            bad += 1
            print(text[-3000:])
    print(f"{len(targets)} fuzz targets, {bad} bad")
    return 1 if bad or not targets else 0


if __name__ == "__main__":
    sys.exit(main())
