"""atalaya-edge over real sockets: what it serves, what it refuses, and that cuts change under load without one failed
request."""
import base64
import gzip
import hashlib
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest

import process_kit
from signed_tree import Signer, Tree, sha256

VECTORS = Path(__file__).resolve().parent.parent / "vectors" / "http1"
PAGE = ("<!doctype html><p>página " + "resultados preliminares " * 100).encode()


class Edge:
    """A running edge: its port, its status file, plain requests."""

    def __init__(self, running, status, wait_for, get, status_of):
        self.running, self.status_file, self.wait_for, self._get, self._status_of = running, status, wait_for, get, status_of
        line = wait_for(lambda: re.search(r"http://127\.0\.0\.1:(\d+)/", running.text()), say=running.text)
        self.port = int(line.group(1))

    def get(self, path="/", **more):
        return self._get(self.port, path, **more)

    def status(self):
        return self._status_of(self.status_file)

    def count(self, name):
        """A counter; the status file is written some time after the first request was answered."""
        return int(self.until(lambda: self.status().get(name)))

    def role(self, name):
        """The process of a role, which has its name some time after it was started."""
        return self.until(lambda: process_kit.roles(self.running.pid).get(name))

    def until(self, what, seconds=10):
        return self.wait_for(what, seconds, say=lambda: f"{self.status()}\n{self.running.text()}")

    def until_cut(self, n, seconds=10):
        self.until(lambda: f'"cut":{n},'.encode() in self.get("/latest.json")[2], seconds)

    def raw(self, request, seconds=5):
        """Sends bytes, reads until the other side closes or `seconds` pass."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as s:
            s.sendall(request)
            return read_all(s)

    def children(self):
        return process_kit.children(self.running.pid)


def read_answer(s, rest=b"", head_only=False):
    """(head, body, what came behind it) of one answer with a length, in however many pieces it comes."""
    while b"\r\n\r\n" not in rest:
        more = s.recv(65536)
        assert more, rest
        rest += more
    head, _, rest = rest.partition(b"\r\n\r\n")
    length = 0 if head_only else int(re.search(rb"^Content-Length: (\d+)", head, re.M)[1])
    while len(rest) < length:
        more = s.recv(65536)
        assert more, (head, len(rest))
        rest += more
    return head, rest[:length], rest[length:]


def read_all(s):
    data = b""
    try:
        while part := s.recv(65536):
            data += part
    except (TimeoutError, ConnectionResetError):
        pass
    return data


@pytest.fixture
def edge(start, tmp_path, wait_for, get, status_of):
    count = [0]

    def begin(tree, *args, role="results"):
        count[0] += 1
        status = tmp_path / f"status-{count[0]}"
        key = [] if role == "site" else ["--vkey", tree.signer.vkey]
        root = tree if role == "site" else tree.root
        running = start("atalaya-edge", "--listen", "127.0.0.1:0", "--tree", root, "--role", role, "--name", "uno",
                        "--status", status, "--program", role, *key, *args)
        return Edge(running, status, wait_for, get, status_of)

    return begin


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "public")


def brotli(data):
    return subprocess.run(["brotli", "-c", "-q", "5"], input=data, capture_output=True, check=True).stdout


def with_twins(pages):
    return {f"{k}.gz": gzip.compress(v, mtime=0) for k, v in pages.items()} | {f"{k}.br": brotli(v) for k, v in pages.items()}


@pytest.mark.sanitize
def test_serves_the_tree(edge, tree):
    chunk = b"<table><tr><td>acta</table>" * 20
    image = tree.add_image(b"\xff\xd8" + bytes(range(256)) * 400)
    package = os.urandom(300_000)
    twins = with_twins({"cut/0/index.html": PAGE})
    tree.cut({"index.html": PAGE, "jg/index.html": PAGE, "cut.json": b'{"x":1}'}, chunks=[chunk], twins=twins,
             foreign={"package/0/todo.zip": package}, package={"number": 0, "path": "package/0/", "time": "2027-06-07T02:00:00Z"})
    site = edge(tree)
    site.until_cut(0)

    status, head, body = site.get("/")
    assert (status, body) == (200, b"<p>portada del corte 0")
    assert head["content-type"] == "text/html; charset=utf-8"
    assert head["cache-control"].startswith("public, max-age=5") and "stale-if-error" in head["cache-control"]
    assert head["x-content-type-options"] == "nosniff" and head["access-control-allow-origin"] == "*"
    assert "default-src 'none'" in head["content-security-policy"] and head["referrer-policy"]
    assert head["etag"] == f'"{sha256(body)[:32]}"' and head["date"].endswith("GMT")
    assert head["repr-digest"] == f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"

    status, head, body = site.get("/cut/0/")
    assert body == PAGE and "immutable" in head["cache-control"] and head["vary"] == "Accept-Encoding"
    plain = head["etag"]
    tags = {plain}
    for accept, encoding, open_it in (("br, gzip", "br", None), ("gzip;q=0.9, br;q=0.1", "gzip", gzip.decompress)):
        status, head, body = site.get("/cut/0/index.html", headers={"Accept-Encoding": accept})
        assert head["content-encoding"] == encoding and len(body) < len(PAGE)
        assert open_it is None or open_it(body) == PAGE
        tags.add(head["etag"])
        again = site.get("/cut/0/index.html", headers={"Accept-Encoding": accept, "If-None-Match": head["etag"]})
        assert again[0] == 304 and again[2] == b"" and again[1]["etag"] == head["etag"]
        assert site.get("/cut/0/", headers={"If-None-Match": head["etag"]})[0] == 200, "a tag names one encoding"
    assert len(tags) == 3
    assert gzip.decompress(site.get("/cut/0/index.html.gz")[2]) == PAGE
    assert "content-encoding" not in site.get("/cut/0/index.html.gz")[1]

    head_of = site.get("/cut/0/", method="HEAD")
    got = site.get("/cut/0/")
    assert head_of[2] == b"" and {**head_of[1], "date": ""} == {**got[1], "date": ""}
    assert site.get(f"/chunk/{sha256(chunk)}.html")[2] == chunk
    assert site.get("/cut/0/cut.json")[1]["content-type"] == "application/json"
    assert site.get("/log/cut.vkey")[2].decode() == tree.signer.vkey + "\n"
    assert site.get("/cut/0/manifest")[2] == (tree.root / "cut/0/manifest").read_bytes()
    assert site.get("/log/tile/entries/000.p/2")[2] == (tree.root / "log/tile/entries/000.p/2").read_bytes()
    status, head, body = site.get(f"/acta/{image}.jpg")
    assert sha256(body) == image and head["content-type"] == "image/jpeg" and "immutable" in head["cache-control"]
    assert site.get("/package/0/todo.zip")[2] == package
    status, head, body = site.get("/package/0/todo.zip", headers={"Range": "bytes=100000-199999"})
    assert status == 206 and body == package[100000:200000] and head["content-range"] == "bytes 100000-199999/300000"
    assert site.get("/package/0/todo.zip", headers={"Range": "bytes=300000-"})[0] == 416

    status, head, body = site.get("/cut/0/jg")
    assert status == 308 and head["location"] == "jg/"
    status, head, body = site.get("/no/existe?x=1")
    assert status == 404 and b'href="/"' in body and "text/html" in head["content-type"]
    assert site.get("/?utm=1&x=2")[0] == 200
    status, head, _ = site.get("/", method="OPTIONS")
    assert status == 204 and head["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"):
        status, head, _ = site.get("/", method=method)
        assert status == 405 and head["allow"] == "GET, HEAD, OPTIONS"


def code_of(proof):
    """As anybody makes it: `head -c 10 | base32` of the file's SHA-256, in groups of four."""
    code = base64.b32encode(hashlib.sha256(proof).digest()[:10]).decode()
    return "-".join(code[i:i + 4] for i in range(0, 16, 4))


def test_the_code_of_the_cut(edge, tree, get_json):
    """It is null until the newest cut's proof is there, and never the code of the cut before."""
    tree.held_back = True
    tree.cut({"index.html": PAGE})
    tree.put("log/cut-0.tlog-proof", b"proof of cut 0\n")
    site = edge(tree)
    code = lambda: (e := get_json(site.port, "/estado")) and (e["cut"], e["code"])
    site.until(lambda: code() == (0, code_of(b"proof of cut 0\n")))
    status, head, body = site.get("/codigo")
    assert status == 200 and head["content-type"].startswith("text/html") and head["cache-control"] == "no-store"
    style = re.search(rb"<style>(.*?)</style>", body).group(1)
    hashed = base64.b64encode(hashlib.sha256(style).digest()).decode()
    assert f"style-src 'sha256-{hashed}'" in head["content-security-policy"] and "unsafe" not in head["content-security-policy"]
    letters = re.sub(rb"</?span>", b"", re.search(rb'class="code">(.*?)</p>', body).group(1)).decode()
    assert letters.replace(" ", "-") == code_of(b"proof of cut 0\n")
    assert b"SIMULACRO" in body and b"Corte <b>0</b>" in body and b'http-equiv="refresh"' in body
    tree.cut({"index.html": PAGE})
    site.until_cut(1)
    site.until(lambda: code() == (1, None))
    assert b"cuando el registro firma" in site.get("/codigo")[2]
    tree.put("log/cut-1.tlog-proof", b"proof of cut 1\n")
    site.until(lambda: code() == (1, code_of(b"proof of cut 1\n")))
    tree.put("log/cut-2.tlog-proof", b"x" * 300_000)  # no proof is so large
    tree.cut({"index.html": PAGE})
    site.until_cut(2)
    site.until(lambda: code() == (2, None))
    assert site.get("/codigo", method="HEAD")[2] == b""


def test_estado(edge, tree, get_json, tmp_path):
    tree.cut(next="2027-06-07T02:01:00Z", log=False)
    feed = tmp_path / "feed-state"
    feed.write_text("ok 2027-06-07T02:00:30Z\n")
    site = edge(tree, "--mirrors", "difusor-1=http://127.0.0.1:1/,difusor-2=http://127.0.0.1:2/", "--results",
                "http://127.0.0.1:3/", "--feed-state", feed, role="mirror")
    site.until_cut(0)
    said = site.until(lambda: (e := get_json(site.port, "/estado")) and e["feed"] == "ok" and e)
    assert said["role"] == "mirror" and said["name"] == "uno" and said["cut"] == 0 and said["mode"] == "normal"
    assert said["cut_time"] == "2027-06-07T02:00:00Z" and said["next"] == "2027-06-07T02:01:00Z"
    assert said["last"] is False and said["code"] is None and said["results"] == "http://127.0.0.1:3/"
    assert [m["name"] for m in said["mirrors"]] == ["difusor-1", "difusor-2"]
    assert site.get("/estado")[1]["cache-control"] == "no-store"
    assert said["code"] is None
    status, head, page = site.get("/difusores")
    assert status == 200 and head["content-type"].startswith("text/html") and head["cache-control"] == "no-store"
    style = re.search(rb"<style>(.*?)</style>", page).group(1)
    assert f"style-src 'sha256-{base64.b64encode(hashlib.sha256(style).digest()).decode()}'" in head["content-security-policy"]
    for words in (b"uno: un difusor", b'href="http://127.0.0.1:1/"', b'href="http://127.0.0.1:3/"', b"contesta", b"<dt>Edad"):
        assert words in page, words
    assert b"<script" not in page and site.get("/difusores", method="HEAD")[2] == b""
    feed.write_text("conflict 2027-06-07T02:00:30Z\n")
    site.until(lambda: get_json(site.port, "/estado")["feed"] == "conflict")
    site.until(lambda: "contradice" in site.get("/difusores")[2].decode())
    feed.write_text("lost 2020-01-01T00:00:00Z\n")
    said = site.until(lambda: (e := get_json(site.port, "/estado")) and e["feed"] == "lost" and e)
    assert said["feed_age_s"] > 1000


def unescape(text):
    text = re.sub(r"\\\*(\d+)\((.*?)\)", lambda m: m[2] * int(m[1]), text)
    return re.sub(r"\\(x..|[rnt\\])", lambda m: {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}.get(m[1]) or chr(int(m[1][1:], 16)),
                  text).encode("latin-1")


def hostile_vectors():
    for line in (VECTORS / "request.txt").read_text().splitlines():
        parts = line.split(None, 2)
        # "PRI * HTTP/2.0" and its blank line is the preface of HTTP/2, which this door speaks (test_h2.py)
        if len(parts) == 3 and parts[1].isdigit() and not unescape(parts[2]).startswith(b"PRI * HTTP/2.0\r\n\r\n"):
            yield parts[0], int(parts[1]), unescape(parts[2])


@pytest.mark.sanitize
def test_every_hostile_vector_is_refused_and_closed(edge, tree):
    tree.cut()
    site = edge(tree)
    site.until_cut(0)
    vectors = list(hostile_vectors())
    assert len(vectors) > 90
    for name, expected, request in vectors:
        # what follows would be a second answer, had the first request been taken for something else
        answer = site.raw(request + b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 %d " % expected), (name, answer[:60])
        assert answer.count(b"HTTP/1.1 ") == 1, name
        assert b"Connection: close" in answer, name
    status = site.until(lambda: (s := site.status()) and int(s["refused_head"]) >= len(vectors) and s)
    assert status["alarm"] == "-" and status["restarts"] == "0"


@pytest.mark.sanitize
def test_pipelined_requests_are_answered_in_order(edge, tree):
    pages = {f"p{i}.html": f"<p>pagina {i}".encode() + b"x" * (i * 1000) for i in range(60)}
    tree.cut(pages)
    site = edge(tree)
    site.until_cut(0)
    request = b"".join(b"GET /cut/0/p%d.html HTTP/1.1\r\nHost: a\r\n\r\n" % i for i in range(60))
    answer = site.raw(request + b"GET /estado HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert re.findall(rb"<p>pagina (\d+)", answer) == [b"%d" % i for i in range(60)]
    assert answer.count(b"HTTP/1.1 200 OK") == 61


@pytest.mark.sanitize
def test_split_at_every_byte(edge, tree):
    tree.cut()
    site = edge(tree)
    site.until_cut(0)
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    with socket.create_connection(("127.0.0.1", site.port), timeout=5) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for split in range(1, len(request)):
            s.sendall(request[:split])
            s.sendall(request[split:])
            assert read_answer(s)[1:] == (b"<p>portada del corte 0", b"")


class Reader(threading.Thread):
    """Asks for a few paths over one kept connection until it is stopped; what is not right is written down."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.stopped, self.done, self.wrong, self.newest = port, False, 0, [], 0

    def run(self):
        import http.client
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        while not self.stopped:
            try:
                for path in ("/latest.json", "/", None):
                    path = path or f"/cut/{self.newest}/index.html"
                    connection.request("GET", path)
                    answer = connection.getresponse()
                    body = answer.read()
                    found = re.search(rb'"cut":(\d+)|corte (\d+)', body)
                    number = int(found.group(1) or found.group(2)) if found else -1
                    if answer.status != 200 or number < self.newest:
                        self.wrong.append((path, answer.status, number, self.newest))
                    self.newest = max(self.newest, number)
                    self.done += 1
            except Exception as problem:  # a lost connection is as wrong as a wrong answer
                self.wrong.append(repr(problem))
                connection.close()


def test_twenty_cuts_under_load_without_one_failed_request(edge, tree):
    shared = [b"chunk %d " % i * 50 for i in range(40)]
    tree.cut(chunks=shared)
    site = edge(tree, "--workers", "2")
    site.until_cut(0)
    readers = [Reader(site.port) for _ in range(3)]
    for reader in readers:
        reader.start()
    for n in range(1, 21):
        tree.cut({"index.html": b"<p>corte %d<p>" % n + os.urandom(20000).hex().encode()}, chunks=shared[:39] + [b"only %d" % n])
        site.until_cut(n)
    for reader in readers:
        reader.stopped = True
    for reader in readers:
        reader.join(10)
    assert [r.wrong for r in readers] == [[]] * 3
    assert sum(r.done for r in readers) > 60
    # the last ten cuts stay addressable, older bodies do not, their manifests do; the other worker takes the last cut in its own time
    for path in ("/cut/10/index.html", f"/chunk/{sha256(shared[39])}.html"):
        site.until(lambda: site.get(path)[0] == 404)
    for n in range(11, 21):
        site.until(lambda: site.get(f"/cut/{n}/index.html")[0] == 200)
    assert site.get("/cut/0/manifest")[0] == 200
    assert site.get(f"/chunk/{sha256(shared[0])}.html")[2] == shared[0]
    status = site.until(lambda: (s := site.status()) and s.get("cut") == "20" and s)
    assert status["cuts"] == "10" and status["responses_5xx"] == "0"
    assert int(status["held_bytes"]) < 3_000_000, "chunks are kept once and old cuts are given back"


@pytest.mark.sanitize
@pytest.mark.parametrize("packs", [False, True])
def test_an_answer_that_is_being_read_survives_its_cut(edge, tree, tmp_path, packs):
    big = os.urandom(6_000_000)
    tree.cut({"index.html": b"<p>corte 0", "big.bin": big})
    # nothing is read while twelve cuts come: that must not be what ends it
    site = edge(tree, "--drain-ms", "120000", *(["--packs", tmp_path / "packs"] if packs else []))
    site.until_cut(0)
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        s.settimeout(10)
        s.connect(("127.0.0.1", site.port))
        s.sendall(b"GET /cut/0/big.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        first = s.recv(1000)
        for n in range(1, 13):
            tree.cut()
            site.until_cut(n)
        assert site.get("/cut/0/big.bin")[0] == 404
        body = (first + read_all(s)).split(b"\r\n\r\n", 1)[1]
    assert body == big


@pytest.mark.sanitize
def test_a_cut_that_is_not_right_is_refused(edge, tree):
    tree.cut()
    good = tree.cut()
    site = edge(tree)
    site.until_cut(good)
    state = {p: (tree.root / p).read_bytes() for p in ("latest.json", "index.html")}

    def refused(why):
        said = site.until(lambda: (s := site.status()) and why in s.get("alarm", "") and s)
        assert said["state"] == "degraded" and said["cut"] == str(good)
        assert site.get(f"/cut/{good}/index.html")[0] == 200 and site.get("/")[2] == b"<p>portada del corte %d" % good

    # a byte of a page
    tree.cut({"index.html": b"<p>bien"}, wrong={"cut/2/index.html": lambda right: b"<p>mal."})
    refused("not the bytes")
    tree.put("cut/2/index.html", b"<p>bien")
    site.until_cut(2)
    site.until(lambda: site.status()["alarm"] == "-" and site.status()["state"] == "running")
    good = 2

    # back to an older cut
    newer = {p: (tree.root / p).read_bytes() for p in ("latest.json", "index.html")}
    tree.put("latest.json", state["latest.json"])
    refused("goes back")
    tree.put("latest.json", newer["latest.json"])
    site.until(lambda: site.status()["alarm"] == "-")

    # another key, then no signature at all
    true = tree.signer
    tree.signer = Signer(true.name, seed=b"\x08" * 32)
    tree.cut()
    refused("corte rechazado")
    note = (tree.root / "cut/3/manifest").read_bytes()
    tree.put("cut/3/manifest", note.split(b"\n\n")[0] + b"\n")
    refused("corte rechazado")
    # signed again by the right one: it goes on by itself
    tree.put("cut/3/manifest", true.note(note.rsplit(b"\n\n", 1)[0] + b"\n"))
    site.until_cut(3)

    # a pointer that says something else than the manifest lists
    tree.signer = true
    tree.cut()
    site.until_cut(4)
    good = 4
    tree.cut(wrong={"latest.json": lambda right: right.replace(b'"votes":500', b'"votes":999')})
    refused("latest.json")
    tree.put("latest.json", (tree.root / "latest.json").read_bytes().replace(b'"votes":999', b'"votes":500'))
    site.until_cut(5)


def test_a_restart_finds_the_last_ten_cuts(edge, tree):
    for n in range(14):
        more = {"foreign": {"package/1/a.csv": b"a,b\n" * 100}} if n == 2 else {}  # made of cut 1, named first by the next
        pointer = {"package": {"number": 1, "path": "package/1/", "time": "2027-06-07T02:01:00Z"}} if n > 1 else {}
        tree.cut(**more, **pointer)
    site = edge(tree)
    site.until_cut(13)
    site.until(lambda: site.status().get("cuts") == "10" and site.get("/cut/4/index.html")[0] == 200)
    assert [site.get(f"/cut/{n}/index.html")[0] for n in (3, 4, 13)] == [404, 200, 200]
    assert site.get("/package/1/a.csv")[2] == b"a,b\n" * 100, "the newest package stays, however old its cut"


def test_nothing_to_serve_yet(edge, tree, tmp_path):
    tree.root.mkdir()
    site = edge(tree)
    status, head, body = site.get("/")
    assert status == 503 and int(head["retry-after"]) > 0
    assert site.get("/estado")[0] == 200
    assert site.until(lambda: site.status())["state"] == "starting"
    feed = edge(tree, role="feed")
    for path in ("/latest.json", "/log/checkpoint", "/log/policy"):
        status, head, body = feed.get(path)
        assert status == 404 and int(head["retry-after"]) > 0
    tree.cut()
    feed.until_cut(0)
    site.until_cut(0)


@pytest.mark.sanitize
def test_only_files_below_the_tree(edge, tree):
    tree.cut()
    outside = tree.root.parent / "secret"
    outside.write_bytes(b"secret")
    name = "a" * 64
    (tree.root / "acta").mkdir()
    (tree.root / "acta" / f"{name}.jpg").symlink_to(outside)
    (tree.root / "acta" / f"{'b' * 64}.jpg").mkdir()
    os.mkfifo(tree.root / "acta" / f"{'c' * 64}.jpg")
    (tree.root / "unlisted.html").write_bytes(b"not in the manifest")
    site = edge(tree)
    site.until_cut(0)
    for path in (f"/acta/{name}.jpg", f"/acta/{'b' * 64}.jpg", f"/acta/{'c' * 64}.jpg", "/unlisted.html", "/acta/", "/log/"):
        assert site.get(path)[0] == 404, path
    for path in ("/../secret", "/%2e%2e/secret", "/acta/..%2f..%2fsecret", "/a%00", "/acta/..\\..\\secret"):
        assert site.get(path)[0] == 400, path


def test_slow_clients_hold_nobody_up(edge, tree):
    tree.cut({"index.html": b"<p>corte 0", "big.bin": os.urandom(3_000_000)})
    site = edge(tree)
    site.until_cut(0)
    before = int(site.until(lambda: (s := site.status()).get("cut") == "0" and s)["memory_bytes"])
    slow = [socket.create_connection(("127.0.0.1", site.port)) for _ in range(400)]
    for s in slow[:300]:
        s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
    for s in slow[300:]:  # ask for much and read nothing
        s.sendall(b"GET /cut/0/big.bin HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
    began = time.monotonic()
    while time.monotonic() - began < 4.0:  # a byte now and then does not prolong a head
        slow[0].sendall(b"x")
        at = time.monotonic()
        assert site.get("/")[0] == 200
        assert time.monotonic() - at < 3.0
        time.sleep(0.2)
    status = site.status()
    assert int(status["memory_bytes"]) - before < 400 * 4096, "a slow client costs less than a page of memory"
    slow[1].settimeout(10)
    assert slow[1].recv(100).startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began < 12
    site.until(lambda: int(site.status()["timeout_head"]) >= 300)
    for s in slow:
        s.close()


def test_who_reads_is_given_more_at_once_than_who_does_not(edge, tree):
    tree.cut({"big.bin": os.urandom(6_000_000)})

    def settled(site, before):
        """What the kernel was handed in all, when two looks, a status apart, say the same."""
        last = 0
        while last != (now := site.count("bytes")) or now == before:
            last, at = now, os.stat(site.status_file).st_mtime_ns
            site.until(lambda: os.stat(site.status_file).st_mtime_ns != at)
        return last

    def given(site, taken):
        """Bytes that the kernel was handed for a reader with a small window who takes so many at once, and then no more."""
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            s.settimeout(10)
            s.connect(("127.0.0.1", site.port))
            before = site.count("bytes")
            s.sendall(b"GET /cut/0/big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            while taken > 0:
                taken -= len(s.recv(min(taken, 65536)))
            return settled(site, before) - before

    def given_again(site):
        """The same for the second answer on a connection whose first was taken whole: of the second nothing is read."""
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            s.settimeout(10)
            s.connect(("127.0.0.1", site.port))
            s.sendall(b"GET /cut/0/big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            data = bytearray()
            while b"\r\n\r\n" not in data:
                data += s.recv(65536)
            left = data.index(b"\r\n\r\n") + 4 + 6_000_000 - len(data)
            while left > 0:
                left -= len(s.recv(65536))
            before = settled(site, 0)
            s.sendall(b"GET /cut/0/big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            return settled(site, before) - before

    usual, narrow = edge(tree), edge(tree, "--unsent-read-bytes", "131072")
    usual.until_cut(0)
    narrow.until_cut(0)
    assert given(usual, 0) < 500_000
    assert given(usual, 400_000) > 1_200_000
    assert given(narrow, 400_000) < 900_000
    assert given_again(usual) > 900_000, "who has read is known for the connection's life"
    assert given_again(narrow) < 500_000


def test_full_house(edge, tree):
    tree.cut()
    site = edge(tree, "--connections", "50")
    site.until_cut(0)
    idle = [socket.create_connection(("127.0.0.1", site.port)) for _ in range(300)]
    for _ in range(20):
        assert site.get("/")[0] == 200
    status = site.until(lambda: (s := site.status()) and int(s["evicted"]) >= 250 and s)
    assert int(status["connections"]) <= 50
    for s in idle:
        s.close()


def test_roles_that_die_come_back(edge, tree):
    tree.cut()
    site = edge(tree)
    site.until_cut(0)
    for round_ in range(2):
        before = site.until(lambda: len(c := site.children()) == 2 and c)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
            site.until(lambda: pid not in site.children() and len(site.children()) == 2)
        site.until(lambda: site.get("/")[0] == 200)
        n = tree.cut()
        site.until_cut(n)
    site.until(lambda: int(site.status()["restarts"]) >= 4)
    # and nobody outlives the parent
    children = site.children()
    site.running.process.send_signal(signal.SIGKILL)
    site.running.process.wait(5)
    site.wait_for(lambda: not any(process_kit.alive(pid) for pid in children))


def proxied(address, port=1234):
    return b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c" + socket.inet_aton(address) + socket.inet_aton("127.0.0.1") + struct.pack(">HH", port, 80)


@pytest.mark.sanitize
def test_only_listed_forwarders_are_believed(edge, tree):
    tree.cut()
    ask = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    site = edge(tree, "--forwarders", "127.0.0.2,10.0.0.0/8", "--connections", "30")
    site.until_cut(0)

    def send(source, *parts):
        with socket.create_connection(("127.0.0.1", site.port), 5, source_address=(source, 0)) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for part in parts:
                s.sendall(part)
                time.sleep(0.01)
            return read_all(s)

    head = proxied("203.0.113.9")
    assert send("127.0.0.2", head + ask).startswith(b"HTTP/1.1 200 OK")
    assert send("127.0.0.2", *[bytes([b]) for b in head], ask).startswith(b"HTTP/1.1 200 OK")
    assert send("127.0.0.2", b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00" + ask).startswith(b"HTTP/1.1 200 OK"), "a balancer's own check"
    assert send("127.0.0.3", head + ask).startswith(b"HTTP/1.1 400 "), "nobody else may say so"
    assert send("127.0.0.2", ask) == b"", "a listed forwarder must say so"
    # 300 connections of one client through the forwarder take no place from the others that come through it
    crowd = []
    for _ in range(300):
        s = socket.create_connection(("127.0.0.1", site.port), 5, source_address=("127.0.0.2", 0))
        s.sendall(proxied("203.0.113.9") + b"GET / HTTP/1.1\r\n")
        crowd.append(s)
    reader = socket.create_connection(("127.0.0.1", site.port), 5, source_address=("127.0.0.2", 0))
    reader.sendall(proxied("198.51.100.7"))
    for _ in range(20):
        s = socket.create_connection(("127.0.0.1", site.port), 5, source_address=("127.0.0.2", 0))
        s.sendall(proxied("203.0.113.10") + b"GET / HTTP/1.1\r\n")
        crowd.append(s)
        reader.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b" 200 OK" in read_answer(reader)[0]
    for s in [*crowd, reader]:
        s.close()


@pytest.mark.sanitize
def test_the_same_bytes_again(edge, tree):
    """A request that came before in the very same bytes is answered without being parsed: from the view of now, and no other way."""
    tree.cut()
    site = edge(tree, "--idle-ms", "120000")  # one connection over ten cuts
    site.until_cut(0)
    fields = b"Host: a\r\nUser-Agent: el mismo de siempre\r\n\r\n"
    requests = [(b"GET / HTTP/1.1\r\n", True), (b"HEAD / HTTP/1.1\r\n", False), (b"GET http://a/ HTTP/1.1\r\n", True)]

    def body_of(s, line, has_body):
        s.sendall(line + fields)
        head, body, behind = read_answer(s, head_only=not has_body)
        assert head.startswith(b"HTTP/1.1 200 OK") and behind == b"", head
        return body, int(re.search(rb"Content-Length: (\d+)", head)[1])
    with socket.create_connection(("127.0.0.1", site.port), 5) as s:
        for n in (0, 10):
            while tree.number < n:
                site.until_cut(tree.cut())
            shown = b"<p>portada del corte %d" % n
            for line, has_body in requests * 4:
                assert body_of(s, line, has_body) == (shown if has_body else b"", len(shown))
        s.sendall(requests[0][0] + fields + requests[0][0] + fields)  # two together are two answers
        first, shown_first, rest = read_answer(s)
        second, shown_second, rest = read_answer(s, rest)
        assert first.startswith(b"HTTP/1.1 200 OK") and second.startswith(b"HTTP/1.1 200 OK") and shown_first == shown_second == shown and rest == b""
    before = site.count("requests")
    for _ in range(5):
        assert site.raw(b"GET / HTTP/1.0\r\n" + fields).startswith(b"HTTP/1.1 200 OK")
    site.until(lambda: int(site.status()["requests"]) >= before + 5)


@pytest.mark.sanitize
def test_an_answer_that_lies_ready(edge, tree):
    """What many ask for goes out as it lies: with the date of now, and whole to who reads late."""
    body = os.urandom(4000).hex().encode()
    tree.cut(foreign={"cut/0/mediana.html": body})
    site = edge(tree, "--drain-ms", "120000")  # who reads late does so after 700 others
    site.until_cut(0)
    request = b"GET /cut/0/mediana.html HTTP/1.1\r\nHost: a\r\nUser-Agent: el mismo de siempre\r\n\r\n"

    def answer_of(stream):
        head = {}
        assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
        while (line := stream.readline()) != b"\r\n":
            name, _, value = line.partition(b": ")
            head[name.lower()] = value.strip()
        assert stream.read(int(head[b"content-length"])) == body
        return head

    with socket.create_connection(("127.0.0.1", site.port), 10) as s, s.makefile("rb") as stream, socket.socket() as late:
        def ask():
            s.sendall(request)
            return answer_of(stream)
        heads = [ask() for _ in range(5)]
        without = [{k: v for k, v in head.items() if k != b"date"} for head in heads]
        assert all(head == without[0] for head in without) and b"date" in heads[0]
        site.until(lambda: ask()[b"date"] != heads[0][b"date"])
        # More than the sockets between hold. Each alone: the other connection's answer says that the one before was heard.
        late.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        late.settimeout(10)
        late.connect(("127.0.0.1", site.port))
        for _ in range(700):
            late.sendall(request)
            ask()
        with late.makefile("rb") as behind:
            for _ in range(700):
                answer_of(behind)
    site.until(lambda: int(site.status()["requests"]) >= 1405)


def test_the_program_executes_itself_again(edge, tree):
    tree.cut()
    site = edge(tree, "--health", "127.0.0.1:0")
    site.until_cut(0)
    kept = socket.create_connection(("127.0.0.1", site.port), timeout=10)
    assert b" 200 OK" in ask_again(kept)
    before = set(site.children())
    site.running.process.send_signal(signal.SIGHUP)
    site.until(lambda: len(set(site.children()) - before) == 3)
    site.until(lambda: "worker" in "".join(map(process_kit.name_of, before)))
    answer = site.until(lambda: b"Connection: close" in (a := ask_again(kept)) and a)  # its worker is finishing, and says so
    assert b" 200 OK" in answer
    site.until(lambda: not set(site.children()) & before)
    n = tree.cut()
    site.until_cut(n)
    assert site.running.stop() == 0 and site.status()["state"] == "stopped"


def ask_again(s):
    s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    return read_answer(s)[0]


@pytest.mark.sanitize
def test_large_bodies_in_packs(edge, tree, tmp_path, wait_for):
    """Files without a name: nothing is seen in the folder, everything is served as from memory, parts too, and a cut's copy in the
    tree may be altered without effect."""
    table, page = os.urandom(50_000).hex().encode(), b"<p>" + os.urandom(100_000).hex().encode()
    tree.cut({"index.html": b"<p>corte 0", "tabla.json": table, "grande.html": page})
    site = edge(tree, "--packs", tmp_path / "packs")
    site.until_cut(0)
    loader = site.role("edge-loader")

    def packs(pid):
        return [name for name in process_kit.descriptors(pid).values() if str(tmp_path / "packs") in name]
    assert any("(deleted)" in path for path in packs(loader))
    assert os.listdir(tmp_path / "packs") == []
    Path(tree.root, "cut/0/tabla.json").write_bytes(b"0" * len(table))
    for path, want in (("/cut/0/tabla.json", table), ("/cut/0/grande.html", page)):
        status, _, body = site.get(path)
        assert status == 200 and body == want
    status, headers, body = site.get("/cut/0/tabla.json", headers={"Range": "bytes=60000-60099"})
    assert status == 206 and body == table[60000:60100]
    n = 0
    while any(packs(loader)):  # no cut that is still held names one: its room goes back
        n = tree.cut({"index.html": b"<p>corte %d" % (n + 1)})
        site.until_cut(n)
        assert n < 14
    assert site.running.stop() == 0


def test_stop_is_clean(edge, tree):
    tree.cut()
    site = edge(tree)
    site.until_cut(0)
    assert site.running.stop() == 0
    assert site.status()["state"] == "stopped"


def test_small_budget_keeps_the_newest(edge, tree):
    for n in range(6):
        tree.cut({"index.html": b"<p>corte %d" % n, "big.json": os.urandom(300_000).hex().encode()[:300_000]})
    site = edge(tree, "--budget", "1")
    site.until_cut(5)
    n = tree.cut({"index.html": b"<p>corte 6", "big.json": os.urandom(300_000)})
    site.until_cut(n)
    status = site.until(lambda: (s := site.status()) and s.get("cut") == "6" and s)
    assert 1 <= int(status["cuts"]) <= 3 and int(status["held_bytes"]) < 1 << 21
    # one that does not fit at all is refused and said
    tree.cut({"index.html": os.urandom(2_000_000)})
    site.until(lambda: "memory budget" in site.status()["alarm"])
    assert site.get("/cut/6/index.html")[0] == 200


@pytest.mark.sanitize
def test_site(edge, tmp_path):
    root = tmp_path / "site"
    (root / "tramites").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / ".git/config").write_text("secret")
    (root / ".well-known/.editor").mkdir(parents=True)
    (root / ".well-known/.editor/copy").write_text("secret")
    (root / ".well-known/security.txt").write_text("Contact: mailto:x@example.mx")
    (root / "index.html").write_text("<h1>Instituto</h1><!-- atalaya:enlaces -->" + "texto " * 100)
    (root / "tramites/index.html").write_text("<h1>Trámites</h1>")
    (root / "logo.svg").write_text("<svg/>")
    (root / "foto.jpg").write_bytes(os.urandom(100_000))
    (root / "404.html").write_text("<h1>Aquí no está</h1>")
    (root / "trampa").symlink_to("/etc/passwd")
    site = edge(root, "--results", "http://127.0.0.1:9/", "--mirrors", "difusor <1>=http://127.0.0.1:8/?a&b", role="site")
    site.until(lambda: site.get("/")[0] == 200)
    status, head, body = site.get("/")
    assert b'<a href="http://127.0.0.1:9/">Resultados preliminares (PREP)</a>' in body
    assert b'<a href="http://127.0.0.1:8/?a&amp;b">difusor &lt;1&gt;</a>' in body
    assert "access-control-allow-origin" not in head and "default-src 'self'" in head["content-security-policy"]
    packed = site.get("/", headers={"Accept-Encoding": "gzip"})
    assert packed[1]["content-encoding"] == "gzip" and gzip.decompress(packed[2]) == body
    assert site.get("/", headers={"Accept-Encoding": "br"})[1]["content-encoding"] == "br"
    assert site.get("/tramites")[0] == 308 and "Trámites" in site.get("/tramites/")[2].decode()
    assert site.get("/logo.svg")[1]["content-type"] == "image/svg+xml"
    assert site.get("/foto.jpg")[2] == (root / "foto.jpg").read_bytes()
    assert site.get("/foto.jpg", headers={"Range": "bytes=0-9"})[0] == 206
    assert site.get("/.well-known/security.txt")[0] == 200
    for path in ("/.git/config", "/.well-known/.editor/copy", "/trampa", "/nada"):
        status, head, body = site.get(path)
        assert status == 404 and "Aquí no está" in body.decode()
    # changes show by themselves
    (root / "index.html").write_text("<h1>Nuevo</h1>")
    (root / "foto.jpg").unlink()
    site.until(lambda: site.get("/")[2] == b"<h1>Nuevo</h1>" and site.get("/foto.jpg")[0] == 404)
    # and when all is gone, the way to the results stays
    for file in ("index.html", "404.html"):
        (root / file).unlink()
    site.until(lambda: b"Resultados preliminares" in site.get("/")[2])


def test_site_without_a_folder_still_leads_to_the_results(edge, tmp_path):
    site = edge(tmp_path / "nothing", "--results", "http://127.0.0.1:9/", role="site")
    site.until(lambda: b"http://127.0.0.1:9/" in site.get("/")[2])
    assert b"http://127.0.0.1:9/" in site.get("/donde/sea")[2]


def test_wrong_command_lines(run, tmp_path):
    rest = ["--listen", "127.0.0.1:0", "--tree", str(tmp_path), "--name", "x"]
    assert run("atalaya-edge").returncode == 2
    assert run("atalaya-edge", *rest, "--role", "results").returncode == 2  # no key
    assert run("atalaya-edge", *rest, "--role", "none").returncode == 2
    assert run("atalaya-edge", *rest, "--role", "results", "--vkey", "a+b+c").returncode == 2
    assert run("atalaya-edge", *rest, "--role", "site", "--mirrors", "nonsense").returncode == 2
    assert run("atalaya-edge", *rest, "--role", "site", "--listen", "999.1.1.1:0").returncode == 2
