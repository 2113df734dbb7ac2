"""A notice: dated, signed, on every plane and mirror within seconds, and on the pages of the next cut."""
import base64
import hashlib
import json

from conftest import get, wait_for
from test_keys import checkpoint, cut_of, entries, leaf, night, signed_by, tree_root  # noqa: F401

TEXT = "El sitio institucional está en mantenimiento; <b>los resultados</b> siguen aquí."


def ports(folder):
    lines = (folder / "night.ini").read_text().splitlines()
    at = dict(map(str.strip, line.split("=", 1)) for line in lines if "=" in line and not line.startswith("#"))
    return {name: int(at[name].rsplit(":", 1)[1]) for name in ("results", "feed", "site", "mirror_1", "mirror_2")}


def estado(port):
    status, _, body = get(port, "/estado")
    return json.loads(body) if status == 200 else {}


def path_root(index, size, node, path):
    """RFC 9162, 2.1.3.2."""
    at, last = index, size - 1
    for other in path:
        if at & 1 or at == last:
            node = hashlib.sha256(b"\1" + other + node).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + other).digest()
        at, last = at >> 1, last >> 1
    assert last == 0
    return node


def test_a_notice_is_everywhere_and_signed(night, run):
    folder = night.folder
    where = ports(folder)
    for port in where.values():
        assert wait_for(lambda: estado(port), 10)["notice"] is None
    done = run("atalaya-notice", TEXT, "--dir", folder)
    assert done.returncode == 0, done.stderr
    before = cut_of(folder)
    for name, port in where.items():
        told = wait_for(lambda: estado(port).get("notice"), 15, f"{name} does not tell it")
        assert told["text"] == TEXT and told["time"].endswith("Z")
    for page in ("/", "/en.html"):
        page = wait_for(lambda: (b := get(where["site"], page)[2]) and b"atalaya-aviso" in b and b, 15, "the site's page has it not")
        assert b"&lt;b&gt;los resultados&lt;/b&gt;" in page and b"<b>los" not in page
    # the file itself: the entry, where it is in the tree, and a checkpoint of the log's key
    vkey = (folder / "keys/log.key.pub").read_text()
    for name in ("results", "feed", "mirror_1", "mirror_2"):
        proof = wait_for(lambda: (a := get(where[name], "/log/notice.tlog-proof"))[0] == 200 and a[2], 15, name)
        head, note = proof.decode().split("\n\n", 1)
        kind, extra, index, *path = head.split("\n")
        entry = base64.b64decode(extra.split(" ")[1])
        assert kind == "c2sp.org/tlog-proof@v1" and entry.startswith(b"prep-notice/v1\n")
        index = int(index.split(" ")[1])
        assert entries(folder)[index] == entry and signed_by(note.encode(), vkey) is True
        size, root = int(note.split("\n")[1]), base64.b64decode(note.split("\n")[2])
        assert path_root(index, size, leaf(entry), [base64.b64decode(line) for line in path]) == root
    # and the next cut's own page
    wait_for(lambda: cut_of(folder) > before + 1, 30, night.text)
    wait_for(lambda: b"&lt;b&gt;los resultados" in get(where["results"], "/")[2], 15, "the next cut's page has it not")  # once its edge has loaded it
    second = run("atalaya-notice", "Segundo aviso.", "--dir", folder)
    assert second.returncode == 0
    for port in where.values():
        wait_for(lambda: (estado(port).get("notice") or {}).get("text") == "Segundo aviso.", 15, "the newest notice is shown")
