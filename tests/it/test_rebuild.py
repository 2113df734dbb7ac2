"""atalaya rebuild: the last cut from the log alone, byte for byte, and a clear sentence for every log that is not whole."""
import json
import os
import shutil
import struct
import subprocess

import pytest

from log_night import LogNight, entries_of, resigned
from night_ledger import tree

ACTAS = 30


@pytest.fixture(scope="module")
def night(tmp_path_factory, bin_dir):
    """Three cuts with corrections and an acta out of the catalogue; the second names the package of the first, the last its own."""
    night = LogNight(tmp_path_factory.mktemp("rebuild") / "n", bin_dir)
    try:
        night.start("--package", "60")
        for at in (0, 60, 120):
            first = [night.add(at // 6 + i) for i in range(10)]
            night.add(at // 6, seed=3, version=2, previous=first[0], reason="captura")
            night.add(5, key=f"FC-0123456789abc{at:03}", stated="090001C0100A02")
            if at == 60:
                night.until_proven(1)
                shutil.copytree(night.dir / "public/log", night.dir / "log-of-cut-1")
            if at == 120:
                assert night.ask("close prueba").startswith("ok")
            assert night.cut(at).startswith("ok "), night.log()
        night.until_proven(3)
        yield night
    finally:
        night.close()


@pytest.fixture
def log(night, tmp_path):
    shutil.copytree(night.dir / "public/log", tmp_path / "log")
    return tmp_path / "log"


def rebuild(bin_dir, log, out, *args, env=None):
    done = subprocess.run([bin_dir / "atalaya-rebuild", log, out, "--json", *args], capture_output=True, text=True,
                          env={**os.environ, **(env or {})})
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def published(night, cut):
    """What the published tree has of a cut, without what only a signer or the intake makes."""
    files = tree(night.dir / "public")
    return {p: d for p, d in files.items() if not p.startswith(("log/", "acta/", "chunk/"))
            and (not p.startswith("cut/") or p.startswith(f"cut/{cut}/")) and "manifest" not in p}


@pytest.mark.sanitize
def test_byte_for_byte(night, bin_dir, log, tmp_path):
    out = tmp_path / "out"
    manifest = night.dir / "public/cut/3/manifest"
    code, said = rebuild(bin_dir, log, out)
    assert code == 0 and said["verdict"] == "rebuilt" and said["cut"] == 3 and said["same_manifest"] and not said["signed"]
    made, must = tree(out), published(night, 3)
    packages = {p for p in must if p.startswith("package/") and not p.startswith("package/3/")}
    assert [p for p in must if p not in packages and made.get(p) != must[p]] == []
    chunks = {p: d for p, d in made.items() if p.startswith("chunk/")}
    assert chunks and all((night.dir / "public" / p).read_bytes() == d for p, d in chunks.items())
    strange = {p for p in made if p not in must and p not in chunks and not p.startswith("log/tile/")}
    assert strange == {"cut/3/manifest"}
    assert made["cut/3/manifest"] == manifest.read_bytes().split(b"\n\n\xe2\x80\x94")[0] + b"\n"
    assert not (out / ".rebuild").exists()
    # the log alone: the same from a tree, under another zone and locale, and with the signature
    text = subprocess.run([bin_dir / "atalaya", "rebuild", night.dir, tmp_path / "ñ x", "--manifest", manifest], cwd="/",
                          capture_output=True, text=True, env={**os.environ, "TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8"})
    assert text.returncode == 0 and "solo desde el registro" in text.stdout, text.stderr
    again = tree(tmp_path / "ñ x")
    assert again["cut/3/manifest"] == manifest.read_bytes()
    assert again["cut/3/manifest.minisig"] == (night.dir / "public/cut/3/manifest.minisig").read_bytes()
    assert {p: d for p, d in again.items() if "cut/3/manifest" not in p} == {p: d for p, d in made.items() if p != "cut/3/manifest"}


def test_an_older_log(night, bin_dir, tmp_path):
    """A copy from the middle of the night gives the cut that was the last one then, and the package that it names."""
    code, said = rebuild(bin_dir, night.dir / "log-of-cut-1", tmp_path / "out")
    assert code == 0 and said["cut"] == 1 and said["same_manifest"]
    made = tree(tmp_path / "out")
    assert [p for p, d in tree(night.dir / "public/cut/1").items() if "manifest" not in p and made[f"cut/1/{p}"] != d] == []


def bundle(log):
    return max((log / "tile/entries/000.p").iterdir(), key=lambda p: int(p.name))


def rewrite(log, change):
    path = bundle(log)
    path.write_bytes(b"".join(struct.pack(">H", len(e)) + e for e in change(entries_of(path))))


def without_a_file(entries):
    return [e for e in entries if not (e.startswith(b"prep-file/v1") and b"name actas.csv" in e)]


def other_votes(entries):
    return [e.replace(b"computed ", b"computed 1", 1) if e.startswith(b"prep-acta/v1") else e for e in entries]


def last_cut(entries, change):
    at = max(i for i, e in enumerate(entries) if e.startswith(b"prep-cut/v1"))
    return entries[:at] + [change(entries[at])] + entries[at + 1:]


def other_root(name):
    def change(entry):
        lines = entry.split(b"\n")
        at = next(i for i, line in enumerate(lines) if line.startswith(name))
        lines[at] = name + b" " + b"0" * 64
        return b"\n".join(lines)
    return lambda entries: last_cut(entries, change)


# What was done to the copy, the exit code, and a word of the sentence.
BROKEN = {
    "bundle-cut-short": (lambda night, log: bundle(log).write_bytes(bundle(log).read_bytes()[:-40]), 1, "ends after"),
    "bundle-missing": (lambda night, log: bundle(log).unlink(), 1, "it is not there"),
    "bundle-empty": (lambda night, log: bundle(log).write_bytes(b""), 1, "ends after 0"),
    "flipped": (lambda night, log: rewrite(log, lambda e: [x.replace(b"votes 1", b"votes 2", 1) for x in e]), 1, "root"),
    "entry-left-out": (lambda night, log: rewrite(log, lambda e: e[:20] + e[21:] + e[-1:]), 1, "root"),
    "no-entry-at-all": (lambda night, log: rewrite(log, lambda e: [b"hello\n"] + e[1:]), 1, "entry 0"),
    "foreign-root": (lambda night, log: (log / "checkpoint").write_text(
        (log / "checkpoint").read_text().replace("\n", "\n1", 1)), 1, "signature"),
    "no-note": (lambda night, log: (log / "checkpoint").write_text("hello\n"), 1, "not a signed note"),
    "no-checkpoint": (lambda night, log: (log / "checkpoint").unlink(), 2, "no log"),
    "no-cut-yet": (lambda night, log: resigned(night, log, entries_of(bundle(log))[:12]), 1, "no cut yet"),
    "definition-incomplete": (lambda night, log: resigned(night, log, without_a_file(entries_of(bundle(log)))), 1,
                              "actas.csv"),
    "no-opening": (lambda night, log: resigned(night, log, entries_of(bundle(log))[9:]), 1, "opening"),
    "files-root": (lambda night, log: resigned(night, log, other_root(b"files-root")(entries_of(bundle(log)))), 1, "files-root"),
    "state-root": (lambda night, log: resigned(night, log, other_root(b"state-root")(entries_of(bundle(log)))), 1, "state-root"),
    "totals-root": (lambda night, log: resigned(night, log, other_root(b"totals-root")(entries_of(bundle(log)))), 1, "totals-root"),
    "other-actas": (lambda night, log: resigned(night, log, other_votes(entries_of(bundle(log)))), 1, "root"),
}


@pytest.mark.sanitize
@pytest.mark.parametrize("case", BROKEN)
def test_broken_logs(night, bin_dir, log, tmp_path, case):
    change, exit_code, word = BROKEN[case]
    change(night, log)
    code, said = rebuild(bin_dir, log, tmp_path / "out")
    assert code == exit_code, said
    assert word in (said["finding"] if code == 1 else said), said
    assert not (tmp_path / "out/cut/3").exists() and not (tmp_path / "out/.rebuild").exists()


def test_pins_and_places(night, bin_dir, log, tmp_path):
    pinned = tmp_path / "key"
    pinned.write_bytes((log / "vkey").read_bytes())
    code, said = rebuild(bin_dir, log, tmp_path / "one", "--policy", pinned)
    assert code == 0 and said["pinned"]
    pinned.write_bytes((night.dir / "public/log/cut.vkey").read_bytes())
    code, said = rebuild(bin_dir, log, tmp_path / "two", "--policy", pinned)
    assert code == 1 and "finding" in said
    assert rebuild(bin_dir, log, tmp_path / "two", "--policy", tmp_path / "none")[0] == 2
    code, said = rebuild(bin_dir, log, tmp_path / "one")  # not empty any more
    assert code == 2 and "empty" in said
    assert rebuild(bin_dir, log, "/proc/none/out")[0] == 2  # nowhere to write: the log is not to blame
    code, said = rebuild(bin_dir, log, tmp_path / "three", "--manifest", night.dir / "public/cut/2/manifest")
    assert code == 1 and "not the manifest of cut 3" in said["finding"]
    (log / "vkey").unlink()  # nobody's key: still the log that it is
    assert rebuild(bin_dir, log, tmp_path / "four")[0] == 0
