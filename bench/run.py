#!/usr/bin/env python3
"""Every benchmark of this folder, one after the other, each beside its peer or its stated floor in the same run.

    bench/run.py [NAME …]

Tables go to the terminal, figures to build/bench/NAME.json. Ratios count, not seconds: the machine is shared with whatever
else runs on it. The exit code says whether a benchmark could not be run, never whether it was fast."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
BY_NAME_ONLY = {"night_disk"}  # half an hour
PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable


def main():
    known = sorted(p.stem for p in HERE.glob("*.py") if p.stem != "run")
    names = sys.argv[1:] or [name for name in known if name not in BY_NAME_ONLY]
    if not set(names) <= set(known):
        print(f"{__doc__}\n{' '.join(known)}", file=sys.stderr)
        return 2
    out = ROOT / "build" / "bench"
    out.mkdir(parents=True, exist_ok=True)
    broken = []
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    for name in names:
        print(f"\n== {name}", flush=True)
        done = subprocess.run([PYTHON, str(HERE / f"{name}.py"), "--json", str(out / f"{name}.json")], cwd=ROOT)
        if done.returncode != 0:
            broken.append(name)
    if broken:
        print(f"\nno se pudo / could not be run: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
