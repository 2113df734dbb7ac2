"""A whole night killed at random moments, over a disk that forgets what was not synced: the night goes on from what is
there, ends with the totals of an undisturbed one, loses and doubles no acta, and never shows a cut that is not whole."""
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from intake_kit import ledger, lines

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "shim"))
from crash import Disk  # noqa: E402

NIGHT = ["--scale", "small", "--seed", "7", "--speed", "max", "--once", "--listen", "127.0.0.1:0", "--quiet"]


def descendants(pid):
    """[(pid, name)] of everything below a process."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in map(int, children.read_text().split()):
                name = Path(f"/proc/{child}/comm").read_text().strip()
                found += [(child, name), *descendants(child)]
        except OSError:
            pass
    return found


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] == "Z"
    except OSError:
        return True


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def setting(folder, name):
    for line in (folder / "night.ini").read_text().splitlines():
        if line.startswith(f"{name} = "):
            return line.split(" = ")[1]
    return ""


class Reader(threading.Thread):
    """A reader of the results: whatever is answered with 200 must be whole. Nobody answering is no broken cut."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.folder, self.stopped, self.broken, self.cuts, self.highest = folder, False, [], set(), -1

    def get(self, path):
        address = setting(self.folder, "results")
        with urllib.request.urlopen(f"http://{address}/{path}", timeout=3) as answer:
            return answer.read()

    def look(self):
        latest = json.loads(self.get("latest.json"))
        manifest = self.get(latest["path"] + "manifest")
        text = manifest[:manifest.rindex(b"\n\n") + 1]
        if hashlib.sha256(text).hexdigest() != latest["manifest_sha256"]:
            self.broken.append(f"cut {latest['cut']}: its manifest is not the one that latest.json names")
        for line in text.decode().splitlines():
            words = line.split(" ", 2)
            if len(words) == 3 and len(words[0]) == 64 and words[2].startswith(latest["path"]):
                if hashlib.sha256(self.get(words[2])).hexdigest() != words[0]:
                    self.broken.append(f"{words[2]} is not what the manifest says")
        self.cuts.add(latest["cut"])

    def run(self):
        while not self.stopped:
            try:
                self.look()
            except (OSError, ValueError, KeyError):
                pass  # nobody is there, or a cut went by its retention while it was read
            time.sleep(0.1)


def play(bin_dir, folder, log, env=None, more=()):
    with open(log, "ab") as out:
        return subprocess.Popen([bin_dir / "atalaya-night", "--dir", folder, *NIGHT, *more], stdout=out,
                                stderr=subprocess.STDOUT, env={**os.environ, **(env or {})})


def finish(process, seconds, log):
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"the night did not end: {Path(log).read_text(errors='replace')[-2000:]}")
    assert code == 0, Path(log).read_text(errors="replace")[-3000:]


def totals(folder):
    return json.loads((folder / "public" / "latest.json").read_text())["contests"]


def records(folder):
    """{(key or key as written, version): entry} of the ledger's actas; fails on a double."""
    found = {}
    for index, entry in enumerate(ledger(folder / "ledger")):
        if entry.startswith(b"prep-acta/v1\n"):
            acta = lines(entry)
            name = (acta["acta"], acta["version"])
            assert name not in found, f"{name} is there twice: {found[name]} and {index}"
            found[name] = acta["votes"]
    return found


@pytest.fixture(scope="module")
def undisturbed(bin_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    finish(play(bin_dir, folder / "night", folder / "log"), 300, folder / "log")
    return totals(folder / "night"), records(folder / "night")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(int(os.environ.get("ATALAYA_KILL_NIGHTS", "3"))))
def test_a_night_killed_again_and_again(bin_dir, tmp_path, wait_for, undisturbed, seed):
    chance, disk_folder, log = random.Random(seed), tmp_path / "disk", tmp_path / "log"
    disk_folder.mkdir()
    folder = disk_folder / "night"
    disk = Disk(disk_folder, bin_dir.parent / "tests" / "libatalaya_shim.so")
    night = play(bin_dir, folder, log, disk.env())
    wait_for(lambda: (folder / "public" / "latest.json").exists() or night.poll() is not None, 60)
    reader = Reader(folder)
    reader.start()
    killed = []
    for _ in range(int(os.environ.get("ATALAYA_KILLS", "25"))):
        time.sleep(0.2 + chance.random())
        if night.poll() is not None:
            break
        below = descendants(night.pid)
        if chance.random() < 0.2:
            kill(night.pid)
            wait_for(lambda: all(gone(pid) for pid, _ in below), 20, say="somebody outlived the night")
            night.wait()
            if chance.random() < 0.7:
                disk.crash(chance if chance.random() < 0.5 else None)
            killed.append("night")
            night = play(bin_dir, folder, log, disk.env(), ["--resume"] if (folder / "night.ini").exists() else [])
        elif below:
            pid, name = chance.choice(below)
            kill(pid)
            killed.append(name)
    finish(night, 600, log)
    reader.stopped = True
    reader.join(10)
    assert reader.broken == []
    assert (totals(folder), records(folder)) == undisturbed, killed
