"""The power goes at each step of a cut, over a disk that forgets what was not synced: what was published stays whole, an
edge that starts in that moment shows one cut and not two, and the cut comes back."""
import hashlib
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import wait_for
from night_ledger import Night, iso, tree

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "shim"))
from crash import Disk  # noqa: E402

STEPS = ["built", "checked", "synced", "appended", "signed", "placed", "entered", "published"]
# None: nothing that was not synced is there. A seed: some of it is, by name and by block.
QUICK = [("placed", None), ("entered", None), ("published", None), ("entered", 1)]
LOSSES = [pytest.param(step, seed, marks=[] if (step, seed) in QUICK else [pytest.mark.slow])
          for step in STEPS for seed in (None, 1, 2, 3)]
ENTRIES = ["", "jg/"]


def latest(night):
    return json.loads((night.dir / "public/latest.json").read_text())


def verify(night):
    night.sign()
    done = subprocess.run([night.bin / "atalaya-verify", night.dir, "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def begin(night, env):
    night.start(env=env)
    wait_for(lambda: (night.dir / "public/latest.json").exists(), say=night.log)
    for number in range(20):
        night.add(number)
    assert night.cut(0).startswith("ok 1 ")
    wait_for(lambda: night.status().get("package") == "1", say=night.log)
    for number in range(20, 30):
        night.add(number)


def listed(folder, number):
    """{path: sha256} of a cut's manifest."""
    text = (folder / f"cut/{number}/manifest").read_text()
    rows = [line.split(" ", 2) for line in text[:text.rindex("\n\n") + 1].splitlines()]
    return {row[2]: row[0] for row in rows if len(row) == 3 and len(row[0]) == 64}


@pytest.fixture(scope="module")
def calm(bin_dir, tmp_path_factory):
    """The published tree of a night whose power stays on."""
    night = Night(tmp_path_factory.mktemp("calm") / "night", bin_dir)
    try:
        begin(night, {})
        assert night.cut(60).startswith("ok 2 ")
        yield tree(night.dir / "public")
    finally:
        night.close()


def check_edge(night, start, get, number):
    """An edge that starts now shows cut `number`, its entry pages too."""
    vkey = night.dir / "edge.vkey"
    if not vkey.exists():
        vkey.write_bytes((night.dir / "public/log/cut.vkey").read_bytes())
    status = night.dir / "run/status/edge"
    running = start("atalaya-edge", "--listen", "127.0.0.1:0", "--tree", night.dir / "public", "--role", "results",
                    "--name", "uno", "--status", status, "--program", "results", "--vkey", vkey.read_text().strip())
    port = int(wait_for(lambda: re.search(r"http://127\.0\.0\.1:(\d+)/", running.text()), say=running.text).group(1))
    wait_for(lambda: get(port, "/latest.json")[0] == 200, say=running.text)
    assert json.loads(get(port, "/latest.json")[2])["cut"] == number
    manifest = listed(night.dir / "public", number)
    for entry in ENTRIES:
        code, _, body = get(port, f"/{entry}")
        assert code == 200 and hashlib.sha256(body).hexdigest() == manifest[f"{entry}index.html"], entry
    running.stop()


@pytest.mark.parametrize("step,seed", LOSSES)
def test_the_power_goes_at_a_step(tmp_path, bin_dir, start, get, calm, step, seed):
    night = Night(tmp_path / "night", bin_dir)
    try:
        (night.dir / "public").mkdir()
        disk = Disk(night.dir / "public", bin_dir.parent / "tests" / "libatalaya_shim.so")
        begin(night, disk.env())
        night.stop()
        night.start("--crash-at", step, env=disk.env())
        night.set_clock(60)
        with pytest.raises(AssertionError):
            night.ask(f"cut {iso(60)}", 20)
        assert night.cut_process.wait(20) != 0
        disk.crash(None if seed is None else random.Random(seed))
        shown = latest(night)["cut"]
        assert shown == (2 if step == "published" else 1)
        for path, digest in listed(night.dir / "public", shown).items():
            if path.startswith(f"cut/{shown}/") or path.startswith("chunk/") or path.startswith("a/"):
                assert hashlib.sha256((night.dir / "public" / path).read_bytes()).hexdigest() == digest, path
        check_edge(night, start, get, shown)
        night.start(env=disk.env())
        if step in ("built", "checked", "synced"):
            assert night.cut(60).startswith("ok 2 ")
        wait_for(lambda: latest(night)["cut"] == 2, say=night.log)
        verify(night)
        found = tree(night.dir / "public")
        assert {"cut/0/manifest", "cut/0/index.html", "cut/1/index.html"} <= set(found)
        if step not in ("built", "checked"):  # what was not named by an entry yet may be made otherwise
            made = {path for path in calm if path.startswith("cut/2/")}
            assert {path for path in found if path.startswith("cut/2/")} == made
            assert [path for path in made if found[path] != calm[path]] == []
        check_edge(night, start, get, 2)
    finally:
        night.close()


def test_entry_pages_of_two_cuts(tmp_path, bin_dir, start, get):
    """Whatever stands at the root, an edge shows the pages of the cut that latest.json points to."""
    night = Night(tmp_path / "night", bin_dir)
    try:
        begin(night, {})
        pages = {entry: (night.dir / f"public/{entry}index.html").read_bytes() for entry in ENTRIES}
        assert night.cut(60).startswith("ok 2 ")
        night.stop()
        (night.dir / "public/index.html").write_bytes(pages[""])
        (night.dir / "public/jg/index.html").unlink()
        check_edge(night, start, get, 2)
    finally:
        night.close()


def test_a_lost_pointer_loses_no_cut(tmp_path, bin_dir):
    """latest.json points to a cut that is not there: the cuts before it stay, and it is made again."""
    night = Night(tmp_path / "night", bin_dir)
    try:
        begin(night, {})
        assert night.cut(60).startswith("ok 2 ")
        night.stop()
        (night.dir / "public/cut/2").rename(night.dir / "public/cut/.tmp-2")
        night.start()
        wait_for(lambda: (night.dir / "public/cut/2/manifest").exists(), say=night.log)
        verify(night)
        assert {"cut/0/index.html", "cut/1/index.html", "cut/1/manifest"} <= set(tree(night.dir / "public"))
    finally:
        night.close()
