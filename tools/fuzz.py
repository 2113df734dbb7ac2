#!/usr/bin/env python3
"""Runs every fuzz target: first its seeds, then mutations of them in a scratch folder.

    tools/fuzz.py --seconds 60 [--only csv]     a hunt, other mutations each time
    tools/fuzz.py --runs 20000 --check-growth   the same mutations each time and everywhere, so that a check ends the same
    tools/fuzz.py --runs 20000 --twice          runs each target twice and compares: is that so?

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


def same_each_time(runs, seeds, scratch):
    """Options that take from a run what differs from one machine, or one start, to the next: the order in which a folder
    names its files, a look at the clock before the output folder is read again, and what is learnt from comparisons,
    among which are those of addresses."""
    folder = scratch / "seeds"
    folder.mkdir()
    names = sorted(seeds.iterdir()) if seeds.is_dir() else []
    for n, seed in enumerate(names):
        shutil.copyfile(seed, folder / str(n))  # a name may have a comma, which parts them in the list
    (scratch / "list").write_text(",".join(f"seeds/{n}" for n in range(len(names))))
    return ["-seed=1", f"-runs={runs}", "-use_cmp=0", "-reload=0", *(["-seed_inputs=@list"] if names else [])]


def hunt(target, seconds, runs):
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
        how = same_each_time(runs, seeds, scratch) if runs else [
            f"-max_total_time={seconds}", scratch / "found", *([seeds] if seeds.is_dir() else [])]
        code, grown, text = fuzz(target, scratch, f"-artifact_prefix={crashes}/{name}-", "-print_final_stats=1", *how)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return code, start[-1] if start else 0, grown[-1] if grown else 0, text


def story(text):
    """What a run came upon, in order, without its speed and memory: so much did it cover after so many runs."""
    return re.findall(r"^#(\d+)\s+([A-Z]+)\s+cov: (\d+) ft: (\d+) corp: (\d+)", text, re.M)


def main():
    parser = argparse.ArgumentParser()
    bound = parser.add_mutually_exclusive_group()
    bound.add_argument("--seconds", type=int, default=60)
    bound.add_argument("--runs", type=int)
    parser.add_argument("--only")
    parser.add_argument("--check-growth", action="store_true")
    parser.add_argument("--twice", action="store_true")
    args = parser.parse_args()
    if args.twice and not args.runs:
        parser.error("--twice goes with --runs")
    if not build():
        return 1
    bad = 0
    targets = sorted((ROOT / "build-fuzz/fuzz").glob("fuzz_*"))
    if args.only:
        targets = [t for t in targets if t.name == f"fuzz_{args.only}"]

    def once(target):
        return hunt(target, args.seconds, args.runs)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for target, (code, first, last, text) in zip(targets, pool.map(once, targets)):
            blind = args.check_growth and last * 2 < first * 3
            other = args.twice and story(text) != story(once(target)[3])
            verdict = "CRASH" if code != 0 else "BLIND" if blind else "OTHERWISE" if other else "ok"
            print(f"{target.name:24} coverage {first:5} -> {last:5}  {verdict}", flush=True)
            if verdict != "ok":
                bad += 1
                print(text[-3000:])
    print(f"{len(targets)} fuzz targets, {bad} bad")
    return 1 if bad or not targets else 0


if __name__ == "__main__":
    sys.exit(main())
