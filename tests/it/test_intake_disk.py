"""What the intake does with its disk: full, torn, contradicting itself, copied, restored."""
import hashlib
import shutil
import struct
import sys
from pathlib import Path

import pytest

from intake_kit import Intake, columns_of, jpeg, lines, sha256, submission

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "shim"))
from crash import Disk  # noqa: E402


@pytest.fixture
def shim(bin_dir):
    return bin_dir.parent / "tests" / "libatalaya_shim.so"


@pytest.fixture
def intake(start, wait_for, tmp_path):
    return Intake(start, wait_for, tmp_path / "night")


def numbered(number, **more):
    return submission(acta=f"N{number}", votes=[number] + [0] * (columns_of("jg") - 1), **more)


def fill(intake, n, first=0):
    return [intake.post(numbered(i, image=jpeg(i) if i % 3 == 0 else b""))[1]["entry"] for i in range(first, first + n)]


def test_a_full_disk_refuses_and_recovers(intake, shim, tmp_path, wait_for, status_of):
    full = tmp_path / "full"
    folder = intake.dir
    disk = Disk(folder, shim)
    intake.env = disk.env(SHIM_FULL=full)
    intake.start()
    acknowledged, refused = {}, 0
    for round_, room in enumerate([0, 1, 500, 3000, 9000, 20000, 60000, 150000]):
        full.write_text(str(room))
        for i in range(round_ * 20, round_ * 20 + 20):
            body = numbered(i, image=jpeg(i))
            status, answer = intake.post(body)
            if status == 503:
                assert answer["rule"] == "disk-full"
                refused += 1
                break
            assert status == 201
            acknowledged[i] = answer["entry"]
        if room == 0:
            path = folder / "run" / "status" / "intake"
            wait_for(lambda: (s := status_of(path)).get("state") == "degraded" and "disco" in s["alarm"])
        full.unlink()
        status, answer = intake.post_until_answered(body)
        acknowledged[i] = answer["entry"]
    assert refused >= 6
    found = {acta["stated"]: index for index, acta in intake.actas()}
    assert found == {f"N{i}": entry for i, entry in acknowledged.items()}
    wait_for(lambda: status_of(folder / "run" / "status" / "intake").get("state") == "running")
    assert intake.stop() == 0
    assert [bytes(e[1]) for e in intake.events()] == intake.entries()
    images = [p.name.split(".")[0] for p in (folder / "images").rglob("*.jpg")]
    assert sorted(images) == sorted(lines(e)["image"].split()[0] for e in intake.entries() if b"prep-acta" in e)


def test_a_lost_ledger_is_made_again(intake):
    intake.start()
    fill(intake, 5)
    intake.stop()
    before = intake.entries()
    shutil.rmtree(intake.dir / "ledger")
    intake.start()
    assert intake.entries() == before


def test_a_ledger_cut_anywhere_is_completed(intake):
    intake.start()
    fill(intake, 3)
    intake.stop()
    bundle = intake.dir / "ledger" / "entries" / "000"
    whole, before = bundle.read_bytes(), intake.entries()
    for cut in (0, 1, 2, 100, len(whole) - 700, len(whole) - 1):
        bundle.write_bytes(whole[:cut])
        intake.start()
        intake.stop()
        assert intake.entries() == before
    bundle.write_bytes(whole[:-900] + b"\0" * 900)  # blocks that never came to the disk
    intake.start()
    assert intake.entries() == before


def refuses_to_start(intake, *words):
    program = intake.begin("atalaya-intake", "--dir", intake.dir, "--listen", "127.0.0.1:0", *intake.args)
    intake.wait_for(program.ended, say=lambda: program.text())
    assert program.process.returncode == 2
    board = (intake.dir / "run/status/intake").read_text()
    assert "\nstate stopped\n" in board and "\nalarm el almacén, el libro o la copia se contradicen" in board, board
    for word in words:
        assert word in program.text() and word in board, board


def test_a_changed_ledger_stops_the_start(intake):
    intake.start()
    entry = fill(intake, 1)[0]
    intake.stop()
    bundle = intake.dir / "ledger" / "entries" / "000"
    bundle.write_bytes(bundle.read_bytes().replace(b"acta FC-", b"acta FC-").replace(b"votes 0 ", b"votes 9 "))
    refuses_to_start(intake, f"entry {entry} of the ledger is not the store's")
    assert b"votes 9 " in bundle.read_bytes()  # evidence is left as it is


def test_a_ledger_longer_than_the_store_stops_the_start(intake):
    intake.start()
    fill(intake, 1)
    intake.stop()
    bundle = intake.dir / "ledger" / "entries" / "000"
    close = b"prep-close/v1\ntime 2027-06-08T02:00:00Z\nreason cierre\n"
    bundle.write_bytes(bundle.read_bytes() + len(close).to_bytes(2, "big") + close)
    refuses_to_start(intake, "is not the store's")


def test_another_definition_stops_the_start(intake):
    intake.start().stop()
    ini = intake.dir / "election" / "election.ini"
    ini.write_text(ini.read_text().replace("name = JEFATURA", "name = LA JEFATURA"))
    refuses_to_start(intake, "another definition")


def test_a_second_intake_on_one_folder_is_told(intake, start, wait_for):
    intake.start()
    other = start("atalaya-intake", "--dir", intake.dir, "--listen", "127.0.0.1:0")
    wait_for(lambda: "locked" in other.text(), say=lambda: other.text())
    other.stop()
    assert intake.post(submission())[0] == 201


def copied(intake, wait_for, status_of):
    path = intake.dir / "run" / "status" / "intake"

    def whole():
        """The copy counts its figures one after the other."""
        found = status_of(path)
        return found.get("copy_entries") == str(len(intake.entries())) and found["copy_lag_entries"] == found["copy_lag_ms"] == "0" and found
    return wait_for(whole, say=lambda: str(status_of(path)))


def test_the_copy_follows_and_a_night_goes_on_from_it(start, run, wait_for, status_of, tmp_path):
    copy = tmp_path / "copy"
    intake = Intake(start, wait_for, tmp_path / "night", ["--copy", copy])
    (intake.dir / "keys").mkdir()
    (intake.dir / "keys" / "cut.key").write_text("secret\n")
    (intake.dir / "night.ini").write_text("[night]\n")
    intake.start()
    fill(intake, 12)
    assert intake.post(submission(version=1))[0] == 201
    intake.control("append\nprep-notice/v1\ntime 2027-06-07T03:00:00Z\ntext aG9sYQ==\n")
    found = copied(intake, wait_for, status_of)
    assert found["copy_lag_entries"] == "0" and found["copy_lag_ms"] == "0" and found["alarm"] == "-"
    intake.stop()
    assert (copy / "keys" / "cut.key").stat().st_mode & 0o777 == 0o600
    new = tmp_path / "new"
    ended = run("atalaya-intake", "--restore", copy, "--dir", new)
    assert ended.returncode == 0 and "4 images (0 missing)" in ended.stdout, ended.stdout + ended.stderr
    again = Intake(start, wait_for, new)
    assert again.entries() == intake.entries() and again.events() == intake.events()
    assert (new / "keys" / "cut.key").read_text() == "secret\n" and (new / "night.ini").exists()
    for image in (intake.dir / "images").rglob("*.jpg"):
        twin = new / image.relative_to(intake.dir)
        assert twin.read_bytes() == image.read_bytes() and sha256(twin.read_bytes()) == image.stem
    again.start()
    assert again.post(numbered(3, image=jpeg(3)))[0] == 200  # it knows what it was sent
    assert again.post(submission(version=2, reason="cotejo", votes=[1] * columns_of("jg")))[0] == 201
    refused = run("atalaya-intake", "--restore", copy, "--dir", new)
    assert refused.returncode == 2 and "empty folder" in refused.stderr


def records(path):
    """[(index, entry, note)] of a copy's journal, every checksum looked at; which were written together does not matter here."""
    data, at, found = path.read_bytes(), len(b"prep-copy/v2\n"), []
    assert data.startswith(b"prep-copy/v2\n")
    while at < len(data):
        entry, note, index = struct.unpack(">IIQ", data[at:at + 16])
        middle, end = at + 16 + entry, at + 16 + entry + (note & 0x7fffffff)
        assert hashlib.sha256(data[at:end]).digest() == data[end:end + 32]
        found.append((index, data[at + 16:middle], data[middle:end]))
        at = end + 32
    return found


def test_a_torn_journal_goes_on_and_a_forged_one_is_refused(start, run, wait_for, status_of, tmp_path):
    copy = tmp_path / "copy"
    intake = Intake(start, wait_for, tmp_path / "night", ["--copy", copy]).start()
    fill(intake, 6)
    copied(intake, wait_for, status_of)
    intake.stop()
    journal, events = (copy / "journal").read_bytes(), records(copy / "journal")
    assert len(events) > 6
    for cut in (0, 5, 13, 14, len(journal) // 2, len(journal) - 1):
        (copy / "journal").write_bytes(journal[:cut])
        intake.start()
        copied(intake, wait_for, status_of)
        intake.stop()
        assert records(copy / "journal") == events
    journal = (copy / "journal").read_bytes()
    at = len(journal) // 2
    (copy / "journal").write_bytes(journal[:at] + bytes([journal[at] ^ 1]) + journal[at + 1:])
    refused = run("atalaya-intake", "--restore", copy, "--dir", tmp_path / "new")
    assert refused.returncode == 2 and "more was written after it" in refused.stderr


def test_keys_of_other_users_stay_out_of_the_copy(start, run, wait_for, status_of, tmp_path):
    copy = tmp_path / "copy"
    intake = Intake(start, wait_for, tmp_path / "night", ["--copy", copy, "--copy-without-keys"])
    (intake.dir / "keys" / "cut.key").mkdir(parents=True)  # nothing here can be read as a file
    intake.start()
    fill(intake, 3)
    copied(intake, wait_for, status_of)
    intake.stop()
    assert not (copy / "keys").exists() and (copy / "election" / "election.ini").is_file()
    ended = run("atalaya-intake", "--restore", copy, "--dir", tmp_path / "new")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_folder_of_a_group_has_sockets_for_the_group(start, wait_for, tmp_path):
    intake = Intake(start, wait_for, tmp_path / "night")
    intake.start()
    assert (intake.dir / "run/intake.sock").stat().st_mode & 0o777 == 0o600
    intake.stop()
    (intake.dir / "run").chmod(0o2775)
    intake.start()
    assert (intake.dir / "run/intake.sock").stat().st_mode & 0o777 == 0o660


def test_the_copy_of_another_night_is_refused(start, wait_for, status_of, tmp_path):
    copy = tmp_path / "copy"
    one = Intake(start, wait_for, tmp_path / "one", ["--copy", copy]).start()
    fill(one, 2)
    copied(one, wait_for, status_of)
    one.stop()
    two = Intake(start, wait_for, tmp_path / "two", ["--copy", copy])
    refuses_to_start(two, "another night")


def test_a_copy_that_cannot_be_written_does_not_stop_the_night(start, wait_for, status_of, tmp_path):
    copy = tmp_path / "copy"
    copy.write_text("a file where a folder is due")
    intake = Intake(start, wait_for, tmp_path / "night", ["--copy", copy]).start()
    fill(intake, 3)
    path = intake.dir / "run" / "status" / "intake"
    wait_for(lambda: int(status_of(path).get("copy_lag_entries", 0)) >= 3)
    copy.unlink()
    copied(intake, wait_for, status_of)


def test_the_database_is_sqlite_and_append_only(intake):
    import sqlite3
    intake.start()
    fill(intake, 2)
    intake.stop()
    db = sqlite3.connect(intake.dir / "store" / "prep.db")
    for statement in ("DELETE FROM event", "UPDATE event SET entry = x'00'", "DELETE FROM version"):
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(statement)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
