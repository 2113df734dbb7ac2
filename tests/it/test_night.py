"""A whole small night under its parent: from the zeros to the last cut, with deaths, orders, alarms and a second beginning."""
import base64
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import REPO, get, status_of, wait_for

sys.path.insert(0, str(REPO / "tests/second"))
import verifier  # noqa: E402
from intake_kit import ledger
from process_kit import alive, arguments_of, parent_of
from signed_tree import leaf, tree_root

SMALL = ["--scale", "small", "--listen", "127.0.0.1:0"]
MIRROR_EXPIRES_EVERY = 10
TREES = ["public", "mirror-1/public", "mirror-2/public"]


def processes_of(folder):
    """Living processes that name the folder in their arguments, and all below them."""
    found = set()
    parents = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        pid = int(entry.name)
        if not alive(pid):
            continue
        parents[pid] = parent_of(pid)
        if any(str(folder) in word for word in arguments_of(pid)):
            found.add(pid)
    grew = True
    while grew:
        below = {pid for pid, parent in parents.items() if parent in found} - found
        found |= below
        grew = bool(below)
    return found - {os.getpid()}


def code_of(folder, cut):
    """docs/formats/roots.md: the first 80 bits of the proof's SHA-256."""
    proof = (folder / f"public/log/cut-{cut}.tlog-proof").read_bytes()
    letters = base64.b32encode(hashlib.sha256(proof).digest()[:10]).decode()
    return "-".join(letters[i:i + 4] for i in range(0, 16, 4))


def settings(folder):
    lines = (folder / "night.ini").read_text().splitlines()
    return dict(map(str.strip, line.split("=", 1)) for line in lines if "=" in line and not line.startswith("#"))


def port(folder, name):
    return int(settings(folder)[name].rsplit(":", 1)[1])


def order(folder, text, name="night"):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(20)
        s.connect(str(folder / f"run/{name}.sock"))
        s.send(text.encode())
        return s.recv(70000).decode()


def latest(tree):
    try:
        return json.loads((tree / "latest.json").read_bytes())
    except OSError:
        return {}


def columns(tree, cut, contest):
    return json.loads((tree / f"cut/{cut}/{contest}/index.json").read_bytes())


def check_truth(folder):
    """What was published is what was sent, on the results and on both mirrors."""
    truth = json.loads((folder / "run/expected.json").read_bytes())["contests"]
    cuts = set()
    for name in TREES:
        tree = latest(folder / name)
        assert tree["last"], name
        cuts.add((tree["cut"], tree["manifest_sha256"]))
        for contest, figures in truth.items():
            for figure in ("expected", "captured", "counted", "votes"):
                assert tree["contests"][contest][figure] == figures[figure], (name, contest, figure)
    assert len(cuts) == 1


def running(folder):
    return lambda: status_of(folder / "run/status/night").get("state") == "running"


@pytest.fixture
def live(start, tmp_path):
    """A small night that runs at 300 times real time, with an alert hook that writes what it is told."""
    folder = tmp_path / "n"
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\nprintf '%s|' \"$@\" >> {tmp_path}/told\necho >> {tmp_path}/told\n")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    night = start("atalaya-night", "--dir", folder, *SMALL, "--speed", "300", "--alert", hook)
    wait_for(running(folder), 40, night.text)
    night.folder = folder
    return night


def test_end_to_end(run, tmp_path):
    folder = tmp_path / "n"
    done = run("atalaya-night", "--dir", folder, *SMALL, "--speed", "max", "--once", "--cut-s", "7200", seconds=110)
    assert done.returncode == 0, done.stdout
    check_truth(folder)
    assert "Todo bien" in done.stdout
    assert "ALARMA" not in done.stdout
    told = re.findall(r"corte (\d+)(?: \(último\))? código ([A-Z2-7-]{19})(?: \(del (\d+)\))?  actas", done.stdout)
    assert told and [code for _, code, _ in told] == [code_of(folder, older or cut) for cut, _, older in told]
    pinned = (folder / "run/pinned").read_text()  # the policy as the ceremony left it; the cuts' key comes out of the log
    assert pinned == (folder / "public/log/policy").read_text() and (folder / "keys/cut.key.pub").read_text().strip() not in pinned
    for log in ("verify-results", "verify-mirror-1", "verify-mirror-2"):
        assert "verified" in (folder / f"run/log/{log}.log").read_text()
    for program in ("atalaya-verify", "atalaya-code"):  # the ceremony's note pins as its text does
        done = run(program, folder / "public", "--policy", folder / "keys/policy.note")
        assert done.returncode == 0 and "no fijada" not in done.stdout, done.stdout + done.stderr
    zero = (folder / "public/cut/0/manifest").read_text()
    assert "\ncut 0\n" in zero
    assert not processes_of(folder)
    vkey = (folder / "public/log/vkey").read_text().strip()
    assert [verifier.verify(folder / tree, vkey) for tree in TREES] == [None, None, None]
    again = run("atalaya-night", "--dir", folder, *SMALL, "--speed", "max", "--once")
    assert again.returncode == 2 and "--resume" in again.stdout


def bodies(tree):
    return sorted(int(f.parent.name) for f in (tree / "cut").glob("*/index.html"))


def sums(tree):
    return {f.parent.name for f in (tree / "package").glob("*/SHA256SUMS")}


def test_what_stays_on_disk(run, tmp_path):
    """Retention is set for the whole night: on the origin and on both mirrors the newest cuts and every so-many-th stay, their
    packages and chunks, and of the rest the manifests, with no empty folders."""
    folder = tmp_path / "n"
    done = run("atalaya-night", "--dir", folder, *SMALL, "--speed", "max", "--once", "--quiet", "--cut-s", "1200", "--package-s",
               "1200", "--keep-cuts", "10", "--keep-every", "20", seconds=110)
    assert done.returncode == 0, done.stdout
    newest = latest(folder / "public")["cut"]
    assert newest > 60
    kept = [n for n in range(newest + 1) if newest - n < 10 or n % 20 == 0]
    assert bodies(folder / "public") == kept
    assert len(list((folder / "public/cut").glob("*/manifest"))) == newest + 1
    whole = [p for p in (folder / "public/package").iterdir() if len(list(p.iterdir())) > 1]
    assert len(whole) <= 2 * len(kept)
    named = set()
    for cut in kept:
        named |= set(re.findall(r"chunk/[0-9a-f]{64}", (folder / f"public/cut/{cut}/manifest").read_text()))
    assert {f"chunk/{f.name[:64]}" for f in (folder / "public/chunk").iterdir()} == named
    for mirror in ("mirror-1", "mirror-2"):
        got = bodies(folder / mirror / "public")
        late = [n for n in got if newest - n >= 10 + MIRROR_EXPIRES_EVERY and n % 20 != 0]  # it tidies every few cuts
        theirs, ours = (sums(folder / t) for t in (f"{mirror}/public", "public"))
        assert theirs <= ours and len(ours - theirs) <= 1, mirror  # one that no cut has named
        assert late == [] and got[-1] == newest, (mirror, got)
    empty = [d for tree in TREES for d, folders, files in os.walk(folder / tree / "cut") if not folders and not files]
    assert empty == []


def test_ctrl_c_then_resume(start, run, tmp_path):
    folder = tmp_path / "n"
    night = start("atalaya-night", "--dir", folder, *SMALL, "--speed", "1200")
    wait_for(lambda: latest(folder / "public").get("contests", {}).get("jg", {}).get("captured", 0) > 3, 60, night.text)
    assert night.stop(signal.SIGINT, 30) == 0
    assert not processes_of(folder)
    before = latest(folder / "public")
    assert not before["last"]
    done = run("atalaya-night", "--dir", folder, "--resume", "--speed", "max", "--cut-s", "7200", "--once", seconds=110)
    assert done.returncode == 0, done.stdout
    assert latest(folder / "public")["cut"] > before["cut"]
    check_truth(folder)


@pytest.mark.slow
def test_from_the_copy_alone(start, run, tmp_path):
    folder, copy, second = tmp_path / "n", tmp_path / "copy", tmp_path / "second"
    night = start("atalaya-night", "--dir", folder, *SMALL, "--speed", "1200", "--copy", copy)
    wait_for(lambda: latest(folder / "public").get("contests", {}).get("jg", {}).get("captured", 0) > 3, 60, night.text)
    os.kill(night.pid, signal.SIGKILL)
    wait_for(lambda: not processes_of(folder), 10, "programs outlived their parent")
    cut = latest(folder / "public")["cut"]
    shown = {(folder / tree / "log/checkpoint").read_bytes() for tree in TREES}
    (tmp_path / "known").write_bytes(max(shown, key=lambda note: int(note.split(b"\n")[1])))
    proofs = {p.name: p.read_bytes() for p in (copy / "public/log").iterdir()}
    assert proofs and all((folder / "public/log" / name).read_bytes() == data for name, data in proofs.items())
    shutil.rmtree(folder)
    again_from(copy, tmp_path / "third", tmp_path / "known", run)
    done = run("atalaya-night", "--dir", second, "--resume", "--copy", copy, "--listen", "127.0.0.1:0", "--speed", "max",
               "--cut-s", "7200", "--once", seconds=110)
    assert done.returncode == 0, done.stdout
    assert latest(second / "public")["cut"] > cut
    check_truth(second)
    leaves = [leaf(entry) for entry in ledger(second / "ledger")]
    for note in shown | {(second / "public/log/checkpoint").read_bytes()}:
        size, root = int(note.split(b"\n")[1]), note.split(b"\n")[2]
        assert base64.b64encode(tree_root(leaves[:size])) == root, f"a checkpoint of {size} that cannot be joined"
    assert size_of(second / "public") == len(leaves)
    for name, data in proofs.items():  # the codes that were read out are still the codes
        assert (second / "public/log" / name).read_bytes() == data, name


def size_of(tree):
    """Of its log; -1 while there is no checkpoint."""
    try:
        return int((tree / "log/checkpoint").read_bytes().split(b"\n")[1])
    except FileNotFoundError:
        return -1


def bytes_of(file):
    """Nothing of a folder, nor of what went while a living tree was walked."""
    try:
        return file.read_bytes() if file.is_file() else b""
    except FileNotFoundError:
        return b""


def again_from(copy, folder, known, run):
    """The way of the runbook: the log is begun by hand, against what a mirror has; a copy that is short of it is refused."""
    assert run("atalaya-intake", "--restore", copy, "--dir", folder).returncode == 0
    begun = run("atalaya-log", "--dir", folder, "--begin", "--restored", "--at-least", known)
    assert begun.returncode == 0, begun.stderr
    again = run("atalaya-log", "--dir", folder, "--begin", "--restored")
    assert again.returncode == 2 and "has begun" in again.stderr
    shutil.rmtree(folder / "signer")
    assert "memory was lost" in run("atalaya-log", "--dir", folder, "--begin").stderr
    size = int(known.read_bytes().split(b"\n")[1])
    short = list(ledger(folder / "ledger"))[:size - 1]
    shutil.rmtree(folder / "ledger")
    (folder / "ledger/entries").mkdir(parents=True)
    for at in range(0, len(short), 256):
        data = b"".join(len(e).to_bytes(2, "big") + e for e in short[at:at + 256])
        (folder / f"ledger/entries/{at // 256:03d}").write_bytes(data)
    refused = run("atalaya-log", "--dir", folder, "--begin", "--restored", "--at-least", known)
    assert refused.returncode == 2 and "is not contained" in refused.stderr


def test_killed_parent_leaves_nothing(live):
    assert len(processes_of(live.folder)) > 8
    os.kill(live.pid, signal.SIGKILL)
    wait_for(lambda: not processes_of(live.folder), 10, lambda: f"still there: {processes_of(live.folder)}")


def test_second_night_is_refused(live, run):
    second = run("atalaya-night", "--dir", live.folder, "--resume", "--once")
    assert second.returncode == 2
    assert "ya corre una noche" in second.stdout
    assert not live.ended()


@pytest.mark.parametrize("program", ["cut", "intake", "results", "mirror-1"])
def test_who_dies_is_started_again(live, program):
    file = live.folder / "run/status" / program
    first = wait_for(lambda: status_of(file).get("pid"), 20, "no status")
    # The status is a role's; the program is the parent's child above it, or itself.
    pid = int(first)
    while parent_of(pid) not in (live.pid, 0):
        pid = parent_of(pid)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: status_of(file).get("pid") not in (None, first), 20, live.text)
    wait_for(lambda: status_of(live.folder / "run/status/night").get("restarts", "0") != "0", 10, live.text)
    assert f"{program} murió (137)" in live.text()


def test_feed_gone_is_said_and_told(live, tmp_path, run):
    told = tmp_path / "told"
    wait_for(lambda: latest(live.folder / "mirror-1/public").get("cut"), 40, live.text)
    assert order(live.folder, "stop feed") == "ok"
    mirror = port(live.folder, "mirror_1")
    estado = wait_for(lambda: (e := json.loads(get(mirror, "/estado")[2] or b"{}")).get("feed") == "lost" and e, 20,
                      "the mirror's site does not say it")
    assert estado["feed_age_s"] >= 0 and estado["cut"] is not None and estado["mode"] == "stale" and estado["drill"] is True
    assert get(mirror, "/")[0] == 200
    wait_for(lambda: told.exists() and "raised|feed-lost-mirror-1|Difusor 1 no alcanza" in told.read_text(), 20, live.text)
    once = run("atalaya-top", "--dir", live.folder, "--once")
    assert once.returncode == 1 and "Difusor 1 no alcanza la fuente" in once.stdout
    assert order(live.folder, "start feed") == "ok"
    wait_for(lambda: "cleared|feed-lost-mirror-1|" in told.read_text(), 20, live.text)
    assert told.read_text().count("raised|feed-lost-mirror-1|") == 1
    machine = json.loads(run("atalaya-top", "--dir", live.folder, "--json").stdout)
    assert machine["programs"]["mirror-1"]["feed"] == "ok"
    served = {server["name"]: server for server in machine["hits"]["servers"]}
    assert served["difusor-1"]["requests"] > 0 and served["difusor-1"]["networks"][0]["network"].startswith("127.")
    for server in served.values():
        assert sum(server["by_status"].values()) == server["requests"]
    assert re.search(r"^ +sitio institucional: normal  diferencias 0  copia sellada 1  cambios \d+$", once.stdout, re.M)
    signed, of = map(int, re.search(r"firmado hasta ([\d,]+) de ([\d,]+)", once.stdout.replace(",", "")).groups())
    assert signed <= of


def test_orders_that_make_no_sense(live):
    assert order(live.folder, "stop nobody").startswith("error")
    assert order(live.folder, "dance cut").startswith("error")
    assert order(live.folder, "start cut").startswith("error")


@pytest.mark.slow
def test_closed_by_a_person_while_it_still_sends(start, run, tmp_path):
    """What was published is examined as it is; that the drill had more to send makes nothing of it wrong."""
    folder = tmp_path / "n"
    night = start("atalaya-night", "--dir", folder, *SMALL, "--no-images", "--speed", "300", "--once")
    wait_for(lambda: latest(folder / "public").get("contests", {}).get("jg", {}).get("captured", 0) > 3, 60, night.text)
    assert run("atalaya-close", "--dir", folder).returncode == 0
    assert night.process.wait(60) == 0, night.text()
    feeder = status_of(folder / "run/status/feeder")
    assert int(feeder["sent"]) < int(feeder["to_send"]) and "antes de que todo se enviara" in night.text()
    assert "Todo bien" in night.text() and "ALARMA" not in night.text()
    trees = [latest(folder / name) for name in TREES]
    assert all(t["last"] for t in trees) and len({t["manifest_sha256"] for t in trees}) == 1


def test_planes(live, run):
    """Every address that is printed answers, and the institution's pages lead to results and mirrors."""
    for name in ("results", "site", "mirror_1", "mirror_2", "feed"):
        wait_for(lambda name=name: get(port(live.folder, name), "/")[0] == 200, 40, name)
        assert f":{port(live.folder, name)}/" in live.text()
    for name, figure in (("metrics", b'atalaya_program_up{'), ("health", b"atalaya_edge_ready 1")):
        wait_for(lambda name=name, figure=figure: figure in get(port(live.folder, name), "/metrics")[2], 40, lambda name=name: get(port(live.folder, name), "/metrics"))
        assert get(port(live.folder, name), "/healthz")[0] == 200 and f":{port(live.folder, name)}/metrics" in live.text()
    wait_for(lambda: "medidas arriba" in run("atalaya-top", "--dir", live.folder, "--once").stdout, 20, live.text)
    page = get(port(live.folder, "site"), "/")[2].decode()
    for name in ("results", "mirror_1", "mirror_2"):
        assert f"http://127.0.0.1:{port(live.folder, name)}/" in page
    for path, word in (("/", "SIMULACRO"), ("/verificar.html", "SIMULACRO"), ("/en.html", "DRILL"), ("/verify.html", "DRILL")):
        assert f"<strong>{word}</strong>" in get(port(live.folder, "site"), path)[2].decode(), path
    missing = get(port(live.folder, "site"), "/no-existe")
    assert missing[0] == 404 and "SIMULACRO" in missing[2].decode()


@pytest.mark.parametrize("args", [["--speed", "0"], ["--speed", "rapid"], ["--cut-s", "0"], ["extra.csv"]])
def test_wrong_use(run, tmp_path, args):
    assert run("atalaya-night", "--dir", tmp_path / "n", *args).returncode == 2


def test_a_taken_port_is_said_before_anything_starts(run, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run("atalaya-night", "--dir", tmp_path / "n", "--scale", "small", "--no-images", "--listen", address)
        assert done.returncode == 2 and address in done.stdout and "--listen" in done.stdout
    assert processes_of(tmp_path / "n") == set()


def test_what_the_city_refuses_is_said(run, tmp_path):
    done = run("atalaya-night", "--dir", tmp_path / "n", *SMALL, "--seed", "x")
    assert done.returncode == 2 and "--seed x" in done.stdout and "prepare.log" in done.stdout


def test_nothing_to_resume(run, tmp_path):
    done = run("atalaya-night", "--dir", tmp_path / "n", "--resume")
    assert done.returncode == 2 and "nada que continuar" in done.stdout


def test_top_without_a_night(run, tmp_path):
    done = run("atalaya-top", "--dir", tmp_path)
    assert done.returncode == 2 and "no es la carpeta de una noche" in done.stderr


def test_drill_is_told(run):
    steps = json.loads(run("atalaya-drill", "--list", "--json").stdout)["steps"]
    assert [s["name"] for s in steps][:2] == ["ceros", "cortes"] and len(steps) == 12
    assert {s["state"] for s in steps} == {"not reached", "not built yet"}
    assert run("atalaya-drill", "otro").returncode == 2


DRILL_BUILT = ("ceros", "cortes", "inundacion", "alteracion", "baja", "regreso", "borde", "origen", "vuelta", "cierre", "informe")


def drill_on(run, folder, *more, seconds=200):
    return run("atalaya-drill", "noche", "--auto", "--json", "--on", folder, *more, seconds=seconds)


@pytest.mark.slow
def test_drill_against_a_running_night(start, run, tmp_path):
    """Every step that does not end the night is really done on it, and it goes on as if nothing had been."""
    folder = tmp_path / "n"
    night = start("atalaya-night", "--dir", folder, *SMALL, "--speed", "600")
    wait_for(running(folder), 40, night.text)
    wait_for(lambda: latest(folder / "public").get("contests", {}).get("jg", {}).get("captured", 0) > 0, 60, night.text)
    before = sorted(f.name for f in folder.iterdir())
    done = drill_on(run, folder)
    steps = {s["name"]: s for s in json.loads(done.stdout)["steps"]}
    for name in DRILL_BUILT:
        if name == "cierre":
            continue
        assert steps[name]["state"] == "passed", steps[name]
    assert steps["cierre"]["state"].startswith("left out")
    assert not night.ended() and sorted(f.name for f in folder.iterdir()) == before
    for name in ("results", "mirror_1", "feed", "site"):
        wait_for(lambda name=name: get(port(folder, name), "/")[0] == 200, 20, name)


def test_drill_only_aims_at_a_night_of_this_machine(run, tmp_path):
    folder = tmp_path / "n"
    assert drill_on(run, folder).returncode == 2
    (folder / "run/status").mkdir(parents=True)
    addresses = {name: f"127.0.0.1:{9 + i}" for i, name in enumerate(
        ("results", "site", "mirror_1", "mirror_2", "feed", "intake"))}
    for wrong in ({}, {"mirror_2": "192.0.2.7:80"}):
        (folder / "night.ini").write_text("".join(f"{k} = {v}\n" for k, v in {**addresses, **wrong}.items()))
        done = drill_on(run, folder)
        assert done.returncode == 2 and ("loopback" if wrong else "no corre ninguna noche") in done.stderr
    assert run("atalaya-drill", "noche", "--quick", "--on", folder).returncode == 2


@pytest.mark.slow
def test_drill_noche(bin_dir, tmp_path):
    done = subprocess.run([bin_dir / "atalaya-drill", "noche", "--auto", "--quick", "--json", "--dir", tmp_path / "d"],
                          capture_output=True, text=True, timeout=400)
    steps = {s["name"]: s for s in json.loads(done.stdout)["steps"]}
    for name in DRILL_BUILT:
        assert steps[name]["state"] == "passed", steps[name]
    unbuilt = [s for s in steps.values() if s["state"] == "not built yet"]
    assert done.returncode == (1 if unbuilt else 0)


def send_early(folder, bin_dir, until):
    """The centres send everything that is due until that moment, whatever the night's clock says."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        feeder = subprocess.Popen([bin_dir / "atalaya-replay", "--dir", folder, "--intake", settings(folder)["intake"],
                                   "--control", str(theirs.fileno())], pass_fds=[theirs.fileno()], stderr=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL)
        theirs.close()
        ours.settimeout(30)
        ours.sendall(f"until {until}\n".encode())
        assert ours.recv(4096)
        ours.close()
        feeder.terminate()
        feeder.wait(10)


def test_nothing_of_votes_before_the_hour(start, bin_dir, tmp_path):
    """Actas come in before the opening: not one of them, nor a hash of it, is under any public tree or comes from the feed."""
    for speed in ("40", "8"):  # 600 s of the night before the hour: 15 s, and more where the machine is slow
        folder = tmp_path / speed
        night = start("atalaya-night", "--dir", folder, *SMALL, "--speed", speed)
        wait_for(running(folder), 60, night.text)
        send_early(folder, bin_dir, "2027-06-07T08:00:00Z")
        entries = list(ledger(folder / "ledger"))
        actas = [i for i, entry in enumerate(entries) if entry.startswith(b"prep-acta/v1\n")]
        assert len(actas) > 10, night.text()
        wait_for(lambda: status_of(folder / "run/status/log").get("held") == "yes", 10, night.text)
        wait_for(lambda: size_of(folder / "mirror-1/public") == actas[0] == size_of(folder / "public"), 10, night.text)
        wait_for(lambda: get(port(folder, "feed"), "/latest.json")[0] == 200, 10, night.text)
        hashes = [leaf(entries[i]) for i in actas]
        found, feed = [], port(folder, "feed")
        for tree in TREES:
            for file in (folder / tree).rglob("*"):
                data = bytes_of(file)
                if b"prep-acta/" in data or any(h in data for h in hashes) or file.parent.name == "acta":
                    found.append(file)
        answers = {path: get(feed, path)[0] for at in range(actas[0] + 1, len(entries) + 1)
                   for path in (f"/log/tile/entries/{at // 256:03d}.p/{at % 256}", f"/log/tile/0/{at // 256:03d}.p/{at % 256}",
                                f"/log/tile/entries/{(at - 1) // 256:03d}") if at % 256}
        votes = [c["votes"] for c in json.loads(get(feed, "/latest.json")[2])["contests"].values()]
        before = status_of(folder / "run/status/night")["time"] < "2027-06-07T01:59:00Z"
        if before:
            break
        night.stop(signal.SIGINT, 30)
    assert before, "the machine is too slow to look before the hour"
    assert found == [] and set(votes) == {0}
    assert set(answers.values()) == {404} and len(answers) > 20
    # When the hour comes they are all there, in their order.
    wait_for(lambda: size_of(folder / "mirror-1/public") >= len(entries), 100, night.text)
    assert get(feed, "/log/checkpoint")[0] == 200
    assert night.stop(signal.SIGINT, 30) == 0


def test_what_dies_while_all_is_checked_again_comes_back(start, tmp_path, bin_dir):
    """The check at the end of a whole night takes its time: the parent goes on watching meanwhile."""
    programs, folder, go = tmp_path / "bin", tmp_path / "n", tmp_path / "go"
    programs.mkdir()
    for program in bin_dir.glob("atalaya*"):
        (programs / program.name).symlink_to(program.resolve())
    (programs / "atalaya-verify").unlink()
    (programs / "atalaya-verify").write_text(
        f"#!/bin/sh\necho > {tmp_path}/checking\nwhile [ ! -e {go} ]; do sleep 0.05; done\nexec {bin_dir.resolve()}/atalaya-verify \"$@\"\n")
    (programs / "atalaya-verify").chmod(0o755)
    night = start("atalaya-night", "--dir", folder, *SMALL, "--speed", "max", "--once", "--cut-s", "7200", "--no-images",
                  "--quiet", env={"ATALAYA_BIN": str(programs)})
    wait_for((tmp_path / "checking").exists, 60, night.text)
    os.kill(int(status_of(folder / "run/status/site")["pid"]), signal.SIGKILL)
    wait_for(lambda: "site arriba otra vez" in night.text(), 20, night.text)
    seen = status_of(folder / "run/status/night")
    wait_for(lambda: status_of(folder / "run/status/night")["restarts"] == "1" and seen["done"] == "no", 10, night.text)
    go.touch()
    assert night.process.wait(60) == 0, night.text()
    assert "Todo bien" in night.text() and "gone-night" not in (folder / "run/log/night.log").read_text()
