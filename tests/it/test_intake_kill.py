"""Killed at random moments over a disk that forgets what was not synced: no acknowledged acta is lost or doubled."""
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from conftest import free_port
from intake_kit import Intake, columns_of, jpeg, submission
from process_kit import alive, family, roles, state_of

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "shim"))
from crash import Disk  # noqa: E402


def shim_of(bin_dir):
    found = bin_dir.parent / "tests" / "libatalaya_shim.so"
    if not found.is_file():
        pytest.fail(f"{found} is not built")
    return found


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def held(intake):
    """All its processes, while it stands still: none that it has just started, or that has no name yet, is missed."""
    os.kill(intake.program.pid, signal.SIGSTOP)
    intake.wait_for(lambda: state_of(intake.program.pid).get("State", "T")[0] == "T", say="it does not stand still")
    return family(intake.program.pid)


class Senders:
    """Centres that send record after record, each again until it is acknowledged, on whatever port there is now."""

    def __init__(self, intake, seed, n=6):
        self.intake, self.seed, self.acknowledged, self.stopped = intake, seed, {}, False
        self.lock, self.number, self.conflicts = threading.Lock(), 0, []
        self.threads = [threading.Thread(target=self.send, daemon=True) for _ in range(n)]
        for thread in self.threads:
            thread.start()

    def body(self, number):
        """Mostly out of catalogue (as many keys as one likes), each 5th with an image."""
        image = jpeg(number) if number % 5 == 0 else b""
        votes = [number % 500, self.seed % 400] + [0] * (columns_of("jg") - 2)
        return submission(acta=f"K{self.seed % 1000}N{number}", votes=votes, image=image)

    def send(self):
        while not self.stopped:
            with self.lock:
                self.number += 1
                number = self.number
            body = self.body(number)
            while not self.stopped:
                status, answer = self.intake.post(body)
                if status in (200, 201):
                    self.acknowledged[number] = answer["entry"]
                    break
                if status not in (0, 503):
                    self.conflicts.append((number, status, answer))
                    break
                time.sleep(0.01)

    def stop(self):
        self.stopped = True
        for thread in self.threads:
            thread.join(15)


def check(intake, senders):
    """Each acknowledged record stands once, where it was said to; the ledger is the store's events."""
    assert senders.conflicts == []
    found = {}
    for index, acta in intake.actas():
        assert acta["stated"] not in found, f"{acta['stated']} is there twice"
        found[acta["stated"]] = index
        if acta["image"] != "-":
            name = acta["image"].split()[0]
            assert (intake.dir / "images" / name[:2] / f"{name}.jpg").stat().st_size == int(acta["image"].split()[1])
    for number, entry in senders.acknowledged.items():
        stated = f"K{senders.seed % 1000}N{number}"
        assert found.get(stated) == entry, f"{stated} was acknowledged as {entry} and is {found.get(stated)}"


def play(intake, disk, kills, seed):
    chance = random.Random(seed)
    senders = Senders(intake, seed)
    for _ in range(kills):
        before = len(senders.acknowledged)
        intake.wait_for(lambda: len(senders.acknowledged) > before, 20, say=lambda: intake.program.text())
        time.sleep(chance.random() * 0.15)
        below = roles(intake.program.pid)
        victim = chance.choice(["power", "power", "parent", "intake-store", "intake-gate", "intake-copy"])
        if victim in ("power", "parent"):
            everybody = held(intake)
            kill(intake.program.pid)
            intake.program.process.wait()
            intake.wait_for(lambda: not any(map(alive, everybody)), say="orphans")
            if victim == "power":
                disk.crash(chance if chance.random() < 0.5 else None)
            intake.start(f"127.0.0.1:{intake.port}")
        elif victim in below:
            kill(below[victim])
            intake.wait_for(lambda: not alive(below[victim]))
    before = len(senders.acknowledged)
    intake.wait_for(lambda: len(senders.acknowledged) > before + 5, 20, say=lambda: intake.program.text())
    senders.stop()
    check(intake, senders)
    assert intake.stop() == 0
    events = intake.events()
    assert [bytes(e[1]) for e in events] == intake.entries() and [e[0] for e in events] == list(range(len(events)))
    return senders


@pytest.mark.parametrize("copy", [False, True], ids=["alone", "copy-sync"])
def test_killed_a_few_times(start, wait_for, tmp_path, bin_dir, copy):
    folder = tmp_path / "disk"
    folder.mkdir()
    args = ["--copy", folder / "copy", "--copy-sync"] if copy else []
    intake = Intake(start, wait_for, folder / "night", args)
    disk = Disk(folder, shim_of(bin_dir))
    intake.env = disk.env()
    intake.start(f"127.0.0.1:{free_port()}")  # to be had again each time
    senders = play(intake, disk, 8, 20240602 + copy)
    assert len(senders.acknowledged) > 20
    if copy:
        restored = tmp_path / "restored"
        import subprocess
        ended = subprocess.run([bin_dir / "atalaya-intake", "--restore", folder / "copy", "--dir", restored],
                               capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
        assert [e[1] for e in Intake(start, wait_for, restored).events()] == [e[1] for e in intake.events()]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_killed_many_times(start, wait_for, tmp_path, bin_dir, seed):
    folder = tmp_path / "disk"
    folder.mkdir()
    args = ["--copy", folder / "copy"] + (["--copy-sync"] if seed % 2 else [])
    intake = Intake(start, wait_for, folder / "night", args)
    disk = Disk(folder, shim_of(bin_dir))
    intake.env = disk.env()
    intake.start(f"127.0.0.1:{free_port()}")
    play(intake, disk, 25, seed)
