"""The origin is lost, killed at the two moments at which a package is worst: made and not yet named by a cut, and just named.
The night goes on elsewhere from the continuous copy alone: the same cuts, the same log, no acta lost."""
import base64
import os
import shutil
import signal
import time

import pytest

import log_kit
from conftest import status_of, wait_for
from test_night import SMALL, TREES, check_truth, latest, processes_of

BETWEEN, AFTER = "a package that no cut names yet", "a package that was just named"


def packages(public):
    try:
        return {int(name) for name in os.listdir(public / "package") if name.isdigit()}
    except OSError:
        return set()


def named(public):
    return (latest(public).get("package") or {}).get("number", -1)


def kill_all(folder, parent):
    os.kill(parent, signal.SIGKILL)
    wait_for(lambda: not processes_of(folder), 20, "programs outlived their parent")


def grown(night, folder, more):
    """Goes on for as long as the ledger grows; how fast it does is the machine's. A minute without an entry is an end."""
    size, end = 0, time.monotonic() + 60
    while more(size):
        assert not night.ended(), night.text()
        now = int(status_of(folder / "run/status/intake").get("ledger_size", 0))
        if now > size:
            size, end = now, time.monotonic() + 60
        assert time.monotonic() < end, night.text()
        yield


def lose(night, folder, moment, entries):
    """Kills everything at the first such moment past so many entries; the cut role is held still to be sure of it."""
    public = folder / "public"
    for _ in grown(night, folder, lambda size: size <= entries):
        time.sleep(0.05)
    before = named(public)
    for _ in grown(night, folder, lambda _: True):
        newest, told = max(packages(public), default=-1), named(public)
        if moment == AFTER and told > before:
            return kill_all(folder, night.pid)
        if moment == BETWEEN and newest > told:
            cut = int(status_of(folder / "run/status/cut")["pid"])
            os.kill(cut, signal.SIGSTOP)
            if max(packages(public)) > named(public):
                return kill_all(folder, night.pid)
            os.kill(cut, signal.SIGCONT)
        time.sleep(0.0005)


def seen(folder):
    """What the world may remember: every tree's checkpoint, the manifests and proofs of its cuts."""
    checkpoints, files = [], {}
    for tree in TREES:
        public = folder / tree
        if (public / "log/checkpoint").exists():
            _, size, root = (public / "log/checkpoint").read_text().splitlines()[:3]
            checkpoints.append((int(size), base64.b64decode(root)))
        for file in [*public.glob("cut/*/manifest"), *public.glob("log/cut-*.tlog-proof")]:
            if not any(part.startswith(".") for part in file.relative_to(public).parts):
                files[str(file.relative_to(public))] = file.read_bytes()
    return checkpoints, files, (folder / "public/log/vkey").read_bytes()


def go_through(start, run, tmp_path, moment, entries, more=()):
    folder, copy, second = tmp_path / "n", tmp_path / "copy", tmp_path / "second"
    night = start("atalaya-night", "--dir", folder, *SMALL, *more, "--speed", "max", "--cut-s", "60", "--package-s", "300",
                  "--copy", copy)
    wait_for(lambda: status_of(folder / "run/status/night").get("state") == "running", 60, night.text)
    lose(night, folder, moment, entries)
    cut = latest(folder / "public")["cut"]
    checkpoints, files, vkey = seen(folder)
    shutil.rmtree(folder)
    done = run("atalaya-night", "--dir", second, "--resume", "--copy", copy, "--listen", "127.0.0.1:0", "--speed", "max",
               "--cut-s", "7200", "--package-s", "7200", "--once", "--quiet", seconds=300)
    assert done.returncode == 0 and "Todo bien" in done.stdout, done.stdout
    public = second / "public"
    assert latest(public)["cut"] > cut
    check_truth(second)
    assert (public / "log/vkey").read_bytes() == vkey
    log = [log_kit.leaf(entry) for entry in log_kit.published(public)]
    assert checkpoints and len(log) > entries
    for size, root in checkpoints:
        assert size <= len(log) and log_kit.root(log[:size]) == root, f"the log of {size} entries was forked"
    for name, data in files.items():
        assert (public / name).read_bytes() == data, f"{name} is another one now"
    assert packages(public) <= {n for n in range(latest(public)["cut"] + 1)} and named(public) in packages(public)
    return second


def proofs(public):
    return len(list((public / "log").glob("cut-*.tlog-proof")))


def test_what_was_shown_is_in_the_copy(start, run, tmp_path):
    """The parent is held still, so that nothing but the programs themselves can bring anything to the copy; the origin is lost just
    when a code was shown. Every code and manifest that anybody saw is restored by the copy's own program, and stays what it was."""
    folder, copy, second = tmp_path / "n", tmp_path / "copy", tmp_path / "second"
    night = start("atalaya-night", "--dir", folder, *SMALL, "--speed", "max", "--cut-s", "1200", "--copy", copy)
    wait_for(lambda: proofs(folder / "public") > 2, 60, night.text)
    os.kill(night.pid, signal.SIGSTOP)
    shown = proofs(folder / "public")
    wait_for(lambda: proofs(folder / "public") > shown + 3, 60, night.text)
    kill_all(folder, night.pid)
    checkpoints, files, _ = seen(folder)
    known = max((int((folder / tree / "log/checkpoint").read_text().split("\n")[1]), folder / tree / "log/checkpoint")
                for tree in TREES)[1].read_bytes()
    (tmp_path / "known").write_bytes(known)
    shutil.rmtree(folder)
    assert run("atalaya-intake", "--restore", copy, "--dir", second).returncode == 0
    begun = run("atalaya-log", "--dir", second, "--begin", "--restored", "--at-least", tmp_path / "known")
    assert begun.returncode == 0, begun.stderr
    done = run("atalaya-night", "--dir", second, "--resume", "--copy", copy, "--listen", "127.0.0.1:0", "--speed", "max",
               "--cut-s", "7200", "--once", "--quiet", seconds=110)
    assert done.returncode == 0 and "Todo bien" in done.stdout, done.stdout
    assert sum(name.endswith(".tlog-proof") for name in files) > shown + 3
    for name, data in files.items():
        assert (second / "public" / name).read_bytes() == data, f"{name} is another one now"


@pytest.mark.parametrize("moment", [BETWEEN, AFTER])
def test_a_short_night(start, run, tmp_path, moment):
    go_through(start, run, tmp_path, moment, 25)


@pytest.mark.slow
@pytest.mark.parametrize("moment", [BETWEEN, AFTER])
def test_more_than_a_bundle(start, run, tmp_path, moment):
    second = go_through(start, run, tmp_path, moment, 400)
    full = [f for f in (second / "public/log/tile/entries").iterdir() if f.is_file()]
    assert len(full) >= 2, "two full bundles"


def test_the_copy_has_the_key_that_was_put_in_place_of_another(start, run, tmp_path):
    folder, copy = tmp_path / "n", tmp_path / "copy"
    night = start("atalaya-night", "--dir", folder, *SMALL, "--speed", "300", "--copy", copy)
    wait_for(lambda: proofs(folder / "public") > 0, 60, night.text)
    before = (copy / "keys/cut.key").read_bytes()
    assert before == (folder / "keys/cut.key").read_bytes()
    done = run("atalaya-keys", "rotate", "cut", "--dir", folder)
    assert done.returncode == 0, done.stderr
    now = (folder / "keys/cut.key").read_bytes()
    assert now != before
    wait_for(lambda: (copy / "keys/cut.key").read_bytes() == now, 20, night.text)
    assert "copy_fails" not in (folder / "run/log/intake.log").read_text()
