"""The site's edge over a sealed copy: while a reader polls every page, whatever is done to the document root and to the sealed side, no byte is
served that was not sealed; `down` and `up` are seen within a second; what is older is refused; the results' edge never notices."""
import json
import gzip
import os
import re
import shutil
import signal
import threading
import time

import pytest

from process_kit import children, roles
from signed_tree import Tree
from test_site import ALTERED, PAGE, Site

LINKS = ("--results", "http://127.0.0.1:9/", "--mirror", "difusor-1=http://127.0.0.1:10/", "--mirror", "difusor-2=http://127.0.0.1:11/")
BANNER = "atalaya-baja"


class Reader(threading.Thread):
    """Polls every path of a site and keeps each body that it has not seen yet, with the moment."""

    def __init__(self, edge, paths):
        super().__init__(daemon=True)
        self.edge, self.paths, self.going, self.seen, self.failures, self.polls = edge, paths, True, {}, 0, 0

    def run(self):
        while self.going:
            for path in self.paths:
                status, _, body = self.edge.get(path)
                self.failures += status == 0
                self.seen.setdefault((path, status, body), time.monotonic())
            self.polls += 1

    def end(self):
        self.going = False
        self.join(10)


class Edge:
    def __init__(self, running, status, wait_for, get, status_of):
        self.running, self.status_file, self.wait_for, self._get, self._status_of = running, status, wait_for, get, status_of
        self.port = int(wait_for(lambda: re.search(r"http://127\.0\.0\.1:(\d+)/", running.text()), say=running.text).group(1))

    def get(self, path="/", **more):
        return self._get(self.port, path, **more)

    def status(self):
        return self._status_of(self.status_file)

    def until(self, what, seconds=10):
        return self.wait_for(what, seconds, say=lambda: f"{self.status()}\n{self.running.text()}")

    def loader(self):
        return roles(self.running.pid).get("edge-loader", 0)


@pytest.fixture
def site(run, tmp_path):
    made = Site(run, tmp_path)
    made.act("seal")
    return made


@pytest.fixture
def serve(start, tmp_path, wait_for, get, status_of):
    count = [0]

    def begin(site, *args):
        count[0] += 1
        status = tmp_path / f"estado-{count[0]}"
        running = start("atalaya-edge", "--listen", "127.0.0.1:0", "--role", "site", "--name", "sitio", "--root", site.root, "--sealed",
                        site.dir, "--vkey", site.dir / "keys" / "site.vkey", "--status", status, "--program", "site", *LINKS, *args)
        return Edge(running, status, wait_for, get, status_of)

    return begin


@pytest.fixture
def edge(serve, site):
    made = serve(site)
    made.until(lambda: made.get("/")[2] == (PAGE % "portada").encode())
    return made


PATHS = {"/": "index.html", "/aviso.html": "aviso.html", "/css/a.css": "css/a.css", "/docs/acuerdo.pdf": "docs/acuerdo.pdf"}
OTHERS = ("/shell.php", "/.htaccess", "/actual", "/b.html", "/tubo", "/index.html/x")


def test_no_altered_byte(edge, site):
    sealed = {path: (site.root / name).read_bytes() for path, name in PATHS.items()}
    reader = Reader(edge, [*PATHS, *OTHERS])
    reader.start()
    for name, (alter, _) in ALTERED.items():
        alter(site.root)
        if name in ("change", "add", "delete", "file becomes a link", "mode", "bit flip"):
            # one writing of the file: the next may still be of the moment before this was done
            told = edge.until(lambda: (s := edge.status()) and "copia sellada" in s.get("alarm", "") and s)
            assert told["state"] == "degraded" and told["differences"] != "0", name
        at = reader.polls
        edge.until(lambda at=at: reader.polls > at + 1)
        site.act("restore")
        for extra in ("otra.html", "css-ajena"):
            path = site.root.parent / extra
            shutil.rmtree(path, ignore_errors=True)
            path.unlink(missing_ok=True)
    edge.until(lambda: edge.status().get("state") == "running")
    reader.end()
    assert reader.failures == 0
    for path, status, body in reader.seen:
        assert body == sealed[path] if path in sealed else status == 404, (path, status, body[:200])


def test_down_and_up_within_a_second(edge, site):
    reader = Reader(edge, ["/", "/aviso.html"])
    reader.start()
    plain = edge.get("/")[2]
    took = {}
    for verb in ("down", "up"):
        begun = time.monotonic()
        site.act(verb)
        edge.until(lambda v=verb: (BANNER in edge.get("/")[2].decode()) == (v == "down"))
        took[verb] = time.monotonic() - begun
        edge.until(lambda v=verb: json.loads(edge.get("/estado")[2])["mode"] == ("down" if v == "down" else "normal"))
        assert json.loads(edge.get("/estado")[2])["sealed"] == 1
        if verb == "down":
            page = edge.get("/aviso.html")[2].decode()
            assert page.index("<body") < page.index(BANNER) < page.index("<h1>")
            for link in ("http://127.0.0.1:9/", "http://127.0.0.1:10/", "http://127.0.0.1:11/"):
                assert f'href="{link}"' in page
            assert re.search(r"<time datetime=\"\d{4}-", page) and (PAGE % "aviso")[-40:] in page
            assert edge.until(lambda: edge.status().get("site_mode") == "down")
            twin = edge.until(lambda: (lambda a: a if a[1].get("content-encoding") == "gzip" else None)(
                edge.get("/", headers={"Accept-Encoding": "gzip"})))
            assert BANNER in gzip.decompress(twin[2]).decode()
    reader.end()
    assert edge.get("/")[2] == plain
    assert max(took.values()) < 1.0, took
    assert reader.failures == 0


def test_editors_publish(edge, site):
    (site.root / "index.html").write_text(PAGE % "nueva")
    (site.root / "aviso.html").write_text("HACKED")
    site.act("accept", "index.html")
    edge.until(lambda: edge.get("/")[2] == (PAGE % "nueva").encode())
    assert edge.get("/aviso.html")[2] == (PAGE % "aviso").encode()
    edge.until(lambda: edge.status().get("sealed_version") == "2" and "aviso.html" in edge.status().get("alarm", ""))


def next_note(site, folder):
    return site.dir / folder / str(max(int(p.name) for p in (site.dir / folder).iterdir() if p.name.isdigit()) + 1)


def other_key(site, run, tmp_path):
    other = Site(run, tmp_path / "otro")
    (other.root / "index.html").write_text("HACKED")
    other.act("seal")
    other.act("seal")
    shutil.copytree(other.dir / "objects", site.dir / "objects", dirs_exist_ok=True)
    shutil.copy(other.dir / "sealed" / "1", next_note(site, "sealed"))


def whole_guard(site, run, tmp_path):
    other = Site(run, tmp_path / "otro")
    (other.root / "index.html").write_text("HACKED")
    other.act("seal")
    for folder in ("sealed", "objects", "keys"):
        shutil.rmtree(site.dir / folder)
        shutil.copytree(other.dir / folder, site.dir / folder)


def rollback(site, *_):
    (site.dir / "sealed" / "2").unlink()


def old_under_new_number(site, *_):
    shutil.copy(site.dir / "sealed" / "1", site.dir / "sealed" / "3")


def swapped(site, *_):
    shutil.copy(site.dir / "sealed" / "1", site.dir / "sealed" / "2")
    shutil.copy(site.dir / "mode" / "1", site.dir / "sealed" / "3")


def altered_note(site, *_):
    note = (site.dir / "sealed" / "2").read_bytes().replace(b"0644", b"0666", 1).replace(b"version 2", b"version 3")
    (site.dir / "sealed" / "3").write_bytes(note)


def junk(site, *_):
    (site.dir / "sealed" / "3").write_bytes(os.urandom(5000))
    (site.dir / "sealed" / "99").write_text("")


def pipe(site, *_):
    os.mkfifo(site.dir / "sealed" / "3")


def link(site, *_):
    (site.dir / "sealed" / "3").symlink_to("/etc/passwd")


def emptied(site, *_):
    for folder in ("sealed", "objects", "mode"):
        shutil.rmtree(site.dir / folder)


def mode_again(site, *_):
    shutil.copy(site.dir / "mode" / "1", site.dir / "mode" / "3")


def mode_of_a_seal(site, *_):
    shutil.copy(site.dir / "sealed" / "2", site.dir / "mode" / "3")


SEALED_SIDE = {"wrong key": other_key, "whole guard replaced": whole_guard, "rollback to an old state": rollback,
               "old state under a new number": old_under_new_number, "notes swapped": swapped, "note altered": altered_note, "junk": junk,
               "pipe for a note": pipe, "link for a note": link, "everything deleted": emptied, "mode replayed": mode_again,
               "seal as a mode": mode_of_a_seal}


@pytest.mark.parametrize("name", SEALED_SIDE)
def test_sealed_side_attacked(edge, site, run, tmp_path, name):
    (site.root / "index.html").write_text(PAGE % "dos")
    site.act("seal")
    site.act("down")
    site.act("up")
    good = (PAGE % "dos").encode()
    edge.until(lambda: edge.status().get("mode_serial") == "2" and edge.get("/")[2] == good)
    SEALED_SIDE[name](site, run, tmp_path)
    edge.until(lambda: edge.status().get("state") == "degraded" and edge.status().get("alarm", "-") not in ("", "-"))
    assert edge.get("/")[2] == good
    if name in ("rollback to an old state", "everything deleted"):
        os.kill(edge.until(edge.loader), signal.SIGKILL)  # the next loader knows what this one had seen
        edge.until(lambda: int(edge.status().get("restarts", "0")) >= 1)
        edge.until(lambda: "volver atr" in edge.status().get("alarm", ""))
        assert edge.get("/")[2] == good


@pytest.mark.parametrize("how", ["object changed", "object truncated", "object missing", "object a link"])
def test_object_attacked(edge, site, how):
    """A new version whose object is not what it says changes nothing; the version before stays up."""
    os.kill(edge.until(edge.loader), signal.SIGSTOP)
    stopped = edge.loader()
    (site.root / "index.html").write_text(PAGE % "dos")
    site.act("seal")
    object_ = next(p for p in (site.dir / "objects").glob("*/*") if b"dos" in p.read_bytes())
    content = object_.read_bytes()
    object_.unlink()
    if how == "object changed":
        object_.write_bytes(content.replace(b"dos", b"DOS"))
    elif how == "object truncated":
        object_.write_bytes(content[:-1])
    elif how == "object a link":
        (site.dir / "x").write_bytes(content)
        object_.symlink_to(site.dir / "x")
    os.kill(stopped, signal.SIGCONT)
    edge.until(lambda: "objects/" in edge.status().get("alarm", ""))
    assert edge.get("/")[2] == (PAGE % "portada").encode()
    object_.unlink(missing_ok=True)
    object_.write_bytes(content)
    edge.until(lambda: edge.get("/")[2] == content)
    edge.until(lambda: edge.status().get("state") == "running")


def test_nothing_unsealed_is_ever_served(serve, run, tmp_path):
    site = Site(run, tmp_path)
    other = Site(run, tmp_path / "clave")
    other.act("seal")
    (site.dir / "keys").mkdir(parents=True)
    shutil.copytree(other.dir / "keys", site.dir / "keys", dirs_exist_ok=True)
    edge = serve(site)
    edge.until(lambda: "no hay copia sellada" in edge.status().get("alarm", ""))
    page = edge.get("/")[2].decode()
    assert "portada" not in page and "http://127.0.0.1:9/" in page, "the way to the results is there at least"
    assert edge.get("/aviso.html")[0] == 404
    site.act("seal")
    edge.until(lambda: edge.get("/")[2] == (PAGE % "portada").encode())


def test_key_is_needed(run, site):
    done = run("atalaya-edge", "--listen", "127.0.0.1:0", "--role", "site", "--name", "x", "--root", site.root, "--sealed", site.dir)
    assert done.returncode == 2 and "--sealed" in done.stderr


def test_results_never_notice(edge, site, start, tmp_path, get, wait_for):
    tree = Tree(tmp_path / "public")
    tree.cut({"index.html": b"<p>resultados"})
    running = start("atalaya-edge", "--listen", "127.0.0.1:0", "--tree", tree.root, "--role", "results", "--name", "uno", "--vkey",
                    tree.signer.vkey)
    port = int(wait_for(lambda: re.search(r"http://127\.0\.0\.1:(\d+)/", running.text())).group(1))
    wait_for(lambda: get(port, "/cut/0/")[2] == b"<p>resultados")
    before = (get(port, "/")[2], get(port, "/cut/0/manifest")[2], children(running.pid))
    (site.root / "index.html").write_text("HACKED")
    site.act("down")
    site.act("restore")
    site.act("up")
    assert (get(port, "/")[2], get(port, "/cut/0/manifest")[2],
            children(running.pid)) == before
    assert not running.ended()
