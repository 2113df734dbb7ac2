#!/usr/bin/env python3
"""atalaya check-csv beside Python's csv module merely reading the same file, whole processes, in the same run.

    bench/check_csv.py [--json OUT] [--runs N]

It takes the real drill from ../shared (or ATALAYA_SHARED), or makes an invented database of 13,500 rows. Prints a
table, writes JSON. Each program is run in turn, N times. Least times count, for what else the machine does only adds, and medians
too. On a busy machine `chrt -f 20 bench/check_csv.py` (root) gives all of them the processors before anybody else.
"""
import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(os.environ.get("ATALAYA_BIN_DIR", ROOT / "build" / "bin"))
READER = ("import csv, sys\n"
          "with open(sys.argv[1], newline='', encoding='utf-8', errors='replace') as f:\n"
          "    for row in csv.reader(f):\n"
          "        pass\n")
DRILL = "data/simulacro2024/20240512_2120_PREP_GUB_CDMX.zip"


def invented(folder):
    sys.path.insert(0, str(ROOT / "tests" / "oracle"))
    import prep_database
    rng = random.Random(1)
    path = folder / "invented.csv"
    path.write_bytes(prep_database.Database(rng, 13500).print(random.Random(3)))
    return path


def files(folder):
    """(plain CSV, the ZIP it came in)"""
    archive = Path(os.environ.get("ATALAYA_SHARED", ROOT.parent / "shared")) / DRILL
    if not archive.exists():
        print("the real drill is not here: an invented database of the same size")
        plain = invented(folder)
        archive = folder / "invented.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
            out.write(plain, "base.csv")
        return plain, archive
    with zipfile.ZipFile(archive) as inside:
        largest = max(inside.infolist(), key=lambda entry: entry.file_size)
        plain = folder / "drill.csv"
        plain.write_bytes(inside.read(largest))
    return plain, archive


def seconds(command, null):
    """From before the process is made until it is gone; spawned directly, for subprocess costs a millisecond of its own."""
    begin = time.perf_counter()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=[
        (os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)])
    os.waitpid(child, 0)
    return time.perf_counter() - begin


def measure(commands, runs):
    """All times of each, in turn: a slow moment of the machine meets them alike."""
    times = {name: [] for name in commands}
    null = os.open(os.devnull, os.O_WRONLY)
    for _ in range(runs):
        for name, command in commands.items():
            times[name].append(seconds(command, null))
    os.close(null)
    return times


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", default=None)
    parser.add_argument("--runs", type=int, default=25)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plain, archive = files(Path(folder))
        commands = {
            "python csv, reading": [sys.executable, "-S", "-c", READER, str(plain)],
            "python, starting": [sys.executable, "-S", "-c", "pass"],
            "check-csv, CSV": [str(BIN / "atalaya-check-csv"), "--json", str(plain)],
            "check-csv, ZIP": [str(BIN / "atalaya-check-csv"), "--json", str(archive)],
            "atalaya check-csv, CSV": [str(BIN / "atalaya"), "check-csv", "--json", str(plain)],
            "atalaya check-csv, ZIP": [str(BIN / "atalaya"), "check-csv", "--json", str(archive)],
        }
        times = measure(commands, options.runs)
        least = {name: min(all_times) for name, all_times in times.items()}
        median = {name: statistics.median(all_times) for name, all_times in times.items()}
        size = plain.stat().st_size
    base, middle = least["python csv, reading"], median["python csv, reading"]
    print("%-26s %9s %10s %10s %10s    (%d bytes, %d runs)" % ("", "least ms", "times", "median ms", "times", size, options.runs))
    for name, time_s in least.items():
        print("%-26s %9.2f %9.1fx %10.2f %9.1fx" % (name, time_s * 1000, base / time_s, median[name] * 1000,
                                                    middle / median[name]))
    bounds = {program + kind: bound for kind, bound in (("CSV", 12), ("ZIP", 5)) for program in ("check-csv, ", "atalaya check-csv, ")}
    held = {name: min(base / least[name], middle / median[name]) >= bound for name, bound in bounds.items()}
    for name, bound in bounds.items():
        print("%s: at least %d times, by the least times and by the medians: %s" % (name, bound, "held" if held[name] else "NOT HELD"))
    result = {"bench": "check_csv", "bytes": size, "runs": options.runs,
              "ms": {name: round(value * 1000, 3) for name, value in least.items()},
              "times": {name: round(base / value, 2) for name, value in least.items()},
              "median_ms": {name: round(value * 1000, 3) for name, value in median.items()},
              "median_times": {name: round(middle / value, 2) for name, value in median.items()},
              "bounds": {name: {"at_least": bounds[name], "held": held[name]} for name in bounds}}
    out = Path(options.json) if options.json else ROOT / "build" / "bench" / "check_csv.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n")
    return 0 if all(held.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
