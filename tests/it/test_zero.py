"""atalaya zero: an empty system is seen empty, the second look names what changed, and votes count only where zeros were seen."""
import hashlib
import json
import os
import re
import shutil
import sqlite3
import struct
import subprocess

import pytest

from conftest import status_of, wait_for
from intake_kit import Intake, jpeg, submission
from night_ledger import ms

BEFORE, AFTER = -3600, 600


def set_clock(folder, seconds):
    """A stepped clock, seconds after the small election's opening."""
    (folder / "run").mkdir(parents=True, exist_ok=True)
    data = b"PREPCLK1" + struct.pack("<IIqqq", 2, 0, 0, ms(seconds), ms(seconds)) + bytes(24)
    with open(folder / "run/clock", "r+b" if (folder / "run/clock").exists() else "wb") as out:  # the programs have it mapped
        out.write(data)


@pytest.fixture
def bins(bin_dir, tmp_path):
    """The programs in a folder of our own, where one may be changed."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in bin_dir.glob("atalaya*"):
        os.link(program, folder / program.name) if program.stat().st_dev == folder.stat().st_dev else shutil.copy2(program, folder)
    return folder


@pytest.fixture
def night(start, wait_for, tmp_path, bins):
    folder = tmp_path / "night"
    set_clock(folder, BEFORE)
    one = Intake(start, wait_for, folder, ["--copy", folder / "copy"], env={"ATALAYA_BIN": str(bins)}).start()
    wait_for(lambda: int(status_of(folder / "run/status/intake").get("copy_entries", 0)) == len(one.entries()), say="the copy does not follow")
    return one


@pytest.fixture
def zero(bins):
    def look(folder, *args):
        done = subprocess.run([bins / "atalaya-zero", folder, *args, "--json"], capture_output=True, text=True,
                              env={**os.environ, "ATALAYA_BIN": str(bins)})
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr
    return look


def wrong(report):
    return {w["where"] for w in report["wrong"]}


def sentences(report):
    return " ".join(w["sentence"] for w in report["wrong"])


def send(night, **fields):
    status, answer = night.post(submission(**fields))
    assert status == 201, answer
    journal = night.dir / "copy/journal"
    wait_for(lambda: journal.exists() and b"prep-acta/v1\n" in journal.read_bytes(), say="the copy does not follow")
    return answer


def test_three_times(night, zero, bins):
    code, before = zero(night.dir)
    assert (code, before["verdict"], before["phase"], before["earlier"], before["wrong"]) == (0, "empty", "before", 0, [])
    listing = before["listing"]
    assert listing["empty"] and listing["expected"] == 40 and len(listing["files"]) == 8
    places = listing["places"]
    assert places["ledger"]["entries"] == places["store"]["entries"] == len(night.entries())
    assert places["copy"]["actas"] == places["store"]["actas"] == places["ledger"]["actas"] == 0
    named = {p["name"] for p in listing["programs"]}
    assert {"atalaya-intake", "atalaya-cut", "atalaya-zero"} <= named == {p.name for p in bins.iterdir()}
    again = subprocess.run([bins / "atalaya-zero", night.dir], capture_output=True, text=True,
                           env={**os.environ, "ATALAYA_BIN": str(bins)})
    assert again.returncode == 0 and again.stdout.startswith("✓ En ceros")

    set_clock(night.dir, AFTER)
    send(night, image=jpeg(1))
    code, during = zero(night.dir)
    assert (code, during["verdict"], during["phase"], during["earlier"], during["wrong"]) == (0, "unchanged", "during", 2, [])
    assert {k: p["actas"] for k, p in during["listing"]["places"].items() if p} == {"store": 1, "ledger": 1, "copy": 1, "images": 1}
    assert night.stop() == 0
    code, after = zero(night.dir)
    assert (code, after["verdict"], after["earlier"]) == (0, "unchanged", 3)
    kept = sorted(p.name for p in (night.dir / "zero").iterdir())
    assert kept == ["0001.json", "0002.json", "0003.json", "0004.json"]
    assert json.loads((night.dir / "zero/0001.json").read_text()) == listing


def test_votes_before_the_hour(night, zero):
    assert zero(night.dir)[0] == 0
    send(night)
    code, report = zero(night.dir)
    assert code == 1 and "before the opening hour" in sentences(report)


def test_votes_that_nobody_saw_absent(night, zero):
    set_clock(night.dir, AFTER)
    send(night)
    code, report = zero(night.dir)
    assert code == 1 and "no earlier listing saw it empty" in sentences(report)
    code, report = zero(night.dir)
    assert code == 1 and "the first listing had votes already" in sentences(report)


def test_a_program_that_changed(night, zero, bins):
    assert zero(night.dir)[0] == 0
    program = bins / "atalaya-city"
    data = program.read_bytes()
    program.unlink()
    program.write_bytes(data + b"\0")
    (bins / "atalaya-extra").write_bytes(b"#!/bin/sh\n")
    code, report = zero(night.dir)
    assert code == 1 and wrong(report) == {"programs"}
    assert "atalaya-city changed since the first listing" in sentences(report)
    assert "atalaya-extra is new" in sentences(report) and "not those that entry 0 states" in sentences(report)


def test_a_definition_that_changed(night, zero):
    assert zero(night.dir)[0] == 0
    file = night.dir / "election/candidacies.csv"
    text = file.read_text()
    name = text.splitlines()[1].split(",")[3]
    file.write_text(text.replace(name, name[::-1], 1))
    code, report = zero(night.dir)
    assert code == 1 and wrong(report) == {"election"}
    assert "candidacies.csv changed" in sentences(report) and "not the one that entry 0 states" in sentences(report)


def test_a_ledger_that_was_written_again(night, zero):
    assert zero(night.dir)[0] == 0
    assert night.stop() == 0
    bundle = night.dir / "ledger/entries/000"
    data = bundle.read_bytes()
    bundle.write_bytes(data.replace(b"\ndrill yes\n", b"\ndrill no \n") if b"\ndrill no\n" not in data
                       else data.replace(b"name areas.csv", b"name arebs.csv", 1))
    code, report = zero(night.dir)
    assert code == 1 and "are not those of the first listing" in sentences(report)


@pytest.mark.parametrize("place", ["store", "images", "copy", "log"])
def test_a_vote_in_one_place(night, zero, place):
    """The ledger is empty, and yet one vote lies somewhere."""
    assert night.stop() == 0
    acta = b"prep-acta/v1\nacta 090001B0100A02\n"
    if place == "store":
        db = sqlite3.connect(night.dir / "store/prep.db")
        size = db.execute("SELECT count(*) FROM event").fetchone()[0]
        db.execute("INSERT INTO event VALUES (?, 2, ?, NULL)", (size, acta))
        db.commit()
        db.close()
    elif place == "images":
        (night.dir / "images/ab").mkdir(parents=True)
        (night.dir / "images/ab" / ("ab" * 32 + ".jpg")).write_bytes(b"\xff\xd8")
    elif place == "copy":
        with open(night.dir / "copy/journal", "ab") as out:
            out.write(struct.pack(">IIQ", len(acta), 0, len(night.entries())) + acta + bytes(32))
    else:
        folder = night.dir / "public/log/tile/entries"
        folder.mkdir(parents=True)
        (folder / "000").write_bytes(struct.pack(">H", len(acta)) + acta)
    code, report = zero(night.dir)
    assert code == 1 and place in wrong(report), report


def test_signed_by_another_tree(night, zero):
    """A signer that remembers more than this ledger, or other entries, has seen another beginning."""
    (night.dir / "signer").mkdir()
    state = night.dir / "signer/state"
    state.write_text("prep-signer/v1\norigin x\nsize 3\nroot " + "A" * 43 + "=\n")
    code, report = zero(night.dir)
    assert code == 1 and "its first 3 entries are not those of signer/state" in sentences(report)
    state.write_text("prep-signer/v1\norigin x\nsize 3000\nroot " + "A" * 43 + "=\n")
    code, report = zero(night.dir)
    assert code == 1 and "signer/state speaks of 3000 entries" in sentences(report)


def test_before_anything_has_begun(zero, tmp_path):
    """A folder with nothing but the definition is as empty as can be."""
    from intake_kit import ELECTION
    shutil.copytree(ELECTION, tmp_path / "fresh/election")
    code, report = zero(tmp_path / "fresh")
    assert (code, report["verdict"]) == (0, "empty") and all(p is None for p in report["listing"]["places"].values())


def test_what_cannot_be_examined(night, zero, tmp_path):
    assert zero(tmp_path / "nowhere")[0] == 2
    assert zero(tmp_path)[0] == 2
    assert zero(night.dir)[0] == 0
    (night.dir / "zero/0001.json").write_text("{}")
    code, says = zero(night.dir)
    assert code == 2 and "zero/0001.json" in says


@pytest.mark.slow
def test_a_whole_night(run, tmp_path, bins):
    """Before it opens nothing, after its last cut everything, and nothing else has changed."""
    folder = tmp_path / "n"
    env = {"ATALAYA_BIN": str(bins)}
    subprocess.run([bins / "atalaya-city", "--out", folder, "--scale", "small"], check=True, stdout=subprocess.DEVNULL)
    assert run("atalaya-zero", folder, env=env).returncode == 0
    done = run("atalaya-night", "--dir", folder, "--scale", "small", "--listen", "127.0.0.1:0", "--speed", "max", "--once",
               "--cut-s", "7200", seconds=110, env=env)
    assert done.returncode == 0, done.stdout
    done = run("atalaya-zero", folder, "--json", env=env)
    report = json.loads(done.stdout)
    assert (done.returncode, report["verdict"], report["phase"]) == (0, "unchanged", "after"), report["wrong"]
    assert report["listing"]["cut"]["captured"] > 100 and report["listing"]["places"]["log"]["actas"] > 100


def enter(bins, folder):
    done = subprocess.run([bins / "atalaya-zero", folder, "--enter"], capture_output=True, text=True,
                          env={**os.environ, "ATALAYA_BIN": str(bins)})
    return done


def test_a_listing_that_the_log_stands_for(night, zero, bins):
    """Its hash is an entry; each names the one before, so one entry stands for all; what was entered and is changed is found."""
    folder = night.dir / "zero"
    zero(night.dir)
    done = enter(bins, night.dir)
    assert done.returncode == 0, done.stdout + done.stderr
    index = int(re.search(r"en la entrada (\d+)", done.stderr)[1])
    entry = night.entries()[index].decode()
    data = (folder / "0002.json").read_bytes()
    assert "\nkind zero-listing\n" in entry and f"\nsha256 {hashlib.sha256(data).hexdigest()}\n" in entry
    assert json.loads(data)["previous"] == hashlib.sha256((folder / "0001.json").read_bytes()).hexdigest()
    assert json.loads((folder / "0001.json").read_bytes())["previous"] == ""
    assert zero(night.dir)[0] == 0
    kept = {p.name: p.read_bytes() for p in folder.iterdir()}
    # one before the entered one is altered: the chain says so; the entered one: the log does
    (folder / "0001.json").write_bytes(kept["0001.json"].replace(b'"empty":true', b'"empty":true '))
    code, report = zero(night.dir)
    assert code == 1 and "0002.json was not made after the listing" in sentences(report)
    (folder / "0004.json").unlink()
    (folder / "0001.json").write_bytes(kept["0001.json"])
    assert zero(night.dir)[0] == 0
    (folder / "0004.json").unlink()
    for gone in ("0002.json", "0003.json"):
        (folder / gone).unlink()
    code, report = zero(night.dir)
    assert code == 1 and f"entry {index} of the ledger names a listing that is not here" in sentences(report)


def test_entering_without_a_night(run, small_election, bins):
    done = enter(bins, small_election)
    assert done.returncode == 1 and "--enter" in done.stderr and "En ceros" in done.stdout
    assert (small_election / "zero/0001.json").exists()
