#!/usr/bin/env python3
"""Which lines the fuzz targets reach: their seeds, then a hunt of some seconds, measured by clang's source coverage.

    tools/coverage.py [--seconds 30] [--json FILE]

Prints a row for each family of parsers and one for each of its files; exits 1 when a family stays below its share."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build-cov"

# family, targets, sources, least share of lines in percent
FAMILIES = [
    ("HTTP/1 parser", ["http1", "edge", "server"], ["wire/http1_head.c", "wire/http1_host.c", "wire/http1_request.c", "wire/http1_text.c", "wire/http1_chunked.c"], 90),
    ("HTTP/2 frames and HPACK", ["hpack", "server"], ["wire/h2_frame.c", "wire/hpack.c", "wire/hpack_huffman.c"], 90),
    ("HTTP/2 glue", ["server"], ["edge/h2_frames.c", "edge/h2_request.c"], 90),
    ("PROXY v2", ["proxy"], ["wire/proxy.c"], 90),
    ("manifest", ["manifest"], ["doors/manifest.c"], 90),
    ("hits", ["hits"], ["doors/hits_parse.c"], 90),
    ("configuration", ["election"], ["formats/election_ini.c", "formats/election_field.c", "formats/election_contest.c", "formats/election_place.c"], 90),
    ("night.ini (the rest of its file opens doors)", ["night"], ["night/settings.c"], 50),
]


def tool(name):
    found = shutil.which(name) or shutil.which(f"{name}-14") or f"/usr/lib/llvm-14/bin/{name}"
    if not Path(found).exists():
        sys.exit(f"coverage: {name} is not installed")
    return found


def build(targets):
    for command in (["cmake", "--preset", "coverage"], ["cmake", "--build", "--preset", "coverage", "--target", *(f"fuzz_{t}" for t in targets)]):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit((done.stdout + done.stderr)[-4000:])


def hunt(target, seconds, folder):
    seeds = ROOT / "tests/fuzz/corpus" / target
    found = folder / target
    found.mkdir()
    done = subprocess.run([BUILD / "fuzz" / f"fuzz_{target}", "-timeout=10", "-rss_limit_mb=2048", "-seed=1", f"-max_total_time={seconds}", found,
                           *([seeds] if seeds.is_dir() else [])], cwd=folder, capture_output=True, text=True, errors="replace",
                          env={**os.environ, "LLVM_PROFILE_FILE": str(folder / f"{target}.profraw")})
    if done.returncode != 0:
        sys.exit(f"fuzz_{target} found something:\n{done.stderr[-3000:]}")


def lines_of(profile, targets):
    """{source below src/: (lines, reached)}"""
    objects = [str(BUILD / "fuzz" / f"fuzz_{t}") for t in targets]
    text = subprocess.run([tool("llvm-cov"), "export", "-summary-only", f"-instr-profile={profile}", objects[0], *(f"-object={o}" for o in objects[1:])],
                          capture_output=True, text=True, check=True).stdout
    return {f["filename"].split("/src/", 1)[-1]: (f["summary"]["lines"]["count"], f["summary"]["lines"]["covered"]) for f in json.loads(text)["data"][0]["files"]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    targets = sorted({t for _, some, _, _ in FAMILIES for t in some})
    build(targets)
    folder = Path(tempfile.mkdtemp(prefix="coverage-"))
    rows, bad = [], 0
    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda t: hunt(t, args.seconds, folder), targets))
        for family, some, sources, least in FAMILIES:
            profile = folder / "of-a-family.profdata"
            subprocess.run([tool("llvm-profdata"), "merge", "-sparse", *(str(folder / f"{t}.profraw") for t in some), "-o", str(profile)], check=True)
            lines = lines_of(profile, some)
            of = {s: lines.get(s, (1, 0)) for s in sources}
            share = 100 * sum(r for _, r in of.values()) / sum(n for n, _ in of.values())
            bad += share < least
            rows.append({"family": family, "share": round(share, 1), "least": least, "files": {s: round(100 * r / n, 1) for s, (n, r) in of.items()}})
            print(f"{'ok ' if share >= least else 'NO '} {family:44} {share:5.1f} % of lines (≥ {least})", flush=True)
            for source, (n, r) in of.items():
                print(f"      {source:30} {100 * r / n:5.1f} %  {r} of {n}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
