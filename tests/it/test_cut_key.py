"""The key of the cuts changes while a night runs: lost (docs/runbooks/cut-key-lost.md) and stolen (cut-key-stolen.md). No edge and no
difusor is started again, no request fails, old cuts stay verifiable, and whoever has the old key can sign nothing more."""
import base64
import hashlib
import json
import signal
import threading

import pytest

from conftest import get, status_of, wait_for
from log_kit import Key
from night_ledger import Election, Night, SMALL, opening
from signed_tree import Signer, Tree, leaf
from test_keys import checkpoint, cut_of, field, of_type, ok, signed_by
from test_keys import keys, night  # noqa: F401  (fixtures)
from test_mirror import Feed, feed, held_cut, holds  # noqa: F401  (fixtures)

STEPS = ["made", "entered", "pinned", "key"]


# --- a whole night, two difusores that follow, readers that never stop ---


def ports(folder):
    lines = (folder / "night.ini").read_text().splitlines()
    found = dict(map(str.strip, line.split("=", 1)) for line in lines if "=" in line and not line.startswith("#"))
    return {name: int(found[name.replace("-", "_")].rsplit(":", 1)[1]) for name in ("results", "feed", "mirror-1", "mirror-2")}


class Readers:
    """One for each place, asking all the time; what did not come whole is remembered."""

    PATHS = ["/", "/latest.json", "/cut/0/manifest", "/estado"]

    def __init__(self, at):
        self.at, self.failed, self.asked, self.over = at, [], 0, threading.Event()
        self.threads = [threading.Thread(target=self.read, args=(name, port)) for name, port in at.items()]
        for thread in self.threads:
            thread.start()

    def read(self, name, port):
        turn = 0
        while not self.over.wait(0.02):
            path = self.PATHS[turn % len(self.PATHS)]
            status, _, body = get(port, path)
            self.asked, turn = self.asked + 1, turn + 1
            if status != 200 or not body:
                self.failed.append((name, path, status))

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(10)


def pids(folder):
    """Of the programs that serve, as they say it themselves."""
    names = ["results", "feed", "mirror-1", "mirror-1-edge", "mirror-2", "mirror-2-edge"]
    return {name: status_of(folder / f"run/status/{name}")["pid"] for name in names}


def verified(run, folder, tree):
    """The tree by what a citizen has pinned: the policy of the ceremony."""
    done = run("atalaya-verify", folder / tree, "--policy", folder / "public/log/policy.1", "--wait", "30")
    assert done.returncode == 0, done.stdout + done.stderr


def shows(port, vkey):
    return lambda: get(port, "/log/cut.vkey")[2].decode().strip() == vkey


@pytest.mark.slow
@pytest.mark.parametrize("how", ["lost", "stolen"])
def test_a_rotation_while_everybody_reads(night, keys, run, how):
    folder = night.folder
    at = ports(folder)
    for name in ("mirror-1", "mirror-2"):
        wait_for(lambda: cut_of(folder, f"{name}/public") >= 1, 40, night.text)
    wait_for(lambda: all(get(port, "/cut/0/manifest")[0] == 200 for port in at.values()), 20, "cut 0 is not everywhere")
    old_vkey = (folder / "keys/cut.key.pub").read_text().strip()
    before = pids(folder)
    readers = Readers(at)
    try:
        if how == "lost":
            (folder / "keys/cut.key").unlink()
            out = ok(keys("rotate", "cut", "--dir", folder))
        else:
            out = ok(keys("rotate", "cut", "--stolen", "--dir", folder))
        vkey = out.splitlines()[0]
        first = cut_of(folder) + 1
        wait_for(lambda: cut_of(folder) > first, 60, lambda: (folder / "run/log/cut.log").read_text()[-2000:])
        for name, port in at.items():
            wait_for(shows(port, vkey), 40, f"{name} does not show the new key")
            wait_for(lambda: json.loads(get(port, "/latest.json")[2])["cut"] > first, 40, f"{name} does not go on")
    finally:
        readers.stop()
    assert readers.failed == [] and readers.asked > 200
    assert pids(folder) == before, "somebody was started again"

    old, new = [e for e in of_type(folder, "prep-key/v1") if field(e[1], "role") == "cut"]
    assert field(new[1], "vkey") == vkey and field(new[1], "replaces") == str(old[0])
    turned = [int(field(e, "number")) for i, e in of_type(folder, "prep-cut/v1") if i > new[0]][0]
    for number in range(cut_of(folder)):
        note = (folder / f"public/cut/{number}/manifest").read_bytes()
        assert signed_by(note, vkey if number >= turned else old_vkey) is True, number
    pins = (folder / "pins/cut.vkeys").read_text()
    assert pins == f"cut 0 {old_vkey}\ncut {turned} {vkey}\n"
    for name in ("mirror-1", "mirror-2"):
        assert (folder / name / "pins/cut.vkeys").read_text() == pins
    wait_for(lambda: checkpoint(folder)[2] > new[0], 20, "a checkpoint must cover the key")
    verified(run, folder, "public")
    verified(run, folder, "mirror-1/public")


# --- killed at each step ---


@pytest.fixture
def small(tmp_path, bin_dir):
    one = Night(tmp_path / "n", bin_dir, bound=True)
    yield one
    one.close()


def rotate(run, small, *more):
    return run("atalaya-keys", "rotate", "cut", "--dir", small.dir, *more)


def bound_keys(small):
    return [field(e, "vkey") for e in small.ledger.entries if e.startswith(b"prep-key/v1\n")]


@pytest.mark.parametrize("step", STEPS)
def test_a_rotation_that_is_killed(run, small, step):
    """Entry, key on disk, first signature: in that order, whenever it ends; and the same command goes on from there."""
    small.start()
    wait_for(lambda: (small.dir / "public/latest.json").exists(), 20, small.log)
    old = bound_keys(small)[0]
    dead = rotate(run, small, "--crash-at", step)
    assert dead.returncode == -signal.SIGKILL
    entered, in_place = step != "made", step == "key"
    assert len(bound_keys(small)) == 1 + entered
    assert (small.dir / "keys/cut.key").exists(), "at no moment there is no key"
    held = Key.read(small.dir / "keys/cut.key").vkey
    assert held == (bound_keys(small)[1] if in_place else old)
    small.add(1, at=60)
    answer = small.cut(60)
    if entered and not in_place:  # a key is bound that nobody has yet: no cut, and a sentence that says what to do
        assert answer.startswith("error") and "termine la rotación" in answer
        assert not (small.dir / "public/cut/1/manifest").exists()
    else:
        assert answer.startswith("ok"), answer
    out = ok(rotate(run, small))
    vkey = out.splitlines()[0]
    assert bound_keys(small) == [old, vkey] if not in_place else bound_keys(small)[:1] == [old]
    for at in (120, 180):
        small.add(at // 60, at=at)
        assert small.cut(at).startswith("ok"), small.log()
    newest = json.loads((small.dir / "public/latest.json").read_bytes())["cut"]
    assert signed_by((small.dir / f"public/cut/{newest}/manifest").read_bytes(), vkey) is True
    assert (small.dir / "public/log/cut.vkey").read_text().strip() == vkey
    assert (small.dir / "keys/cut.key.pub").read_text().strip() == vkey
    kept = sorted(p.name for p in (small.dir / "keys").iterdir() if ".new" in p.name)
    assert kept == [], kept
    assert Key.read(small.dir / "keys/cut.key.old-1").vkey == old
    small.sign()
    done = run("atalaya-verify", small.dir / "public")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("step", ["appended", "signed", "keyed", "placed", "entered"])
def test_a_cut_that_ended_before_its_signature_and_then_its_key_is_lost(run, small, step):
    """The log has the entry of cut 1; whoever signs it must sign exactly that."""
    small.start("--crash-at", "appended")
    small.cut_process.wait(20)  # cut 0's entry is there, unsigned
    small.start()
    wait_for(lambda: (small.dir / "public/latest.json").exists(), 20, small.log)
    small.stop()
    small.add(1, at=60)
    small.start("--crash-at", step)
    with pytest.raises(AssertionError):
        small.cut(60)
    (small.dir / "keys/cut.key").unlink()
    small.cut_process.wait(20)
    ok(rotate(run, small))
    small.start()
    wait_for(lambda: json.loads((small.dir / "public/latest.json").read_bytes())["cut"] == 1, 20, small.log)
    small.add(2, at=120)
    assert small.cut(120).startswith("ok"), small.log()
    small.sign()
    done = run("atalaya-verify", small.dir / "public")
    assert done.returncode == 0, done.stdout


def test_a_rotation_begun_anew_after_the_sequencer_said_no(run, small):
    small.start()
    wait_for(lambda: (small.dir / "public/latest.json").exists(), 20, small.log)
    small.refuse = "the store is being opened"
    refused = rotate(run, small)
    assert refused.returncode != 0 and "being opened" in refused.stderr
    waiting = (small.dir / "keys/cut.key.new.pub").read_text().strip()
    small.refuse = None
    assert ok(rotate(run, small)).splitlines()[0] == waiting


# --- an edge by itself ---


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "public")


def pin(path, *keys_from):
    beside = path.with_name(path.name + "~")
    beside.write_text("".join(f"cut {cut} {signer.vkey}\n" for cut, signer in keys_from))
    beside.rename(path)


@pytest.fixture
def edge(start, tmp_path, tree):
    """An edge with its keys in a file; .cut() is what it shows."""
    pins = tmp_path / "pins/cut.vkeys"
    pins.parent.mkdir()
    pin(pins, (0, tree.signer))
    port_file = tmp_path / "edge-status"
    one = start("atalaya-edge", "--listen", "127.0.0.1:0", "--tree", tree.root, "--role", "results", "--name", "uno", "--status",
                port_file, "--vkey", pins)
    one.port = int(wait_for(lambda: "http://127.0.0.1:" in one.text() and one.text().split("127.0.0.1:")[1].split("/")[0], 10,
                            one.text))
    one.pins, one.status = pins, lambda: status_of(port_file)

    def cut():
        status, _, body = get(one.port, "/latest.json")
        return json.loads(body)["cut"] if status == 200 else None

    one.cut = cut
    return one


def test_an_edge_takes_the_next_key_as_it_runs(edge, tree):
    old, new = tree.signer, Signer(seed=b"\x11" * 32)
    tree.cut()
    wait_for(lambda: edge.cut() == 0, 10, edge.text)
    pin(edge.pins, (0, old), (1, new))
    tree.signer = new
    tree.cut()
    wait_for(lambda: edge.cut() == 1, 10, edge.text)
    assert get(edge.port, "/log/cut.vkey")[2].decode() == new.vkey + "\n"
    assert get(edge.port, "/cut/0/manifest")[0] == 200  # an old cut stays under its key
    tree.signer = old
    tree.cut()
    wait_for(lambda: "signs nothing from cut 1 on" in edge.status().get("alarm", ""), 10, edge.text)
    assert edge.cut() == 1 and edge.status()["restarts"] == "0"


def test_an_edge_refuses_a_key_that_it_was_not_told_of(edge, tree):
    tree.cut()
    wait_for(lambda: edge.cut() == 0, 10, edge.text)
    mine, tree.signer = tree.signer, Signer(seed=b"\x11" * 32)
    tree.cut()
    wait_for(lambda: "signed by no key that the log binds" in edge.status().get("alarm", ""), 10, edge.text)
    for broken in (f"cut 5 {mine.vkey}\ncut 1 {tree.signer.vkey}\n", "esto no es una clave\n", "", f"cut 0 {tree.signer.vkey}\n"):
        before = edge.text().count("vkey_refused")
        edge.pins.write_text(broken)
        wait_for(lambda: edge.text().count("vkey_refused") > before, 10, edge.text)
        assert edge.cut() == 0
    pin(edge.pins, (0, mine), (1, tree.signer))
    wait_for(lambda: edge.cut() == 1 and edge.status().get("alarm") == "-", 10, edge.text)


def test_an_edge_lets_go_of_a_cut_that_a_thief_signed(edge, tree, tmp_path):
    """Signed before the rotation was known; it is not of the history that goes on."""
    thief = Tree(tmp_path / "thief", tree.signer)
    tree.cut()
    thief.cut()
    for file in (tree.root / "cut").rglob("*"):
        if file.is_file():
            thief.put(file.relative_to(tree.root).as_posix(), file.read_bytes())
    thief.previous = hashlib.sha256((tree.root / "cut/0/manifest").read_bytes().rpartition(b"\n\n")[0] + b"\n").hexdigest()
    wait_for(lambda: edge.cut() == 0, 10, edge.text)
    thief.cut(pages={"index.html": b"<p>cifras de otro"})
    for path in ("cut/1/index.html", "cut/1/manifest", "index.html", "latest.json"):
        tree.put(path, (thief.root / path).read_bytes())
    wait_for(lambda: get(edge.port, "/cut/1/")[2] == b"<p>cifras de otro", 10, edge.text)
    new, old = Signer(seed=b"\x11" * 32), tree.signer
    pin(edge.pins, (0, old), (1, new))
    wait_for(lambda: edge.cut() is None, 10, edge.text)
    tree.signer = new
    tree.cut(pages={"index.html": b"<p>las cifras"})
    wait_for(lambda: edge.cut() == 1, 10, edge.text)
    assert get(edge.port, "/cut/1/")[2] == b"<p>las cifras"


def test_an_edge_without_a_key_yet(start, tmp_path, tree):
    """A difusor's edge is there before the log has said which key signs."""
    pins = tmp_path / "cut.vkeys"
    pins.write_text("")
    tree.cut()
    one = start("atalaya-edge", "--listen", "127.0.0.1:0", "--tree", tree.root, "--role", "mirror", "--name", "uno", "--vkey", pins)
    port = int(wait_for(lambda: "http://127.0.0.1:" in one.text() and one.text().split("127.0.0.1:")[1].split("/")[0], 10, one.text))
    assert get(port, "/latest.json")[0] == 503
    pin(pins, (0, tree.signer))
    wait_for(lambda: get(port, "/latest.json")[0] == 200, 10, one.text)


# --- a difusor against feeds that lie about keys ---


def key_entry(vkey, replaces="-"):
    return f"prep-key/v1\nrole cut\nvkey {vkey}\ntime 2027-06-07T00:00:00Z\nreplaces {replaces}\n".encode()


class Bound(Tree):
    """A feed whose log begins as a night's: opening, definition, the key of the cuts."""

    def __init__(self, root, extra=()):
        origin = Election(SMALL).ini["origin"]
        super().__init__(root, Signer(origin))
        self.log = Signer(origin, seed=b"\x09" * 32)
        self.entries = [e.encode() for e in opening(Election(SMALL))]
        self.bind(self.signer)

    def bind(self, signer, replaces=None):
        found = [i for i, e in enumerate(self.entries) if e.startswith(b"prep-key/v1\nrole cut")]
        self.entries.append(key_entry(signer.vkey, replaces if replaces is not None else found[-1] if found else "-"))

    def turn(self, seed=b"\x11" * 32):
        """A rotation: entry, then the new key signs."""
        new = Signer(self.signer.name, seed)
        self.bind(new)
        old, self.signer = self.signer, new
        return old


@pytest.fixture
def bound(feed):
    return Bound(feed.root)


@pytest.fixture
def mirror(start, tmp_path, feed, bound):
    one = start("atalaya-mirror", "--feed", f"http://127.0.0.1:{feed.port}/", "--log-vkey", bound.log.vkey, "--dir", tmp_path / "m",
                "--status", tmp_path / "mirror-1", "--poll-ms", "20")
    one.alarm = lambda: status_of(tmp_path / "mirror-1").get("alarm", "")
    one.shown = lambda path: (tmp_path / "m/public" / path).read_bytes()
    return one


def test_a_mirror_takes_keys_from_the_log(mirror, bound, tmp_path):
    bound.cut()
    wait_for(holds(tmp_path, 0), 10, mirror.text)
    old = bound.turn()
    bound.cut()
    wait_for(holds(tmp_path, 1), 10, mirror.text)
    assert mirror.shown("log/cut.vkey").decode() == bound.signer.vkey + "\n"
    assert (tmp_path / "m/pins/cut.vkeys").read_text() == f"cut 0 {old.vkey}\ncut 1 {bound.signer.vkey}\n"
    wait_for(lambda: mirror.alarm() == "-", 10, mirror.alarm)  # it has had one if it saw the cut before its checkpoint


def test_a_mirror_that_comes_late_or_back(run, mirror, bound, feed, tmp_path):
    """Over a rotation: the whole history from the start, and a start over what lies there."""
    bound.cut()
    bound.cut()
    bound.turn()
    bound.cut()
    wait_for(holds(tmp_path, 2), 10, mirror.text)
    mirror.stop()
    words = ["--feed", f"http://127.0.0.1:{feed.port}/", "--log-vkey", bound.log.vkey, "--once"]
    assert run("atalaya-mirror", *words, "--dir", tmp_path / "m").returncode == 0
    assert run("atalaya-mirror", *words, "--dir", tmp_path / "late").returncode == 0
    assert (tmp_path / "late/pins/cut.vkeys").read_bytes() == (tmp_path / "m/pins/cut.vkeys").read_bytes()
    # a key that was pinned besides must be one that the log binds
    assert run("atalaya-mirror", *words, "--vkey", bound.signer.vkey, "--dir", tmp_path / "two").returncode == 0
    other = run("atalaya-mirror", *words, "--vkey", Signer(seed=b"\x22" * 32).vkey, "--dir", tmp_path / "three")
    assert other.returncode == 1 and "no es de las que ata el registro" in other.stderr


def test_a_mirror_refuses_the_old_key_after_its_end(mirror, bound, tmp_path):
    bound.cut()
    wait_for(holds(tmp_path, 0), 10, mirror.text)
    bound.signer = bound.turn()  # the thief goes on with the old one
    bound.cut()
    wait_for(lambda: "signs nothing from cut 1 on" in mirror.alarm(), 10, mirror.text)
    assert held_cut(tmp_path) == 0


def test_a_mirror_refuses_a_key_that_is_not_in_the_log(mirror, bound, tmp_path):
    """The bundle has a key entry that the signed root does not cover."""
    bound.cut()
    wait_for(holds(tmp_path, 0), 10, mirror.text)
    thief = Signer(bound.signer.name, b"\x33" * 32)
    bound.signer = thief
    bound.cut()  # signed by a key that nobody bound
    wait_for(lambda: "signed by no key that the log binds" in mirror.alarm(), 10, mirror.text)
    bound.held_back = True
    bound.entries.insert(-1, key_entry(thief.vkey, [i for i, e in enumerate(bound.entries) if e.startswith(b"prep-key")][-1]))
    leaves = [leaf(e) for e in bound.entries]
    note = bound.checkpoint(leaves)
    forged = Signer(bound.log.name, b"\x44" * 32).note(note.split(b"\n\n")[0] + b"\n")
    bound.put(f"log/tile/entries/000.p/{len(leaves)}", bound.bundle(0, len(leaves)))
    bound.put("log/checkpoint", forged)
    wait_for(lambda: "firm" in mirror.alarm() or "sign" in mirror.alarm(), 10, mirror.text)
    assert held_cut(tmp_path) == 0
    assert (tmp_path / "m/pins/cut.vkeys").read_text().count("\n") == 1


@pytest.mark.parametrize("what", ["before the definition", "ahead of the policy", "one that comes back", "one that does not follow",
                                  "of another name"])
def test_a_mirror_refuses_keys_where_none_may_stand(mirror, bound, tmp_path, what):
    """With the log's own key in the wrong hands: signed, and against the rule all the same."""
    thief = Signer(bound.signer.name, b"\x33" * 32)
    first = [i for i, e in enumerate(bound.entries) if e.startswith(b"prep-key")][0]
    note = "una política\n\n— x AAAA\n".encode()
    policy = (f"prep-policy/v1\nversion 1\nsha256 {hashlib.sha256(note).hexdigest()}\n"
              f"note {base64.b64encode(note).decode()}\n").encode()
    if what == "before the definition":
        bound.entries.insert(1, key_entry(thief.vkey))
    elif what == "ahead of the policy":
        bound.entries.append(policy)
    elif what == "one that comes back":
        old = bound.turn()
        bound.bind(old)
    elif what == "one that does not follow":
        bound.turn()
        bound.entries.append(key_entry(thief.vkey, first))
    else:
        bound.bind(Signer("otra.mx", b"\x33" * 32))
    bound.cut()
    wait_for(lambda: "el registro se contradice" in mirror.alarm(), 10, lambda: mirror.text() + mirror.alarm())
    assert held_cut(tmp_path) is None


def test_a_mirror_keeps_what_it_knew_of_the_keys(mirror, bound, feed, start, tmp_path):
    """Its copy of the log is damaged and the feed is gone: the cut that it holds stays up, by the keys that it had kept."""
    bound.cut()
    bound.turn()
    bound.cut()
    wait_for(holds(tmp_path, 1), 10, mirror.text)
    mirror.stop()
    feed.down()
    for bundle in (tmp_path / "m/public/log/tile/entries").rglob("*"):
        if bundle.is_file():
            bundle.write_bytes(b"\0\1x")
    one = start("atalaya-mirror", "--feed", f"http://127.0.0.1:{feed.port}/", "--log-vkey", bound.log.vkey, "--dir", tmp_path / "m",
                "--status", tmp_path / "mirror-1", "--poll-ms", "20")
    wait_for(lambda: status_of(tmp_path / "mirror-1").get("feed") == "lost", 10, one.text)
    assert held_cut(tmp_path) == 1
