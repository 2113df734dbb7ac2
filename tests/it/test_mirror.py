"""A difusor against a feed that is honest, silent, or lies: it shows verified bytes only, and never less than it had."""
import functools
import http.server
import json
import random
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

from conftest import status_of, wait_for
from signed_tree import Signer, Tree, sha256

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "shim"))
from crash import Disk  # noqa: E402


class Quiet(http.server.SimpleHTTPRequestHandler):
    # HTTP/1.0: a kept connection would go on answering after the server is gone

    def log_message(self, *args):
        pass


class Feed:
    """Python's own web server over the tree's folder."""

    def __init__(self, root):
        self.root, self.server = root, None
        root.mkdir(exist_ok=True)
        self.place = socket.socket()  # keeps the port while nobody listens there
        self.place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.place.bind(("127.0.0.1", 0))
        self.port = self.place.getsockname()[1]
        self.up()

    def up(self):
        handler = functools.partial(Quiet, directory=str(self.root))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


@pytest.fixture
def feed(tmp_path):
    feed = Feed(tmp_path / "feed")
    yield feed
    feed.down()


@pytest.fixture
def tree(feed):
    return Tree(feed.root)


@pytest.fixture
def mirror_args(tmp_path, feed, tree):
    return ["--feed", f"http://127.0.0.1:{feed.port}/", "--vkey", tree.signer.vkey, "--log-vkey", tree.log.vkey,
            "--dir", tmp_path / "m",
            "--status", tmp_path / "mirror-1", "--poll-ms", "20"]


def published(tmp_path, path):
    file = tmp_path / "m" / "public" / path
    return file.read_bytes() if file.exists() else None


def held_cut(tmp_path):
    latest = published(tmp_path, "latest.json")
    return json.loads(latest)["cut"] if latest else None


def holds(tmp_path, cut):
    return lambda: held_cut(tmp_path) == cut


def test_copies_and_follows(start, tmp_path, tree, mirror_args):
    picture = tree.add_image(b"\xff\xd8 una foto")
    tree.cut(chunks=[b"<p>filas"])
    mirror = start("atalaya-mirror", *mirror_args)
    wait_for(holds(tmp_path, 0), say=mirror.text)
    assert published(tmp_path, "index.html") == b"<p>portada del corte 0"
    assert published(tmp_path, f"chunk/{sha256(b'<p>filas')}.html") == b"<p>filas"
    assert published(tmp_path, "cut/0/manifest") == (tree.root / "cut/0/manifest").read_bytes()
    assert published(tmp_path, "latest.json") == (tree.root / "latest.json").read_bytes()
    wait_for(lambda: published(tmp_path, f"acta/{picture}.jpg") == b"\xff\xd8 una foto", say="no image")
    scan = tree.add_image(b"\x89PNG otra", "png")
    tree.cut()
    wait_for(holds(tmp_path, 1), say=mirror.text)
    wait_for(lambda: published(tmp_path, f"acta/{scan}.png"), say="no second image")
    status = wait_for(lambda: (s := status_of(tmp_path / "mirror-1")).get("cut") == "1" and s, say="no status")
    assert status["feed"] == "ok" and status["rejected"] == "0" and status["state"] == "running"
    assert mirror.stop() == 0


def test_once(run, tmp_path, tree, mirror_args):
    tree.cut()
    done = run("atalaya-mirror", *mirror_args, "--once")
    assert done.returncode == 0, done.stderr
    assert "corte 0" in done.stdout
    assert held_cut(tmp_path) == 0


def test_late_comer_gets_the_whole_log(start, tmp_path, tree, mirror_args):
    for _ in range(4):
        tree.entries += [b"prep-notice/v1\n"] * 100
        tree.cut()
    mirror = start("atalaya-mirror", *mirror_args)
    wait_for(holds(tmp_path, 3), say=mirror.text)
    assert published(tmp_path, "log/tile/entries/000") == tree.bundle(0, len(tree.entries))
    assert published(tmp_path, f"log/tile/entries/001.p/{len(tree.entries) - 256}") is not None
    assert published(tmp_path, "cut/1/manifest") is not None
    assert published(tmp_path, "cut/1/index.html") is None  # bodies of cuts it missed are not its business


def test_feed_gone_and_back(start, tmp_path, feed, tree, mirror_args):
    tree.cut()
    mirror = start("atalaya-mirror", *mirror_args)
    wait_for(holds(tmp_path, 0), say=mirror.text)
    wait_for(lambda: (tmp_path / "m/feed-state").read_text().startswith("ok 20"), say="not said")  # its look has ended
    feed.down()
    wait_for(lambda: (tmp_path / "m/feed-state").read_text().startswith("lost 20"), say="not said")
    status = wait_for(lambda: (s := status_of(tmp_path / "mirror-1")).get("feed") == "lost" and s, say="not said")
    assert status["state"] == "degraded" and status["cut"] == "0"
    assert held_cut(tmp_path) == 0
    tree.cut()
    feed.up()
    wait_for(holds(tmp_path, 1), say=mirror.text)
    wait_for(lambda: (tmp_path / "m/feed-state").read_text().startswith("ok 20"), say="not said")


def tamper_page(tree):
    tree.cut(pages={"index.html": b"honesto"})
    tree.put("cut/1/index.html", b"tramposo"[:7])


def tamper_entry_page(tree):
    tree.cut()
    tree.put("index.html", b"<p>portada del corte 9")


def tamper_pointer(tree):
    tree.cut()
    latest = (tree.root / "latest.json").read_bytes()
    tree.put("latest.json", latest.replace(b'"votes":100', b'"votes":999'))


def tamper_manifest(tree):
    tree.cut()
    note = (tree.root / "cut/1/manifest").read_bytes()
    tree.put("cut/1/manifest", note.replace(b"cut 1", b"cut 1", 1).replace(b"log-size 1", b"log-size 9"))


def sign_with_another_key(tree):
    tree.signer = Signer(seed=b"\x08" * 32)
    tree.cut()


def sign_with_another_name(tree):
    tree.signer = Signer(name="prep.example.mx/otra")
    tree.cut()


def tell_another_history(tree):
    tree.previous = "ab" * 32
    tree.cut()


def without_pointer(text):
    lines = [line for line in text.decode().splitlines() if not line.endswith(" latest.json")]
    files = next(i for i, line in enumerate(lines) if line.startswith("files "))
    lines[files] = f"files {int(lines[files].split()[1]) - 1}"
    return ("\n".join(lines) + "\n").encode()


def leave_out_the_pointer(tree):
    tree.cut(alter=without_pointer)


def name_a_bundle(tree):
    tree.cut(foreign={"log/tile/entries/000.p/1": b"\0\1x"})


def enter_another_manifest(tree):
    """The log speaks of another cut 1 than the one that is shown."""
    tree.cut(log=False)
    tree.entries[-1] = tree.entries[-1].replace(tree.previous.encode(), b"ab" * 32)
    tree.publish_log()


def sign_the_log_with_another_key(tree):
    tree.log = Signer(seed=b"\x0a" * 32)
    tree.cut()


def sign_another_log(tree):
    tree.log = Signer(name="prep.example.mx/otro", seed=b"\x09" * 32)
    tree.cut()


def leave_out_an_entry(tree):
    """The bundle has other entries than the tiles and the root."""
    tree.entries += [b"prep-notice/v1\n", b"prep-acta/v1\nuna\n"]
    tree.cut(log=False)
    honest = tree.bundle
    tree.bundle = lambda number, size: honest(number, size).replace(b"una", b"UNA")
    tree.publish_log()


def name_a_foreign_path(tree):
    tree.cut(foreign={"estado": b"{}"})


def name_another_cut(tree):
    tree.cut(foreign={"cut/0/index.html": b"otro"})


def cut_the_bundle_short(tree):
    tree.entries += [b"prep-notice/v1\n"] * 3
    tree.bundle = lambda number, size: b"\x00\x05prep"
    tree.cut()


def forge_the_minisig(tree):
    tree.cut()
    tree.put("cut/1/manifest.minisig", b"untrusted comment: x\nRUQAAAA=\ntrusted comment: y\nAAAA\n")


LIES = [name_a_bundle, enter_another_manifest, sign_the_log_with_another_key, sign_another_log, leave_out_an_entry, forge_the_minisig, tamper_page, tamper_entry_page, tamper_pointer, tamper_manifest, sign_with_another_key, sign_with_another_name,
        tell_another_history, leave_out_the_pointer, name_a_foreign_path, name_another_cut, cut_the_bundle_short]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_a_lying_feed_is_refused(start, tmp_path, tree, mirror_args, lie):
    tree.cut(pages={"index.html": b"bueno"})
    mirror = start("atalaya-mirror", *mirror_args)
    wait_for(holds(tmp_path, 0), say=mirror.text)
    before = {p: p.read_bytes() for p in (tmp_path / "m/public").glob("*") if p.is_file()}
    tree.held_back = True  # no mirror takes the cut before its log, so that no honest moment can be seen
    lie(tree)
    tree.publish_log()
    status = wait_for(lambda: (s := status_of(tmp_path / "mirror-1")).get("rejected", "0") != "0" and s, say=mirror.text)
    assert status["alarm"].startswith("no se acepta"), status
    assert status["cut"] == "0"
    for path, data in before.items():
        assert path.read_bytes() == data
    assert published(tmp_path, "cut/1/index.html") in (None, b"<p>corte 1")
    assert not (tmp_path / "m/public/estado").exists()
    assert not mirror.ended()


def test_a_proof_of_another_cut_is_not_taken(start, tmp_path, tree, mirror_args):
    tree.cut()
    mirror = start("atalaya-mirror", *mirror_args)
    wait_for(lambda: published(tmp_path, "log/cut-0.tlog-proof"), say=mirror.text)
    good = (tree.root / "log/cut-0.tlog-proof").read_bytes()
    assert published(tmp_path, "log/cut-0.tlog-proof") == good
    tree.put("log/cut-1.tlog-proof", good)
    tree.cut()
    wait_for(lambda: status_of(tmp_path / "mirror-1").get("rejected", "0") != "0", say=mirror.text)
    assert held_cut(tmp_path) == 1 and published(tmp_path, "log/cut-1.tlog-proof") is None
    (tree.root / "log/cut-1.tlog-proof").unlink()
    tree.publish_log()
    wait_for(lambda: published(tmp_path, "log/cut-1.tlog-proof"), say=mirror.text)


def checkpoint_size(data):
    return int(data.split(b"\n")[1]) if data else -1


def test_a_cut_waits_for_its_entry(start, tmp_path, tree, mirror_args):
    """A cut that no checkpoint covers is not shown, and that is no lie."""
    tree.cut()
    mirror = start("atalaya-mirror", *mirror_args)
    wait_for(holds(tmp_path, 0), say=mirror.text)
    tree.cut(log=False)
    tree.put("latest.json", (tree.root / "latest.json").read_bytes())
    wait_for(lambda: int(status_of(tmp_path / "mirror-1").get("files_fetched", 0)) > 0, say=mirror.text)
    before = status_of(tmp_path / "mirror-1")["time"]
    wait_for(lambda: status_of(tmp_path / "mirror-1").get("time", before) > before, say=mirror.text)
    assert held_cut(tmp_path) == 0 and status_of(tmp_path / "mirror-1")["rejected"] == "0"
    tree.publish_log()
    wait_for(holds(tmp_path, 1), say=mirror.text)


def test_the_log_is_followed_between_cuts(start, tmp_path, tree, mirror_args):
    tree.cut()
    mirror = start("atalaya-mirror", *mirror_args)
    for size in (3, 200, 256, 257, 700, 1100):
        tree.entries += [f"prep-notice/v1\n{n}\n".encode() for n in range(len(tree.entries), size)]
        tree.publish_log()
        wait_for(lambda: checkpoint_size(published(tmp_path, "log/checkpoint")) == size, say=mirror.text)
    assert published(tmp_path, "log/checkpoint") == (tree.root / "log/checkpoint").read_bytes()
    for tile in ("entries/003", "0/003", "entries/004.p/76", "0/004.p/76", "1/000.p/4"):  # its own, of the same bytes
        assert published(tmp_path, f"log/tile/{tile}") == (tree.root / f"log/tile/{tile}").read_bytes(), tile
    wait_for(lambda: not (tmp_path / "m/public/log/tile/0/000.p").exists(), say="partial tiles stay for ever")


def fork(tree, at, more):
    """Another history from entry `at` on, `more` entries longer."""
    tree.entries = tree.entries[:at] + [b"prep-notice/v1\notra historia\n"] * (len(tree.entries) - at + more)
    tree.publish_log()


@pytest.mark.parametrize("entries,at,more", [(10, 5, 3), (10, 5, 0), (10, 5, -2), (300, 20, 400), (300, 290, 1)])
def test_two_histories_are_evidence(start, tmp_path, tree, mirror_args, entries, at, more):
    """Both checkpoints are kept and served, it says so, and it goes on with the history that it knew."""
    tree.entries += [f"prep-notice/v1\n{n}\n".encode() for n in range(entries)]
    tree.cut()
    known = list(tree.entries)
    mirror = start("atalaya-mirror", *mirror_args)
    wait_for(holds(tmp_path, 0), say=mirror.text)
    first = (tree.root / "log/checkpoint").read_bytes()
    fork(tree, at, more)
    second = (tree.root / "log/checkpoint").read_bytes()
    status = wait_for(lambda: (s := status_of(tmp_path / "mirror-1")).get("log_conflict") == "yes" and s, say=mirror.text)
    assert "dos historias" in status["alarm"]
    kept = {p.read_bytes() for p in (tmp_path / "m/public/log/evidence").iterdir()}
    assert kept == {first, second}
    assert published(tmp_path, "log/checkpoint") == first and held_cut(tmp_path) == 0
    assert (tmp_path / "m/feed-state").read_text().startswith("conflict ")
    mirror.stop()
    tree.entries = known
    tree.cut()
    mirror = start("atalaya-mirror", *mirror_args)
    wait_for(holds(tmp_path, 1), say=mirror.text)
    status = wait_for(lambda: (s := status_of(tmp_path / "mirror-1")).get("cut") == "1" and s, say=mirror.text)
    assert status["log_conflict"] == "yes"  # until a person has looked at it


def test_memory_is_longer_than_the_folder(start, tmp_path, tree, mirror_args):
    """A mirror whose published folder was lost still knows what it has verified."""
    tree.cut()
    mirror = start("atalaya-mirror", *mirror_args)
    wait_for(holds(tmp_path, 0), say=mirror.text)
    mirror.stop()
    (tmp_path / "m/public").rename(tmp_path / "lost")
    fork(tree, 0, 5)
    mirror = start("atalaya-mirror", *mirror_args)
    wait_for(lambda: status_of(tmp_path / "mirror-1").get("log_conflict") == "yes", say=mirror.text)
    assert published(tmp_path, "log/checkpoint") is None and held_cut(tmp_path) is None


def test_a_damaged_bundle_is_fetched_again(start, run, tmp_path, tree, mirror_args):
    tree.entries += [f"prep-notice/v1\n{n}\n".encode() for n in range(300)]
    tree.cut()
    assert run("atalaya-mirror", *mirror_args, "--once").returncode == 0
    bundle = tmp_path / "m/public/log/tile/entries/000"
    bundle.write_bytes(bundle.read_bytes().replace(b"17", b"71"))
    mirror = start("atalaya-mirror", *mirror_args)
    wait_for(lambda: bundle.read_bytes() == tree.bundle(0, 300), say=mirror.text)


def test_entries_from_another_mirror(start, tmp_path, feed, tree, mirror_args):
    """A feed that lost its bundles; another difusor has them, and they prove themselves."""
    tree.entries += [f"prep-notice/v1\n{n}\n".encode() for n in range(300)]
    tree.cut()
    first = start("atalaya-mirror", *mirror_args)
    wait_for(holds(tmp_path, 0), say=first.text)
    first.stop()
    other = Feed(tmp_path / "m/public")
    try:
        (tree.root / "log/tile/entries").rename(tree.root / "lost")
        second = start("atalaya-mirror", *mirror_args[:-4], "--dir", tmp_path / "m2", "--status", tmp_path / "mirror-2",
                       "--poll-ms", "20", "--from", f"http://127.0.0.1:{other.port}")
        wait_for(lambda: (tmp_path / "m2/public/latest.json").exists(), say=second.text)
        assert (tmp_path / "m2/public/log/tile/entries/000").read_bytes() == tree.bundle(0, 300)
    finally:
        other.down()


def test_a_cut_never_goes_back(start, tmp_path, feed, tree, mirror_args):
    tree.cut()
    zero = (tree.root / "latest.json").read_bytes()
    tree.cut()
    mirror = start("atalaya-mirror", *mirror_args)
    wait_for(holds(tmp_path, 1), say=mirror.text)
    tree.put("latest.json", zero)
    wait_for(lambda: status_of(tmp_path / "mirror-1").get("rejected", "0") != "0", say=mirror.text)
    assert held_cut(tmp_path) == 1


def test_what_lies_there_is_verified_again(start, run, tmp_path, tree, mirror_args):
    tree.cut(pages={"index.html": b"bueno", "jg/index.html": b"cifras"})
    assert run("atalaya-mirror", *mirror_args, "--once").returncode == 0
    (tmp_path / "m/public/cut/0/jg/index.html").write_bytes(b"cifraz")
    (tmp_path / "m/public/cut/0/index.html").unlink()
    mirror = start("atalaya-mirror", *mirror_args)
    wait_for(lambda: published(tmp_path, "cut/0/jg/index.html") == b"cifras", say=mirror.text)
    wait_for(lambda: published(tmp_path, "cut/0/index.html") == b"bueno", say=mirror.text)


def test_entry_pages_come_back_without_the_feed(start, tmp_path, feed, tree, mirror_args):
    """A switch that a power cut interrupted left the page of another cut at the root: the cut's own copy replaces it."""
    entry = b"<p>portada del corte 0"
    tree.cut(pages={"index.html": b"<p>corte", "entry-pages/index.html": entry})
    mirror = start("atalaya-mirror", *mirror_args)
    wait_for(holds(tmp_path, 0), say=mirror.text)
    assert mirror.stop() == 0
    (tmp_path / "m/public/index.html").write_bytes(b"<p>portada del corte 1")
    feed.down()
    mirror = start("atalaya-mirror", *mirror_args)
    wait_for(lambda: published(tmp_path, "index.html") == entry, say=mirror.text)
    assert held_cut(tmp_path) == 0


def whole(public):
    """The cut that latest.json points to, every file of it as its manifest says but the entry page and the pointer."""
    latest = json.loads((public / "latest.json").read_bytes())
    note = (public / latest["path"] / "manifest").read_bytes()
    text = note[:note.rindex(b"\n\n") + 1]
    assert sha256(text) == latest["manifest_sha256"]
    for line in text.decode().splitlines():
        words = line.split(" ", 2)
        if len(words) == 3 and len(words[0]) == 64 and words[2] not in ("latest.json", "index.html"):
            assert sha256((public / words[2]).read_bytes()) == words[0], words[2]
    return latest["cut"]


@pytest.mark.parametrize("seed", [None, 1])
def test_the_power_goes_while_it_follows(start, tmp_path, bin_dir, tree, mirror_args, seed):
    """After each loss of what was not synced it shows a whole cut, and goes on from there."""
    (tmp_path / "m").mkdir()
    disk = Disk(tmp_path / "m", bin_dir.parent / "tests" / "libatalaya_shim.so")
    before = None
    for cut in range(4):
        tree.add_image(b"\xff\xd8 foto %d" % cut)
        entry = f"<p>portada del corte {cut}".encode()
        tree.cut(pages={"index.html": b"<p>corte %d" % cut, "en/index.html": b"<p>cut %d" % cut,
                        "entry-pages/index.html": entry}, chunks=[b"<p>filas %d" % cut])
        mirror = start("atalaya-mirror", *mirror_args, env=disk.env())
        wait_for(holds(tmp_path, cut), say=mirror.text)
        mirror.stop(signal.SIGKILL)
        disk.crash(None if seed is None else random.Random(seed + cut))
        assert held_cut(tmp_path) in (before, cut)
        before = held_cut(tmp_path)
        assert before is None or whole(tmp_path / "m/public") == before
    mirror = start("atalaya-mirror", *mirror_args, env=disk.env())
    wait_for(holds(tmp_path, 3), say=mirror.text)
    wait_for(lambda: published(tmp_path, "index.html") == b"<p>portada del corte 3", say=mirror.text)
    assert whole(tmp_path / "m/public") == 3


def test_old_cuts_expire(start, tmp_path, tree, mirror_args):
    tree.cut(chunks=[b"siempre", b"solo 0"])
    mirror = start("atalaya-mirror", *mirror_args, "--keep-cuts", "3", "--keep-every", "8")
    for n in range(1, 22):
        wait_for(holds(tmp_path, n - 1), say=mirror.text)
        tree.cut(chunks=[b"siempre", b"solo %d" % n])
    wait_for(holds(tmp_path, 21), say=mirror.text)
    # Tidied every ten cuts: after cut 20, bodies 18..20 and every eighth were left.
    for n in (0, 8, 16, 18, 19, 20, 21):
        assert published(tmp_path, f"cut/{n}/index.html"), n
        assert published(tmp_path, f"chunk/{sha256(b'solo %d' % n)}.html"), n
    for n in (1, 7, 9, 15, 17):
        assert published(tmp_path, f"cut/{n}/index.html") is None, n
        assert published(tmp_path, f"cut/{n}/manifest"), n
        assert published(tmp_path, f"chunk/{sha256(b'solo %d' % n)}.html") is None, n
    assert published(tmp_path, f"chunk/{sha256(b'siempre')}.html")


def test_old_cuts_expire_of_a_mirror_that_is_slow(start, tmp_path, tree, mirror_args):
    """It takes several cuts at once, and what it keeps goes by the cuts' numbers, not by how often it looked."""
    tree.cut()
    mirror = start("atalaya-mirror", *mirror_args, "--keep-cuts", "3", "--keep-every", "100")
    wait_for(holds(tmp_path, 0), say=mirror.text)
    for last in range(4, 41, 4):
        scene = tree.root.with_name("aside")
        tree.root.rename(scene)  # the feed has nothing while the next cuts are made
        tree.root = scene
        for _ in range(4):
            tree.cut()
        scene.rename(tmp_path / "feed")
        tree.root = tmp_path / "feed"
        wait_for(holds(tmp_path, last), say=mirror.text)
        wait_for(lambda: min(int(f.parent.name) for f in (tmp_path / "m/public/cut").glob("*/index.html")
                             if f.parent.name != "0") > last - 3 - 10, say=mirror.text)
    bodies = sorted(int(f.parent.name) for f in (tmp_path / "m/public/cut").glob("*/index.html"))
    assert bodies[0] == 0 and bodies[1] > 40 - 3 - 10 and bodies[-1] == 40


@pytest.mark.parametrize("args", [[], ["--feed", "http://127.0.0.1:1/"], ["--poll-ms", "x"], ["--vkey", "no"], ["--log-vkey", "no"]])
def test_wrong_use(run, args):
    done = run("atalaya-mirror", *args)
    assert done.returncode == 2
    assert done.stderr


def test_help_teaches(run):
    done = run("atalaya-mirror", "--help")
    assert done.returncode == 0
    assert "difusor" in done.stdout and "--vkey" in done.stdout
