"""atalaya-cut on the small election: what is published, that it is the same bytes everywhere, and what a crash, a full
disk or a bad acta do to it."""
import json
import os
import shutil
import subprocess
import threading
import time
import zipfile

import pytest

from conftest import wait_for
from night_ledger import Night, acta, iso, tree


@pytest.fixture
def night(tmp_path, bin_dir):
    night = Night(tmp_path / "night", bin_dir)
    yield night
    night.close()


def fill(night, numbers, **kwargs):
    return {n: night.add(n, **kwargs) for n in numbers}


def latest(night):
    return json.loads((night.dir / "public/latest.json").read_text())


def published(night, number):
    """The bytes of a cut, of what it names, and of the pointer."""
    return {path: data for path, data in tree(night.dir / "public").items() if path != "log/checkpoint"}


def verify(night, *args):
    night.sign()
    done = subprocess.run([night.bin / "atalaya-verify", night.dir, "--json", *args], capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def whole(night):
    """A night from zeros to the last cut."""
    night.start()
    wait_for(lambda: (night.dir / "public/latest.json").exists(), say=night.log)
    fill(night, range(12))
    assert night.cut(0).startswith("ok 1 ")
    fill(night, range(12, 30))
    assert night.cut(60).startswith("ok 2 ")
    night.add(3, seed=4, version=2, previous=str(index_of(night, 3)), reason="cotejo")
    night.add(0, key="FC-0123456789abcdef", stated="090009B0100A02")
    assert night.cut(120).startswith("ok 3 ")
    assert night.ask("close prueba") == "ok"
    assert night.cut(180).startswith("ok 4 ")


def index_of(night, number):
    row = night.election.actas[number]
    key = f"\nacta {row['station']}{row['form']}\n".encode()
    return max(i for i, e in enumerate(night.ledger.entries) if e.startswith(b"prep-acta") and key in e)


def test_no_package_stays_that_no_cut_names(night):
    """The last cut names its own package: the one made just before it, which no manifest lists, goes."""
    night.start("--package", "60")
    wait_for(lambda: (night.dir / "public/latest.json").exists(), say=night.log)
    for at in (0, 60, 120):
        fill(night, [at // 60])
        if at == 120:
            assert night.ask("close prueba") == "ok"
        assert night.cut(at).startswith("ok ")
    public = night.dir / "public"
    listed = {line.split(" ", 2)[2] for cut in public.glob("cut/*/manifest") for line in cut.read_text().splitlines()
              if " package/" in line}
    there = {p.relative_to(public).as_posix() for p in public.glob("package/**/*") if p.is_file()}
    assert there == listed and {p.split("/")[1] for p in there} == {"1", "3"}


def test_zeros_before_the_opening(night):
    fill(night, range(5), at=-1800)
    night.start()
    wait_for(lambda: (night.dir / "public/latest.json").exists(), say=night.log)
    wait_for(lambda: not list((night.dir / "public").glob(".stage-*")), say=night.log)
    pointer = latest(night)
    assert (pointer["cut"], pointer["next"], pointer["package"]) == (0, iso(0), None)
    assert all(c["captured"] == c["votes"] == 0 for c in pointer["contests"].values())
    assert verify(night)[0] == 0
    assert night.checkpoint_size() == night.ledger.size - 6  # the actas, and the entry of cut 0 after them
    for path, data in tree(night.dir / "public").items():
        assert b"prep-acta" not in data, f"{path} speaks of an acta before the opening"
    assert night.cut(0).startswith("ok 1 ")
    assert sum(c["captured"] for c in latest(night)["contests"].values()) == 5


def test_a_night_verifies_and_its_database_passes(night):
    whole(night)
    assert night.ask(f"cut {iso(240)}").startswith("error the last cut")
    code, report = verify(night)
    assert (code, report["findings"]) == (0, []), report
    assert report["verdict"] == "consistent, key not pinned"
    policy = night.dir / "policy"
    policy.write_bytes(b"log " + (night.dir / "public/log/vkey").read_bytes() + b"quorum none\n")
    assert verify(night, "--policy", policy)[1]["verdict"] == "verified"
    package = night.dir / "public/package/4"
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=package, check=True)
    for file in [*package.glob("*.csv"), *package.glob("*_PREP_EJE.zip")]:
        done = subprocess.run([night.bin / "atalaya-check-csv", file, "--json"], capture_output=True, text=True)
        for document in documents(json.loads(done.stdout)):
            assert all(h["ok"] for h in document["header"].values()), document["header"]
    with zipfile.ZipFile(next(package.glob("difusion/*.zip"))) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        assert {"index.html", "cut/4/index.html", "package/4/EJE_GUB_2027.csv"} <= names


def documents(report):
    return report if isinstance(report, list) else report.get("files", [report])


@pytest.mark.skipif(not shutil.which("minisign"), reason="minisign is not installed")
def test_minisign_agrees(night):
    whole(night)
    subprocess.run(["minisign", "-Vqm", "manifest", "-p", night.dir / "public/log/minisign.pub"],
                   cwd=night.dir / "public/cut/4", check=True)


def test_same_bytes_whatever_the_surroundings(tmp_path, bin_dir):
    """Zone, locale, umask, folder and address layout leave no mark."""
    trees = []
    for name, env, mask in [("a", {"TZ": "UTC", "LC_ALL": "C"}, 0o022),
                            ("elsewhere/deep", {"TZ": "Asia/Tokyo", "LC_ALL": "es_MX.UTF-8"}, 0o077)]:
        night = Night(tmp_path / name, bin_dir)
        before = os.umask(mask)
        try:
            start = night.start
            night.start = lambda *a: start(*a, env=env)
            whole(night)
            trees.append(published(night, 4))
        finally:
            os.umask(before)
            night.close()
    assert list(trees[0]) == list(trees[1])
    assert [p for p in trees[0] if trees[0][p] != trees[1][p]] == []


STEPS = [pytest.param(step, marks=[] if step in ("synced", "appended") else [pytest.mark.slow])
         for step in ("built", "checked", "synced", "appended", "signed", "published")]


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step(tmp_path, bin_dir, step):
    """Either the cut never was, or it comes back with the same bytes; the one before stays up until then."""
    calm = Night(tmp_path / "calm", bin_dir)
    shaken = Night(tmp_path / "shaken", bin_dir)
    try:
        for night in (calm, shaken):
            night.start()
            wait_for(lambda: (night.dir / "public/latest.json").exists(), say=night.log)
            fill(night, range(20))
            assert night.cut(0).startswith("ok 1 ")
            wait_for(lambda: "package" in night.status(), say=night.log)
            fill(night, range(20, 30))
        assert calm.cut(60).startswith("ok 2 ")
        shaken.stop()
        shaken.start("--crash-at", step)
        shaken.set_clock(60)
        try:
            shaken.ask(f"cut {iso(60)}", 20)
        except AssertionError:
            pass
        shaken.cut_process.wait(20)
        assert latest(shaken)["cut"] == (2 if step == "published" else 1)
        shaken.start()
        if step in ("built", "checked", "synced"):
            assert shaken.cut(60).startswith("ok 2 ")
        wait_for(lambda: latest(shaken)["cut"] == 2, say=shaken.log)
        one, two = published(calm, 2), published(shaken, 2)
        assert list(one) == list(two)
        assert [p for p in one if one[p] != two[p]] == []
        assert verify(shaken)[0] == 0
    finally:
        calm.close()
        shaken.close()


def test_a_bad_acta_is_set_aside_and_the_rest_goes_on(night):
    night.start()
    fill(night, range(10))
    night.add(11, computed=99999)
    assert night.cut(0).startswith("ok 1 ")
    row = night.election.actas[11]
    key = row["station"] + row["form"]
    assert sum(c["captured"] for c in latest(night)["contests"].values()) == 10
    assert any(e.startswith(b"prep-review/v1\nacta " + key.encode()) and b"action hold" in e
               for e in night.ledger.entries)
    wait_for(lambda: night.status()["in_review"] == "1" and key in night.status()["alarm"], say=night.log)
    rows = [d for p, d in tree(night.dir / "public/chunk").items() if p.endswith(".html") and key.encode() in d]
    assert any("En revisión".encode() in d for d in rows)
    done = subprocess.run([night.bin / "atalaya-review", "release", key, "--dir", night.dir], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert night.cut(60).startswith("ok 2 ")
    assert sum(c["captured"] for c in latest(night)["contests"].values()) == 11
    assert verify(night)[0] == 0
    again = subprocess.run([night.bin / "atalaya-review", "release", key, "--dir", night.dir], capture_output=True)
    assert again.returncode == 2 and b"not in review" in again.stderr


def test_totals_go_down_with_a_correction(night):
    night.start()
    first = fill(night, range(10))
    assert night.cut(0).startswith("ok 1 ")
    before = latest(night)["contests"]["jg"]["votes"]
    text = acta(night.election, 3, seed=1, version=2, previous=str(first[3]), reason="cotejo")
    lines = text.split("\n")
    votes = [i for i, line in enumerate(lines) if line.startswith("votes ")][0]
    lines[votes] = "votes " + " ".join("1" for _ in lines[votes].split()[1:])
    total = len(lines[votes].split()) - 1
    lines = [f"computed {total}" if line.startswith("computed ") else line for line in lines]
    night.ledger.append("\n".join(lines))
    assert night.cut(60).startswith("ok 2 ")
    assert latest(night)["contests"]["jg"]["votes"] < before
    assert night.status()["alarm"] == "-" and verify(night)[0] == 0


def test_a_ledger_that_contradicts_itself_stops_the_cuts_and_keeps_the_last(night):
    night.start()
    fill(night, range(5))
    assert night.cut(0).startswith("ok 1 ")
    night.add(2, version=3, previous="1", reason="cotejo")
    for at in (60, 120):
        answer = night.cut(at)
        assert answer.startswith("error ") and "version 3 follows version 1" in answer
    assert latest(night)["cut"] == 1 and verify(night)[0] == 0
    wait_for(lambda: night.status()["state"] == "degraded", say=night.log)
    assert "two-histories.md" in night.status()["alarm"] and "version 3 follows version 1" in night.status()["alarm"]


def test_cuts_go_on_when_the_ledger_is_put_right(night):
    """As the intake or a person does, before the log has published the entry; nobody restarts the cut."""
    night.start()
    fill(night, range(5))
    assert night.cut(0).startswith("ok 1 ")
    night.add(2, version=3, previous="1", reason="cotejo")
    assert "version 3 follows version 1" in night.cut(60)
    ledger = night.ledger
    wrong = ledger.entries.pop()
    ledger.size -= 1
    data = ledger.path(ledger.size // 256).read_bytes()
    assert data.endswith(wrong)
    ledger.path(ledger.size // 256).write_bytes(data[:-len(wrong) - 2])
    night.add(7)
    answer = wait_for(lambda: (lambda a: a if a.startswith("ok ") else None)(night.cut(180)), say=night.log)
    assert answer.startswith("ok 2 ")
    assert latest(night)["cut"] == 2 and verify(night)[0] == 0
    wait_for(lambda: night.status()["state"] == "running" and night.status()["alarm"] == "-", say=night.log)


def test_a_ledger_that_lost_what_was_written_gives_no_cut_a_second_text(night):
    """The bundle is gone after cut 1: its number is not given again."""
    night.start()
    fill(night, range(5))
    bundle, append = night.ledger.path(0), night.ledger.append

    def append_and_lose(entry):
        """Before the program, which looks at the ledger of its own accord too, has read what was written for it."""
        night.ledger.append = append
        index = append(entry)
        bundle.rename(night.dir / "elsewhere")
        return index
    night.ledger.append = append_and_lose
    assert night.cut(0).startswith("ok 1 ")
    answer = night.cut(60)
    assert answer.startswith("error ") and "the sequencer has written" in answer
    assert not bundle.exists() and latest(night)["cut"] == 1
    (night.dir / "elsewhere").rename(bundle)
    night.add(6)
    assert night.cut(60).startswith("ok 2 ")
    assert verify(night)[0] == 0


def test_no_sequencer_no_cut_and_then_the_cut(night):
    night.start()
    fill(night, range(5))
    assert night.cut(0).startswith("ok 1 ")
    night.refuse = "the disk is full"
    assert "the disk is full" in night.cut(60)
    assert latest(night)["cut"] == 1
    night.refuse = None
    assert night.cut(60).startswith("ok 2 ")
    assert not list((night.dir / "public/cut").glob(".tmp-*"))


def test_old_bodies_go_by_the_rule(tmp_path, bin_dir):
    night = Night(tmp_path / "night", bin_dir)
    try:
        night.start("--keep-cuts", "2", "--keep-every", "4", "--package", "60")
        wait_for(lambda: (night.dir / "public/latest.json").exists(), say=night.log)
        for i in range(8):
            night.add(i)
            assert night.cut(60 * i).startswith(f"ok {i + 1} ")
        wait_for(lambda: int(night.status()["package"]) >= 7, say=night.log)
        kept = {p.parent.name for p in (night.dir / "public/cut").glob("*/index.html")}
        assert kept == {"0", "4", "7", "8"}
        assert {p.parent.name for p in (night.dir / "public/cut").glob("*/manifest")} == set("012345678")
        named = b"".join((night.dir / f"public/cut/{n}/manifest").read_bytes() for n in kept)
        for chunk in (night.dir / "public/chunk").iterdir():
            assert chunk.name.encode() in named, "a chunk that no kept cut names"
        assert verify(night)[0] == 0
        night.stop()
        night.start("--keep-cuts", "2", "--keep-every", "4")
        night.add(9)
        assert night.cut(900).startswith("ok 9 ")
        assert verify(night)[0] == 0
    finally:
        night.close()


def test_notice_and_close_by_command(night):
    night.start()
    fill(night, range(5))
    assert night.cut(0).startswith("ok 1 ")
    subprocess.run([night.bin / "atalaya-notice", "Aviso: <b>prueba</b> ñandú", "--dir", night.dir], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run([night.bin / "atalaya-close", "--dir", night.dir, "sin-mas-actas"], check=True,
                   stdout=subprocess.DEVNULL)
    assert night.cut(60).startswith("ok 2 ")
    page = (night.dir / "public/cut/2/index.html").read_text()
    assert "Aviso: &lt;b&gt;prueba&lt;/b&gt; ñandú" in page
    assert latest(night)["last"] is True
    bad = subprocess.run([night.bin / "atalaya-close", "--dir", night.dir, "CON MAYUSCULAS"], capture_output=True)
    assert bad.returncode == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system can be mounted by root only")
def test_full_disk_keeps_the_last_cut(tmp_path, bin_dir):
    night = Night(tmp_path / "night", bin_dir)
    public = night.dir / "public"
    public.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", public], capture_output=True).returncode:
        night.close()
        pytest.skip("no file system can be mounted here")
    try:
        night.start("--package", "86400")
        fill(night, range(20))
        assert night.cut(0).startswith("ok 1 ")
        wait_for(lambda: "package" in night.status(), say=night.log)
        (public / "ballast").write_bytes(bytes(max(0, os.statvfs(public).f_bavail * os.statvfs(public).f_bsize - 200000)))
        fill(night, range(20, 30))
        answer = night.cut(60)
        assert answer.startswith("error ") and "space" in answer.lower()
        assert latest(night)["cut"] == 1
        (public / "ballast").unlink()
        assert verify(night)[0] == 0
        assert night.cut(60).startswith("ok 2 ")
        assert verify(night)[0] == 0
    finally:
        night.close()
        subprocess.run(["umount", "-l", public], check=False)


def test_a_cut_is_signed_when_the_copy_has_its_entry(night):
    """Not before; a copy that is gone holds it back for two seconds and no longer; one that a person has waived, not at all."""
    copy = night.dir / "run/copy"
    copy.mkdir(parents=True)
    (copy / "waived").touch()
    night.start("--copied", copy)
    wait_for(lambda: (night.dir / "public/latest.json").exists(), say=night.log)  # cut 0, which nobody waited for
    (copy / "have").write_text(f"{night.ledger.size}\n")
    (copy / "waived").unlink()
    answers = []
    asking = threading.Thread(target=lambda: answers.append(night.cut(0)))
    asking.start()
    entry = wait_for(lambda: next((i for i, e in enumerate(night.ledger.entries) if e.startswith(b"prep-cut/v1\nnumber 1\n")), 0),
                     say=night.log)
    (copy / "have").write_text(f"{entry}\n")  # one too few
    assert not (night.dir / "public/cut/1/manifest").exists() and not (night.dir / "keys/cut.state").read_text().startswith("cut 1 ")
    (copy / "have").write_text(f"{entry + 1}\n")
    asking.join(20)
    assert answers == [f"ok 1 {entry}"] and "cut_without_copy" not in night.log()
    began = time.monotonic()
    assert night.cut(60).startswith("ok 2 ")  # the copy says no more
    assert time.monotonic() - began >= 2 and "cut_without_copy" in night.log()
    (copy / "waived").touch()
    assert night.cut(120).startswith("ok 3 ") and "cut_with_copy" in night.log()


@pytest.mark.slow
def test_a_slow_disk_is_no_silence(tmp_path, bin_dir):
    """Each sync takes three seconds, a cut half a minute: what the program says of itself never grows as old as the status of
    one that is gone."""
    night = Night(tmp_path / "n", bin_dir)
    ages, ended = [], threading.Event()
    status = night.dir / "run/status/cut"

    def watch():
        while not ended.wait(0.05):
            ages.append(time.time() - status.stat().st_mtime)

    try:
        night.start()
        wait_for(lambda: (night.dir / "public/latest.json").exists(), say=night.log)
        night.stop()
        night.start(env={"LD_PRELOAD": str(bin_dir.parent / "tests/libatalaya_shim.so"), "SHIM_SYNC_MS": "3000",
                         "ATALAYA_JAIL": "off", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})
        wait_for(lambda: night.status().get("state") == "running", say=night.log)
        fill(night, range(20))
        watcher = threading.Thread(target=watch)
        watcher.start()
        night.set_clock(0)
        began = time.monotonic()
        assert night.ask(f"cut {iso(0)}", 120).startswith("ok 1 ")
        ended.set()
        watcher.join()
        assert time.monotonic() - began > 20 and max(ages) < 10, max(ages)
    finally:
        ended.set()
        night.close()
