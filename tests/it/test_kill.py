"""A whole night killed at random moments, over a disk that forgets what was not synced: the night goes on from what is
there, ends with the totals of an undisturbed one, loses and doubles no acta, and never shows a cut that is not whole."""
import base64
import collections
import hashlib
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from intake_kit import ledger, lines
from process_kit import alive, family, name_of
from signed_tree import leaf, tree_root

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "shim"))
from crash import Disk  # noqa: E402

NIGHT = ["--scale", "small", "--seed", "7", "--speed", "max", "--once", "--listen", "127.0.0.1:0", "--quiet"]
OFTEN, SELDOM = ["--cut-s", "3600", "--package-s", "7200"], ["--cut-s", "7200", "--package-s", "14400"]


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
        self.checkpoints = set()

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
        rows = [line.split(" ", 2) for line in text.decode().splitlines()]
        listed = {row[2]: row[0] for row in rows if len(row) == 3 and len(row[0]) == 64}
        entries = [path for path in listed if path.endswith("index.html") and not path.startswith("cut/")]
        found = {path: hashlib.sha256(self.get(path)).hexdigest() for path in entries}
        if json.loads(self.get("latest.json")) == latest:  # no cut came in between
            self.broken += [f"{path} is not cut {latest['cut']}'s" for path in entries if found[path] != listed[path]]
        for path, digest in listed.items():
            if path.startswith(latest["path"]) and hashlib.sha256(self.get(path)).hexdigest() != digest:
                self.broken.append(f"{path} is not what the manifest says")
        self.cuts.add(latest["cut"])

    def look_at_log(self):
        """Every checkpoint that is shown has its last bundle and tile; what it says is compared at the end."""
        note = self.get("log/checkpoint")
        if note in self.checkpoints:
            return
        size = int(note.split(b"\n")[1])
        number, width = max(size - 1, 0) // 256, size % 256
        for kind in ("entries", "0") if size else ():
            full = f"log/tile/{kind}/{number:03d}"
            try:
                self.get(f"{full}.p/{width}" if width else full)
            except urllib.error.HTTPError:
                self.get(full)  # the full one has taken its place
        self.checkpoints.add(note)

    def run(self):
        while not self.stopped:
            try:
                self.look_at_log()
                self.look()
            except (OSError, http.client.HTTPException, ValueError, KeyError):
                pass  # nobody is there, who answered was killed in the middle, or a cut went by its retention while it was read
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


class Storm:
    """A night over a disk that forgets, a reader of it, and who was killed."""

    def __init__(self, bin_dir, tmp_path, wait_for, pace, chance):
        self.bin, self.wait_for, self.pace, self.chance = bin_dir, wait_for, pace, chance
        self.log, self.folder, self.killed = tmp_path / "log", tmp_path / "disk" / "night", []
        self.folder.parent.mkdir()
        self.disk = Disk(self.folder.parent, bin_dir.parent / "tests" / "libatalaya_shim.so")
        self.reader = Reader(self.folder)
        self.night = None
        self.start()

    def start(self):
        more = ["--resume"] if (self.folder / "night.ini").exists() else []
        self.night = play(self.bin, self.folder, self.log, self.disk.env(), [*self.pace, *more])

    def cut(self):
        try:
            return json.loads((self.folder / "public" / "latest.json").read_text())["cut"]
        except (OSError, ValueError):
            return -1

    def until_cut(self, number):
        self.wait_for(lambda: self.cut() >= number or self.over(), 120, say=lambda: self.log.read_text(errors="replace"))

    def over(self):
        return self.night.poll() is not None

    def one(self, only=""):
        """Kills one process below the night, of that name if one is asked for."""
        below = [(pid, name) for pid in family(self.night.pid)[1:] if (name := name_of(pid)) and only in name]
        if below:  # each program and role is as likely as any other, however many processes it has
            name = self.chance.choice(sorted({name for _, name in below}))
            kill(self.chance.choice(sorted(pid for pid, its in below if its == name)))
            self.killed.append(name)

    def parent(self, loss):
        """Kills the night itself; with a loss ("all" or "some") the power goes too."""
        below = family(self.night.pid)[1:]
        kill(self.night.pid)
        self.wait_for(lambda: not any(alive(pid) for pid in below), 60, say="somebody outlived the night")
        self.night.wait()
        if loss:
            self.disk.crash(self.chance if loss == "some" else None)
        self.killed.append(f"night, {loss} of what was not synced lost" if loss else "night")
        self.start()

    def finish(self, undisturbed):
        finish(self.night, 600, self.log)
        self.reader.stopped = True
        self.reader.join(10)
        told = ", ".join(f"{n} x {name}" for name, n in sorted(collections.Counter(self.killed).items()))
        print(f"killed {len(self.killed)} times: {told}; cuts read whole: {len(self.reader.cuts)}")
        assert self.reader.broken == []
        leaves = [leaf(entry) for entry in ledger(self.folder / "ledger")]
        last = (self.folder / "public/log/checkpoint").read_bytes()
        assert int(last.split(b"\n")[1]) == len(leaves)
        for note in self.reader.checkpoints | {last}:
            size, root = int(note.split(b"\n")[1]), note.split(b"\n")[2]
            assert base64.b64encode(tree_root(leaves[:size])) == root, f"a checkpoint of {size} that cannot be joined"
        print(f"checkpoints seen: {len(self.reader.checkpoints)}")
        assert (totals(self.folder), records(self.folder)) == undisturbed, self.killed


@pytest.fixture(scope="module")
def in_memory(tmp_path_factory):
    """A folder that no other program's syncs slow down, where there is one: what is lost here the shim decides."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < 2 << 30:
        yield tmp_path_factory.mktemp("disk")
        return
    folder = Path(tempfile.mkdtemp(prefix="atalaya-kill-", dir=memory))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def undisturbed(bin_dir, in_memory):
    folder = in_memory / "undisturbed"
    folder.mkdir()
    finish(play(bin_dir, folder / "night", folder / "log", more=SELDOM), 300, folder / "log")
    return totals(folder / "night"), records(folder / "night")


def test_a_night_killed_a_few_times(bin_dir, in_memory, wait_for, undisturbed):
    """The short form: each at its moment of the night."""
    storm = Storm(bin_dir, in_memory, wait_for, SELDOM, random.Random(5))
    storm.until_cut(1)
    storm.reader.start()
    storm.one("atalaya-cut")
    storm.one("atalaya-log")
    storm.one("atalaya-mirror")
    storm.until_cut(2)
    storm.one("atalaya-intake")
    storm.parent("all")
    storm.until_cut(4)
    storm.parent("some")
    storm.finish(undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(int(os.environ.get("ATALAYA_KILL_FROM", "0")),
                                       int(os.environ.get("ATALAYA_KILL_NIGHTS", "12"))))
def test_a_night_killed_again_and_again(bin_dir, tmp_path, wait_for, undisturbed, seed):
    chance = random.Random(seed)
    storm = Storm(bin_dir, tmp_path, wait_for, OFTEN, chance)
    storm.until_cut(0)
    storm.reader.start()
    for _ in range(int(os.environ.get("ATALAYA_KILLS", "25"))):
        time.sleep(0.2 + chance.random())
        if storm.over():
            break
        if chance.random() < 0.2:
            storm.parent(chance.choice(["", "all", "some"]))
        else:
            storm.one()
    storm.finish(undisturbed)
