"""The power goes at each write of the log, over a disk that forgets what was not synced: no two signed checkpoints that cannot be
joined were ever shown, none without its tiles, and the log goes on. Nor does an older disk bring it to a fork."""
import os
import random
import re
import signal
import shutil
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from conftest import status_of, wait_for
from night_ledger import Ledger, Night
from signed_tree import leaf, tree_root

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "shim"))
from crash import Disk  # noqa: E402

# What the ledger grows by, round after round: within a tile, across one with a cut, across several.
ROUNDS = [1, 250, 700]
SHORT = 30


def notice(history, number):
    return f"prep-notice/v1\ntime 2027-06-07T02:00:00Z\ntext {history} {number}\n".encode()


def cut(number):
    return f"prep-cut/v1\nnumber {number}\ntime 2027-06-07T02:00:00Z\nmanifest {'0' * 64}\n".encode()


class Watcher(threading.Thread):
    """A reader of the folder: every checkpoint that ever stands there, and whether what it speaks of is there too."""

    def __init__(self, public):
        super().__init__(daemon=True)
        self.public, self.seen, self.wrong, self.stopped = public, set(), [], False

    def look(self):
        try:
            note = (self.public / "log/checkpoint").read_bytes()
        except FileNotFoundError:
            return
        if note in self.seen:
            return
        size, root = int(note.split(b"\n")[1]), note.split(b"\n")[2]
        found = tiles_there(self.public, size)
        if found:
            self.wrong.append(f"checkpoint of {size} without {found}")
        self.seen.add(note)
        assert root

    def run(self):
        while not self.stopped:
            self.look()
            time.sleep(0.001)

    def stop(self):
        self.stopped = True
        self.join(5)


def tiles_there(public, size):
    """The first tile or bundle of that size that is not there, whole or as the full one that has taken its place."""
    for level in ("entries", "0", "1"):
        hashes = size // 256 if level == "1" else size
        for number in range((hashes + 255) // 256):
            width = min(256, hashes - number * 256)
            full = public / f"log/tile/{level}/{number:03d}"
            partial = Path(f"{full}.p/{width}")
            if not (width < 256 and partial.exists()) and not full.exists():  # in this order: the full one is there before the other goes
                return str(partial if width < 256 else full)
    return None


class Log:
    """atalaya-log over a night's folder, with the disk that forgets."""

    def __init__(self, folder, bin_dir):
        self.night = Night(folder, bin_dir, begin=3600)
        self.dir, self.bin, self.public = self.night.dir, bin_dir, self.night.dir / "public"
        self.night.sign()  # the definition's entries: what stands before the power goes
        self.truth = list(self.night.ledger.entries)
        self.kill = folder.parent / "kill"
        self.disk = Disk(self.dir, bin_dir.parent / "tests" / "libatalaya_shim.so")

    def close(self):
        self.night.close()

    def append(self, entries):
        for entry in entries:
            self.truth.append(entry)
            self.night.ledger.append(entry)

    def start(self, calls=0):
        """Killed before the `calls`-th call that changes or syncs something; 0: it lives."""
        self.kill.write_bytes(struct.pack("<q", calls))
        log = open(self.dir.parent / "log.log", "ab")
        return subprocess.Popen([self.bin / "atalaya-log", "--dir", self.dir, "--interval", "10"], stderr=log,
                                env={**os.environ, **self.disk.env(SHIM_KILL=self.kill)}, start_new_session=True)

    def calls(self):
        return -struct.unpack("<q", self.kill.read_bytes())[0]

    def size(self):
        return self.night.checkpoint_size()

    def said(self):
        return (self.dir.parent / "log.log").read_text()[-3000:]

    def stop(self, program):
        if program.poll() is None:
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()

    def grow(self, program):
        """Round after round, each when the one before is signed, until the process ends."""
        number = 0
        for more in ROUNDS:
            entries = [notice("a", len(self.truth) + i) for i in range(more)]
            entries[-1] = cut(number)
            number += 1
            self.append(entries)
            wait_for(lambda: self.size() == len(self.truth) or program.poll() is not None, 20, self.said)
            if program.poll() is not None:
                return False
        name = self.public / f"log/cut-{number - 1}.tlog-proof"
        wait_for(lambda: name.exists() or program.poll() is not None, 20, self.said)
        return program.poll() is None

    def write_ledger(self, entries):
        """As the intake makes it again from its store."""
        shutil.rmtree(self.dir / "ledger")
        self.night.ledger = Ledger(self.dir / "ledger")
        for entry in entries:
            self.night.ledger.append(entry)


def joined(notes, *histories):
    """One history explains all of them."""
    def explains(history):
        leaves = [leaf(e) for e in history]
        return all(int(n.split(b"\n")[1]) <= len(leaves) and root_of(leaves, int(n.split(b"\n")[1])) == n.split(b"\n")[2]
                   for n in notes)
    return any(explains(history) for history in histories)


def root_of(leaves, size):
    import base64
    return base64.b64encode(tree_root(leaves[:size]))


@pytest.fixture(scope="module")
def calm(bin_dir, tmp_path_factory):
    """How many calls the rounds take, undisturbed."""
    log = Log(tmp_path_factory.mktemp("calm") / "night", bin_dir)
    try:
        program = log.start()
        assert log.grow(program)
        log.stop(program)
        return log.calls()
    finally:
        log.close()


def lose_and_go_on(bin_dir, folder, calls, seed):
    log = Log(folder / "night", bin_dir)
    watcher = Watcher(log.public)
    try:
        watcher.start()
        program = log.start(calls)
        log.grow(program)
        log.stop(program)
        watcher.stop()
        assert watcher.wrong == [], calls
        log.disk.crash(None if seed is None else random.Random(seed))
        missing = tiles_there(log.public, max(log.size(), 0))
        assert missing is None, f"call {calls}: after the power went the checkpoint stands without {missing}"
        another_history(log, watcher, bin_dir, folder, calls)
        log.write_ledger(log.truth)
        after = Watcher(log.public)
        after.seen |= watcher.seen
        after.start()
        program = log.start()
        wait_for(lambda: log.size() == len(log.truth), 20, lambda: f"call {calls}: {log.said()}")
        cuts = sum(e.startswith(b"prep-cut/") for e in log.truth)
        wait_for(lambda: all((log.public / f"log/cut-{n}.tlog-proof").exists() for n in range(cuts)), 10, log.said)
        log.stop(program)
        after.look()
        after.stop()
        assert after.wrong == [], calls
        assert joined(after.seen, log.truth), f"call {calls}: two checkpoints that cannot be joined"
    finally:
        log.close()


def another_history(log, watcher, bin_dir, folder, calls):
    """The disk of the ledger comes back older and goes another way: what is signed then still joins what was ever shown."""
    base = sum(1 for e in log.truth if e.startswith((b"prep-open", b"prep-file")))
    other = log.truth[:base] + [notice("b", i) for i in range(40)]
    copy = folder / "other"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(log.dir, copy, ignore=shutil.ignore_patterns("*.sock"))
    shutil.rmtree(copy / "ledger")
    ledger = Ledger(copy / "ledger")
    for entry in other:
        ledger.append(entry)
    (copy / "run/status/log").unlink(missing_ok=True)
    program = subprocess.Popen([bin_dir / "atalaya-log", "--dir", copy, "--interval", "10"], stderr=subprocess.DEVNULL,
                               start_new_session=True)
    second = Watcher(copy / "public")
    try:
        def decided():
            status = status_of(copy / "run/status/log")
            return status.get("state") == "degraded" or status.get("checkpoint_size") == str(len(other))
        wait_for(decided, 10, "the log says nothing")
        second.look()
    finally:
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()
    assert joined(watcher.seen | second.seen, log.truth, other), f"call {calls}: an older disk brought it to a fork"
    shutil.rmtree(copy)


def test_the_power_goes_at_each_write(bin_dir, tmp_path, calm):
    """The short form: some of the calls, each with all that was not synced lost."""
    assert calm > 40
    for at in range(1, SHORT):
        calls = calm * at // SHORT
        lose_and_go_on(bin_dir, tmp_path / str(at), calls, None)
        shutil.rmtree(tmp_path / str(at), ignore_errors=True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_the_power_goes_at_every_write(bin_dir, tmp_path, calm, seed):
    for calls in range(1, calm + 1):
        lose_and_go_on(bin_dir, tmp_path / str(calls), calls, None if seed is None else seed * 1000 + calls)
        shutil.rmtree(tmp_path / str(calls), ignore_errors=True)


def test_yesterdays_disk_gets_no_signature(bin_dir, tmp_path):
    """Everything but the signer's folder comes back as it was before, and goes another way."""
    log = Log(tmp_path / "night", bin_dir)
    try:
        yesterday = tmp_path / "yesterday"
        shutil.copytree(log.dir, yesterday, ignore=shutil.ignore_patterns("*.sock"))
        program = log.start()
        assert log.grow(program)
        log.stop(program)
        signed = (log.public / "log/checkpoint").read_bytes()
        before = len(Ledger(yesterday / "ledger").entries)
        for name in ("ledger", "public"):
            shutil.rmtree(log.dir / name)
            shutil.copytree(yesterday / name, log.dir / name)
        log.write_ledger(Ledger(yesterday / "ledger").entries)
        (log.dir / "run/status/log").unlink()
        program = log.start()
        status = lambda: status_of(log.dir / "run/status/log")
        for i in range(len(log.truth) + 50 - before):  # shorter than what was signed, then longer
            log.night.ledger.append(notice("b", i))
        wait_for(lambda: status().get("state") == "degraded", 10, log.said)
        refused = wait_for(lambda: (s := status()) and re.search("does not contain the signed tree|refuses", s.get("alarm", "")) and s, 10,
                           lambda: str(status()))
        assert int(refused["checkpoint_size"]) == before
        log.stop(program)
        standing = (log.public / "log/checkpoint").read_bytes()
        assert joined({signed, standing}, log.truth)
    finally:
        log.close()
