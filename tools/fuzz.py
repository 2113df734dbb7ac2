#!/usr/bin/env python3
"""Runs every fuzz target: first its seeds, then mutations of them in a scratch folder.

    tools/fuzz.py --seconds 60 [--only csv]     a hunt, other mutations each time
    tools/fuzz.py --runs 20000 --check-growth   the same mutations each time, so that a check ends the same each time

A crash leaves its input in build-fuzz/crashes/ and exits 1. With --check-growth a target must reach at least half as
much again as an empty input does; one that does not is blind to what it feeds, and that is a failure too.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def build():
    for command in (["cmake", "--preset", "fuzz"], ["cmake", "--build", "--preset", "fuzz"]):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            print((done.stdout + done.stderr)[-4000:])
            return False
    return True


def fuzz(target, scratch, *options):
    """Runs a target in a scratch folder; returns (exit code, coverage figures it printed, output)."""
    done = subprocess.run([str(target), "-timeout=10", "-rss_limit_mb=2048", *map(str, options)], cwd=scratch,
                          capture_output=True, text=True, errors="replace",
                          env={**os.environ, "ASAN_OPTIONS": "allocator_may_return_null=1"})
    return done.returncode, [int(n) for n in re.findall(r"cov: (\d+)", done.stderr)], done.stderr


def hunt(target, bounds):
    """Returns (exit code, coverage of the empty input, coverage at the end, output)."""
    name = target.name.removeprefix("fuzz_")
    seeds = ROOT / "tests/fuzz/corpus" / name
    crashes = ROOT / "build-fuzz/crashes"
    crashes.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    try:
        (scratch / "empty").mkdir()
        (scratch / "found").mkdir()
        _, start, _ = fuzz(target, scratch, "-runs=0", scratch / "empty")
        code, grown, text = fuzz(target, scratch, *bounds, f"-artifact_prefix={crashes}/{name}-",
                                 "-print_final_stats=1", scratch / "found", *([seeds] if seeds.is_dir() else []))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return code, start[-1] if start else 0, grown[-1] if grown else 0, text


def main():
    parser = argparse.ArgumentParser()
    bound = parser.add_mutually_exclusive_group()
    bound.add_argument("--seconds", type=int, default=60)
    bound.add_argument("--runs", type=int)
    parser.add_argument("--only")
    parser.add_argument("--check-growth", action="store_true")
    args = parser.parse_args()
    if not build():
        return 1
    bounds = ["-seed=1", f"-runs={args.runs}"] if args.runs else [f"-max_total_time={args.seconds}"]
    bad = 0
    targets = sorted((ROOT / "build-fuzz/fuzz").glob("fuzz_*"))
    if args.only:
        targets = [t for t in targets if t.name == f"fuzz_{args.only}"]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for target, (code, first, last, text) in zip(targets, pool.map(lambda t: hunt(t, bounds), targets)):
            blind = args.check_growth and last * 2 < first * 3
            verdict = "CRASH" if code != 0 else "BLIND" if blind else "ok"
            print(f"{target.name:24} coverage {first:5} -> {last:5}  {verdict}", flush=True)
            if verdict != "ok":
                bad += 1
                print(text[-3000:])
    print(f"{len(targets)} fuzz targets, {bad} bad")
    return 1 if bad or not targets else 0


if __name__ == "__main__":
    sys.exit(main())
