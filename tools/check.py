#!/usr/bin/env python3
"""Runs every test of the house, step by step, and ends in one line: N passed, N failed.

    tools/check.py                 everything but what runs by name only
    tools/check.py unit web        only these steps
    tools/check.py --list          what steps there are

Each step is a function that returns (passed, failed). A step that breaks counts as one failure and the rest goes on.
Logs of steps lie in build/check/.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "check"
PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
SANITIZER_ENV = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99",
                 "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}


def run(name, command, env=None, cwd=ROOT):
    """Runs a command, its output into build/check/NAME.log; returns (exit code, output)."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.log"
    with open(log, "wb") as out:
        done = subprocess.run(command, cwd=cwd, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              env={**os.environ, **(env or {})})
    text = log.read_text(errors="replace")
    return done.returncode, text


def tail(text, lines=40):
    print("\n".join("    " + line for line in text.splitlines()[-lines:]), flush=True)


def one(name, command, **more):
    """A step that is one test: its exit code."""
    code, text = run(name, command, **more)
    if code != 0:
        tail(text)
    return (1, 0) if code == 0 else (0, 1)


def build(preset):
    for command in (["cmake", "--preset", preset], ["cmake", "--build", "--preset", preset]):
        code, text = run(f"build-{preset}", command)
        if code != 0:
            tail(text)
            return False
    return True


def ctest(preset, folder, env=None):
    if not build(preset):
        return 0, 1
    code, text = run(f"unit-{preset}", ["ctest", "--test-dir", folder, "-j2", "--output-on-failure"], env)
    found = re.search(r"(\d+) tests? failed out of (\d+)", text)
    if not found:
        tail(text)
        return 0, 1
    failed, total = int(found[1]), int(found[2])
    if code != 0:
        tail(text)
    return total - failed, max(failed, 1 if code != 0 else 0)


def pytest(name, env, marks):
    code, text = run(name, [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", marks, "tests/it"], env)
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|error|errors|skipped)", text[-2000:])}
    failed = counts.get("failed", 0) + counts.get("error", 0) + counts.get("errors", 0)
    if code not in (0, 5) or failed:
        tail(text, 80)
        failed = max(failed, 1)
    if counts.get("skipped"):
        print(f"    {counts['skipped']} skipped, see {LOGS.relative_to(ROOT)}/{name}.log", flush=True)
    return counts.get("passed", 0), failed


def step_unit():
    """units, release"""
    return ctest("release", "build")


def step_sanitize():
    """units under ASan and UBSan"""
    return ctest("sanitize", "build-san", SANITIZER_ENV)


def step_house():
    """the floors are refused when they are broken; programs are reproducible"""
    return one("house", [PYTHON, "tests/house/test_house.py"])


def step_format():
    """clang-format"""
    files = [f for f in subprocess.check_output(["git", "ls-files", "*.c", "*.h"], cwd=ROOT, text=True).split()]
    return one("format", ["clang-format", "--dry-run", "--Werror", *files])


def tidy(name, *more):
    """clang-tidy over everything we compile; the checks and what is off stand in .clang-tidy."""
    return one(name, ["run-clang-tidy", "-quiet", "-j2", "-p", "build", *more, "/src/"])


def step_lint():
    """cppcheck, clang-tidy without its path-sensitive analyzer, and flake8's errors in what is written in Python"""
    if not build("release"):
        return 0, 1
    passed, failed = one("cppcheck", [
        "cppcheck", "-q", "-j2", "--enable=warning,portability,performance", "--inline-suppr", "--std=c11",
        "--error-exitcode=1", "--suppressions-list=tools/cppcheck.txt", "-Isrc", "-D_GNU_SOURCE",
        "-DATALAYA_VERSION=\"x\"", "src"])
    fixtures = "F811"  # a test's argument has the name of the fixture that it imports
    for more in (tidy("tidy", "-checks=-clang-analyzer-*"),
                 one("flake8", ["flake8", "--isolated", "--select", "E9,F", "--extend-ignore", fixtures, "bench", "drills", "tests", "tools"])):
        passed, failed = passed + more[0], failed + more[1]
    return passed, failed


def step_analyze():
    """clang-tidy with its path-sensitive analyzer: minutes; run by name, `make lint`"""
    return tidy("analyze") if build("release") else (0, 1)


def step_fuzz():
    """fuzz targets: seeds and the same 10,000 mutations each time run clean, coverage grows"""
    return one("fuzz", [PYTHON, "tools/fuzz.py", "--runs", "10000", "--check-growth"])


def step_undefined():
    """units under clang's ASan and UBSan, which sees more of pointers than gcc's"""
    return ctest("fuzz", "build-fuzz", SANITIZER_ENV)


def step_docs():
    """manual pages, links, words that do not belong here"""
    return one("docs", [PYTHON, "tests/house/test_docs.py"])


def step_it():
    """the real programs on loopback"""
    if not build("release"):
        return 0, 1
    return pytest("it", {"ATALAYA_BIN_DIR": str(ROOT / "build/bin")}, "not slow")


def step_it_sanitize():
    """the real programs, sanitized: the tests that feed them hostile input"""
    if not build("sanitize"):
        return 0, 1
    return pytest("it-san", {"ATALAYA_BIN_DIR": str(ROOT / "build-san/bin"), **SANITIZER_ENV}, "sanitize and not slow")


def step_web():
    """Chromium on a night's site: figures, phone and desktop, axe"""
    if not build("release"):
        return 0, 1
    code, text = run("web", ["tests/web/run.sh"], {"ATALAYA_BIN_DIR": str(ROOT / "build/bin")})
    counts = {word: int(n) for word, n in re.findall(r"^# (pass|fail) (\d+)", text, re.M)}
    if code != 0:
        tail(text, 60)
    return counts.get("pass", 0), max(counts.get("fail", 0), 1 if code != 0 else 0)


def step_slow():
    """the long tests over the real programs: many minutes; run by name, `make check-slow`"""
    if not build("release"):
        return 0, 1
    return pytest("slow", {"ATALAYA_BIN_DIR": str(ROOT / "build/bin")}, "slow")


STEPS = [("unit", step_unit), ("sanitize", step_sanitize), ("house", step_house), ("format", step_format),
         ("docs", step_docs), ("lint", step_lint), ("fuzz", step_fuzz),
         ("undefined", step_undefined), ("it", step_it),
         ("it-sanitize", step_it_sanitize), ("web", step_web), ("analyze", step_analyze),
         ("slow", step_slow)]
BY_NAME_ONLY = {"analyze", "slow"}


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("steps", nargs="*", metavar="STEP", help="only these")
    asked.add_argument("--list", action="store_true", help="what steps there are")
    asked = asked.parse_args()
    if asked.list:
        for name, step in STEPS:
            print(f"{name:12} {step.__doc__}")
        return 0
    names = asked.steps
    unknown = set(names) - {n for n, _ in STEPS}
    if unknown:
        print(f"no such step: {', '.join(sorted(unknown))}; tools/check.py --list", file=sys.stderr)
        return 2
    shutil.rmtree(LOGS, ignore_errors=True)
    passed = failed = 0
    for name, step in STEPS:
        if name not in names if names else name in BY_NAME_ONLY:
            continue
        start = time.monotonic()
        print(f"{name}: {step.__doc__} ...", flush=True)
        try:
            ok, bad = step()
        except Exception as problem:  # a broken step is a failure with a name, not the end
            print(f"    {problem!r}")
            ok, bad = 0, 1
        passed += ok
        failed += bad
        print(f"{name}: {ok} ok, {bad} bad, {time.monotonic() - start:.0f} s", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
