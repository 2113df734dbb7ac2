"""The institutional site, sealed: every way of altering a document root by name, what is put back, what is kept as evidence, what is
refused, and that an act which is killed in the middle is simply run again."""
import json
import os
import shutil
import signal
import stat
import subprocess
import time

import pytest

PAGE = "<!doctype html>\n<html lang=\"es\">\n<body class=\"i\">\n<h1>Instituto</h1>\n<p>%s</p>\n</body></html>\n"


class Site:
    """A document root, its guard's folder, and the program."""

    def __init__(self, run, folder):
        self.run, self.root, self.dir = run, folder / "raiz", folder / "guardia"
        (self.root / "css").mkdir(parents=True)
        (self.root / "docs" / "vacia").mkdir(parents=True)
        (self.root / "index.html").write_text(PAGE % "portada")
        (self.root / "aviso.html").write_text(PAGE % "aviso")
        (self.root / "css" / "a.css").write_text("body{color:black}\n")
        (self.root / "página con espacio.html").write_text(PAGE % "acentos")
        (self.root / "docs" / "acuerdo.pdf").write_bytes(bytes(range(256)) * 700)
        (self.root / "actual").symlink_to("docs/acuerdo.pdf")

    def act(self, verb, *args, code=0):
        done = self.run("atalaya-site", verb, "--root", self.root, "--dir", self.dir, *args)
        assert done.returncode == code, (verb, args, done.returncode, done.stdout, done.stderr)
        return done

    def json(self, verb, *args, code=0):
        return json.loads(self.act(verb, "--json", *args, code=code).stdout)

    def differences(self):
        found = self.json("check", code=1)
        return {d["path"]: (d["state"], *d["differs"]) for d in found["differences"]}

    def picture(self):
        """Everything that a seal promises, read by another hand."""
        seen = {}
        for path in sorted(self.root.rglob("*")):
            about = path.lstat()
            what = (os.readlink(path) if path.is_symlink() else
                    (path.read_bytes(), about.st_mtime_ns) if path.is_file() else None)
            seen[str(path.relative_to(self.root))] = (stat.S_IFMT(about.st_mode),
                                                      0 if path.is_symlink() else stat.S_IMODE(about.st_mode), what)
        return seen

    def kept(self):
        return [p for p in (self.dir / "quarantine").rglob("*") if "root" in p.parts]


@pytest.fixture
def site(run, tmp_path):
    made = Site(run, tmp_path)
    made.act("seal")
    return made


def keep_times(path, change):
    before = path.stat()
    change()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced_by_folder(root):
    (root / "index.html").unlink()
    (root / "index.html").mkdir()
    (root / "index.html" / "x").write_text("x")


def bit_flip(root):
    path = root / "docs" / "acuerdo.pdf"
    data = bytearray(path.read_bytes())
    data[1000] ^= 4
    keep_times(path, lambda: path.write_bytes(data))


def relink(root):
    (root / "actual").unlink()
    (root / "actual").symlink_to("/etc/passwd")


def file_becomes_link(root):
    shutil.copy(root / "aviso.html", root.parent / "otra.html")
    (root / "aviso.html").unlink()
    (root / "aviso.html").symlink_to("../otra.html")


def folder_becomes_link(root):
    shutil.move(root / "css", root.parent / "css-ajena")
    (root / "css").symlink_to("../css-ajena")


# name: (what is done to the root, what check says of it)
ALTERED = {
    "change": (lambda r: (r / "index.html").write_text("HACKED"), {"index.html": ("changed", "content", "time")}),
    "change, size and times kept": (
        lambda r: keep_times(r / "index.html", lambda: (r / "index.html").write_text(PAGE % "portadA")),
        {"index.html": ("changed", "content")}),
    "bit flip": (bit_flip, {"docs/acuerdo.pdf": ("changed", "content")}),
    "truncate": (lambda r: os.truncate(r / "docs" / "acuerdo.pdf", 100), {"docs/acuerdo.pdf": ("changed", "content", "time")}),
    "truncate to nothing": (lambda r: os.truncate(r / "aviso.html", 0), {"aviso.html": ("changed", "content", "time")}),
    "append": (lambda r: (r / "aviso.html").open("a").write("<script>"), {"aviso.html": ("changed", "content", "time")}),
    "time only": (lambda r: os.utime(r / "index.html", ns=(1, 1)), {"index.html": ("changed", "time")}),
    "mode": (lambda r: (r / "index.html").chmod(0o777), {"index.html": ("changed", "mode")}),
    "setuid": (lambda r: (r / "index.html").chmod(0o4755), {"index.html": ("changed", "mode")}),
    "folder's mode": (lambda r: (r / "css").chmod(0o777), {"css": ("changed", "mode")}),
    "add": (lambda r: (r / "shell.php").write_text("<?php"), {"shell.php": ("foreign",)}),
    "add hidden": (lambda r: (r / ".htaccess").write_text("x"), {".htaccess": ("foreign",)}),
    "add a folder": (lambda r: (r / "nueva" / "mas").mkdir(parents=True), {"nueva": ("foreign",), "nueva/mas": ("foreign",)}),
    "add a name with a newline": (lambda r: (r / "a\nfalta").write_text("x"), {"a\nfalta": ("foreign",)}),
    "delete": (lambda r: (r / "index.html").unlink(), {"index.html": ("missing",)}),
    "delete an empty folder": (lambda r: (r / "docs" / "vacia").rmdir(), {"docs/vacia": ("missing",)}),
    "delete a folder": (lambda r: shutil.rmtree(r / "css"), {"css": ("missing",), "css/a.css": ("missing",)}),
    "rename": (lambda r: (r / "aviso.html").rename(r / "b.html"), {"aviso.html": ("missing",), "b.html": ("foreign",)}),
    "link's target": (relink, {"actual": ("changed", "target")}),
    "link removed": (lambda r: (r / "actual").unlink(), {"actual": ("missing",)}),
    "file becomes a link": (file_becomes_link, {"aviso.html": ("changed", "kind")}),
    "folder becomes a link": (folder_becomes_link, {"css": ("changed", "kind"), "css/a.css": ("missing",)}),
    "file becomes a folder": (replaced_by_folder, {"index.html": ("changed", "kind"), "index.html/x": ("foreign",)}),
    "pipe": (lambda r: os.mkfifo(r / "tubo"), {"tubo": ("foreign",)}),
    "file becomes a pipe": (lambda r: ((r / "aviso.html").unlink(), os.mkfifo(r / "aviso.html")), {"aviso.html": ("changed", "kind")}),
    "hard link to another": (lambda r: ((r / "aviso.html").unlink(), os.link(r / "index.html", r / "aviso.html")), None),
}


@pytest.mark.parametrize("name", ALTERED)
def test_altered_is_found_and_put_back(site, name):
    alter, expected = ALTERED[name]
    before = site.picture()
    alter(site.root)
    found = site.differences()
    if expected is not None:
        assert found == expected
    altered = site.picture()
    assert site.json("restore", "--dry-run", code=1)["dry_run"] and site.picture() == altered
    assert site.json("up", code=1)["clean"] is False
    assert site.json("restore")["clean"]
    assert site.picture() == before
    assert site.json("check")["clean"]
    if any(state[0] != "missing" for state in found.values()):
        lists = [p.read_text() for p in (site.dir / "quarantine").glob("*/list")]
        assert len(lists) == 1, "what was altered is written down before it is touched"
    if any("content" in state or state[0] == "foreign" for state in found.values()):
        assert site.kept(), "altered bytes are evidence"


def test_many_at_once(site):
    before = site.picture()
    for alter, _ in (ALTERED[n] for n in ("bit flip", "add a folder", "folder becomes a link", "file becomes a folder", "pipe",
                                          "link's target")):
        alter(site.root)
    assert site.json("restore")["clean"] and site.picture() == before
    assert (site.root.parent / "css-ajena" / "a.css").exists(), "nothing is done through a link"


def test_versions_and_accept(site):
    first = (site.dir / "sealed" / "1").read_bytes()
    (site.root / "index.html").write_text(PAGE % "nueva")
    (site.root / "aviso.html").write_text("alterado")
    (site.root / "docs" / "nuevo").mkdir()
    (site.root / "docs" / "nuevo" / "x.html").write_text("x")
    (site.root / "css" / "a.css").unlink()
    assert site.json("accept", "index.html", "docs/nuevo/x.html", "css/a.css")["version"] == 2
    assert site.differences() == {"aviso.html": ("changed", "content", "time")}, "only what was named was accepted"
    assert site.json("restore")["clean"]
    assert (site.root / "index.html").read_text() == PAGE % "nueva" and (site.root / "aviso.html").read_text() == PAGE % "aviso"
    assert (site.dir / "sealed" / "1").read_bytes() == first
    assert "is in neither" in site.act("accept", "no-existe", code=2).stderr
    assert site.act("accept", "../x", code=2).stderr
    assert site.json("seal") == {"act": "seal", "version": 2, "entries": 10, "objects_new": 0, "new": False}


@pytest.mark.parametrize("name", ["object changed", "object missing", "object truncated", "note changed", "note of another key",
                                  "older note under a newer number", "chain broken", "junk above"])
def test_sealed_side(site, run, tmp_path, name):
    (site.root / "index.html").write_text(PAGE % "dos")
    site.act("seal")
    notes = site.dir / "sealed"
    object_ = next(p for p in (site.dir / "objects").glob("*/*") if b"dos" in p.read_bytes())
    object_.chmod(0o644)
    if name == "object changed":
        object_.write_bytes(object_.read_bytes().replace(b"dos", b"DOS"))
    elif name == "object missing":
        object_.unlink()
    elif name == "object truncated":
        os.truncate(object_, 3)
    elif name == "note changed":
        (notes / "2").write_bytes((notes / "2").read_bytes().replace(b"0644", b"0666", 1))
    elif name == "note of another key":
        other = Site(run, tmp_path / "otro")
        other.act("seal")
        shutil.copy(other.dir / "sealed" / "1", notes / "3")
    elif name == "older note under a newer number":
        shutil.copy(notes / "1", notes / "3")
    elif name == "chain broken":
        (notes / "1").unlink()
    elif name == "junk above":
        (notes / "9").write_text("basura")
    found = site.json("check", code=1)
    assert found["sealed"], found
    if name.startswith("object"):
        altered = (site.root / "index.html")
        altered.write_text("HACKED")
        assert "objec" in site.act("restore", code=2).stderr
        assert altered.read_text() == "HACKED", "a damaged object is never put"
        site.act("seal")  # the operators have decided: the damaged object is not needed by what is sealed now
        assert site.json("check")["clean"]
    elif name != "chain broken":
        assert site.json("seal")["new"], "what is in the way goes to quarantine"
        if name != "junk above":
            assert site.json("check")["clean"]


def test_modes(site):
    assert site.json("status")["mode"] == "normal"
    assert site.json("down", "--reason", "página alterada")["serial"] == 1
    shown = site.json("status")
    assert (shown["mode"], shown["reason"], shown["serial"]) == ("down", "página alterada", 1)
    assert site.json("up")["serial"] == 2
    (site.root / "index.html").write_text("HACKED")
    site.act("down")
    assert site.json("up", code=1)["clean"] is False and site.json("status")["mode"] == "down"
    assert site.json("up", "--force")["serial"] == 4
    assert "forzado" in (site.dir / "journal").read_text()
    journal = (site.dir / "journal").read_text().splitlines()
    assert [line.split()[1] for line in journal] == ["seal", "down", "up", "down", "up"]
    shutil.copy(site.dir / "mode" / "1", site.dir / "mode" / "5")
    found = site.json("status", code=1)
    assert (found["mode"], found["serial"], found["notes_refused"]) == ("normal", 4, 1), "an old mode is not played again"


def test_keys_and_permissions(site):
    assert stat.S_IMODE((site.dir / "keys" / "site.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((site.dir / "keys").stat().st_mode) == 0o700
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o444 for p in (site.dir / "objects").glob("*/*"))
    (site.dir / "keys" / "site.key").chmod(0o644)
    assert "600" in site.act("down", code=2).stderr
    (site.dir / "keys" / "site.key").unlink()
    assert site.act("down", code=2).stderr and site.json("check")["clean"], "without the key it can still be examined"


def test_not_sealed(site):
    os.mkfifo(site.root / "tubo")
    assert "tubo" in site.act("seal", code=2).stderr
    assert site.json("status")["version"] == 1


@pytest.mark.parametrize("place", ["published tree", "below a tree", "above a tree", "a night", "a night's ledger", "a mirror"])
def test_results_plane_is_refused(run, tmp_path, place):
    night = tmp_path / "noche"
    for folder in ("public/cut/0", "ledger", "keys", "site", "mirror-1/public/cut"):
        (night / folder).mkdir(parents=True)
    for file in ("public/latest.json", "mirror-1/public/latest.json", "mirror-1/feed-state", "site/index.html"):
        (night / file).write_text("x")
    root = {"published tree": "public", "below a tree": "public/cut", "above a tree": "..", "a night": ".", "a night's ledger": "ledger",
            "a mirror": "mirror-1"}[place]
    before = sorted(night.rglob("*"))
    for verb in ("seal", "check", "restore", "up", "accept"):
        for paths in ((night / root, tmp_path / "guardia"), (night / "site", night / root / "guardia")):
            if place == "above a tree" and paths[1] != tmp_path / "guardia":
                continue
            done = run("atalaya-site", verb, "--root", paths[0], "--dir", paths[1])
            if paths[0] == night / "site" and place == "above a tree":
                continue
            assert done.returncode == 2 and ("resultados" in done.stderr or "aparte" in done.stderr), (verb, paths, done.stderr)
    assert sorted(night.rglob("*")) == before
    assert run("atalaya-site", "seal", "--root", night / "site", "--dir", night / "site-guard").returncode == 0


def test_results_deep_in_a_large_root_are_found(run, tmp_path):
    """However far down they lie and however much lies before them; and so does where one could not be sure."""
    site = Site(run, tmp_path)
    deep = site.root / "/".join(f"n{i}" for i in range(12))
    (deep / "public/cut").mkdir(parents=True)
    many = site.root / "many"
    many.mkdir()
    for i in range(21000):
        os.mkdir(many / f"{i}")
    assert site.act("seal", code=0).returncode == 0
    (deep / "public/latest.json").write_text("{}")
    for verb in ("seal", "check", "restore"):
        assert "plano de resultados" in site.act(verb, code=2).stderr
    (deep / "public/latest.json").unlink()
    (site.root / "/".join(["x"] * 70)).mkdir(parents=True)
    assert "hondo" in site.act("seal", code=2).stderr


def test_root_and_dir_apart(run, tmp_path):
    site = Site(run, tmp_path)
    for root, folder in ((site.root, site.root / "guardia"), (site.root, site.root), (site.root, tmp_path)):
        done = run("atalaya-site", "seal", "--root", root, "--dir", folder)
        assert done.returncode == 2 and "aparte" in done.stderr


@pytest.mark.parametrize("verb", ["seal", "restore"])
def test_killed_in_the_middle(run, bin_dir, tmp_path, verb):
    """Killed after ever longer times; then it is run to its end, and all is well."""
    site = Site(run, tmp_path)
    for i in range(150):
        (site.root / f"{i}.html").write_text(PAGE % i)
    if verb == "restore":
        site.act("seal")
    before = site.picture()
    for after_ms in range(0, 60, 10):
        if verb == "restore":
            for i in range(0, 150, 2):
                (site.root / f"{i}.html").write_text("HACKED")
                (site.root / f"ajeno-{i}").write_text("x")
        process = subprocess.Popen([bin_dir / "atalaya-site", verb, "--root", site.root, "--dir", site.dir],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + after_ms / 1000
        while time.monotonic() < end and process.poll() is None:
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        if verb == "restore":
            site.act("restore")
            assert site.picture() == before
        else:
            site.act("seal")
            assert site.json("check")["clean"]
            shutil.rmtree(site.dir)
