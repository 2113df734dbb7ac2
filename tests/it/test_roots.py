"""The three roots of every cut's entry, made again by `atalaya verify`: whatever the authority signs, a root that does not follow is found."""
import json
import shutil
import subprocess

import pytest

from log_night import LogNight, entries_of, resigned

CUTS = 4  # with the zero cut


@pytest.fixture(scope="module")
def night(tmp_path_factory, bin_dir):
    """Actas, a correction and a record held come between what each cut covers and its own entry."""
    night = LogNight(tmp_path_factory.mktemp("roots") / "n", bin_dir)
    try:
        night.start("--package", "60")
        night.until_proven(0)
        for at in (0, 60, 120):
            first = [night.add(at // 6 + i) for i in range(10)]
            night.add(at // 6, seed=3, version=2, previous=first[0], reason="captura")
            night.add(5, key=f"FC-0123456789abc{at:03}", stated="090001C0100A02")
            assert night.cut(at).startswith("ok "), night.log()
        night.until_proven(3)
    finally:
        night.close()
    return night


def verify(bin_dir, where, *args):
    done = subprocess.run([bin_dir / "atalaya-verify", where, "--json", *args], capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def test_clean(night, bin_dir):
    code, report = verify(bin_dir, night.dir)
    assert (code, report["findings"]) == (0, []) and report["roots"] == CUTS


@pytest.mark.sanitize
@pytest.mark.parametrize("cut", [0, 2, 3])
@pytest.mark.parametrize("name", ["state-root", "totals-root", "files-root"])
def test_a_root_that_does_not_follow(night, bin_dir, tmp_path, cut, name):
    """The log is signed anew, so that nothing but the root itself is wrong in it."""
    shutil.copytree(night.dir / "public", tmp_path / "tree")
    log = tmp_path / "tree/log"
    entries = []
    for path in sorted((log / "tile/entries").rglob("*"), key=lambda p: int(p.name) if p.name.isdigit() else -1):
        entries = entries_of(path) if path.is_file() else entries  # one bundle, the fullest last
    at = next(i for i, e in enumerate(entries) if e.startswith(b"prep-cut/v1\nnumber %d\n" % cut))
    lines = entries[at].split(b"\n")
    root = next(i for i, line in enumerate(lines) if line.startswith(name.encode()))
    lines[root] = lines[root][:-1] + (b"0" if lines[root][-1:] != b"0" else b"1")
    resigned(night, log, entries[:at] + [b"\n".join(lines)] + entries[at + 1:])
    code, report = verify(bin_dir, tmp_path / "tree")
    found = [f for f in report["findings"] if f["rule"] == "root"]
    assert code == 1 and len(found) == 1 and f"cut {cut} states {name} " in found[0]["sentence"], report["findings"]
    code, report = verify(bin_dir, tmp_path / "tree", "--recount")
    assert code == 1
    assert ("root" in {f["rule"] for f in report["findings"]}) == (cut == 3)
