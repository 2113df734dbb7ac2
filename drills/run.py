#!/usr/bin/env python3
"""Every drill of this folder at full size, one after the other: hypothesis, bounds, figures, verdict.

    drills/run.py [NAME …]

Loopback only; each ends by itself. Figures go to build/drills/NAME.json. The exit code says whether all hold."""
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable


def main():
    names = sys.argv[1:] or sorted(p.stem for p in HERE.glob("*.py") if p.stem != "run" and not p.stem.endswith("_kit"))
    out = ROOT / "build" / "drills"
    out.mkdir(parents=True, exist_ok=True)
    failed = []
    for name in names:
        print(f"\n== {name}", flush=True)
        if subprocess.run([PYTHON, str(HERE / f"{name}.py"), "--json", str(out / f"{name}.json")], cwd=ROOT).returncode != 0:
            failed.append(name)
    if failed:
        print(f"\nno pasaron / did not hold: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
