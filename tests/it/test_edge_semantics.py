"""What caches and browsers may rely on: tags, conditions, encodings, ranges, CORS, the same from HEAD as from GET."""
import base64
import gzip
import hashlib
import http.client
import os
import re
import subprocess

import pytest

from signed_tree import Tree, sha256

PAGE = ("<!doctype html><p>página " + "resultados preliminares " * 200).encode()


@pytest.fixture(scope="module")
def site(bin_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("semantics")
    tree = Tree(folder / "public")
    image = tree.add_image(b"\xff\xd8" + os.urandom(90_000))
    package = os.urandom(200_000)
    small = subprocess.run(["brotli", "-c", "-q", "5"], input=PAGE, capture_output=True, check=True).stdout
    tree.cut({"index.html": PAGE, "data.json": b'{"a":1}' * 50}, twins={"cut/0/index.html.gz": gzip.compress(PAGE, mtime=0), "cut/0/index.html.br": small},
             foreign={"package/0/todo.zip": package}, package={"number": 0, "path": "package/0/", "time": "2027-06-07T02:00:00Z"})
    process = subprocess.Popen([bin_dir / "atalaya-edge", "--listen", "127.0.0.1:0", "--tree", tree.root, "--role", "results", "--name", "a",
                                "--vkey", tree.signer.vkey], stdout=subprocess.PIPE, text=True)
    port = int(re.search(r":(\d+)/", process.stdout.readline())[1])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def ask(path, method="GET", **fields):
        connection.request(method, path, headers={k.replace("_", "-"): v for k, v in fields.items()})
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()

    while ask("/cut/0/")[0] != 200:
        pass
    ask.image, ask.package, ask.tree = image, package, tree
    yield ask
    process.terminate()
    process.wait(10)
    process.stdout.close()


def paths(site):
    return ["/", "/latest.json", "/cut/0/", "/cut/0/data.json", "/cut/0/manifest", "/log/cut.vkey", f"/acta/{site.image}.jpg", "/package/0/todo.zip"]


def test_head_is_get_without_its_body(site):
    for path in [*paths(site), "/nada", "/cut/0", "/estado"]:
        for fields in ({}, {"Accept_Encoding": "br"}, {"Accept_Encoding": "gzip;q=0.5, identity"}):
            get, head = site(path, **fields), site(path, "HEAD", **fields)
            assert head[2] == b"" and head[0] == get[0], path
            changes = {"date", "content-length"} if path == "/estado" else {"date"}  # made every second
            assert {k: v for k, v in head[1].items() if k not in changes} == {k: v for k, v in get[1].items() if k not in changes}, path
            assert path == "/estado" or int(get[1]["content-length"]) == len(get[2])


def test_what_has_a_tag_is_not_sent_twice(site):
    for path in paths(site):
        for encoding in ("identity", "gzip", "br"):
            status, head, body = site(path, Accept_Encoding=encoding)
            tag = head["etag"]
            assert status == 200 and re.fullmatch(r'"[0-9a-f]{32}"', tag) and tag == f'"{sha256(body)[:32]}"', path
            for known in (tag, f"W/{tag}", f'"x", {tag}', f'"x",{tag},"y"', "*"):
                for method in ("GET", "HEAD"):
                    status, again, nothing = site(path, method, Accept_Encoding=encoding, If_None_Match=known)
                    assert (status, nothing) == (304, b""), (path, known)
                    for name in ("etag", "cache-control", "vary"):
                        assert again.get(name) == head.get(name), (path, name)
                    assert "content-length" not in again and "content-type" not in again
            for other in ('"x"', tag.strip('"'), '""', tag[:-1] + '0"'):
                assert site(path, Accept_Encoding=encoding, If_None_Match=other)[0] == 200


def test_what_lies_in_the_folder_has_a_tag_too(site):
    """The log and old manifests are no part of a view: what replaces such a file has another tag."""
    for path in ("/log/checkpoint", f"/log/tile/entries/000.p/{len(site.tree.entries)}", "/log/cut-0.tlog-proof"):
        status, head, body = site(path)
        assert status == 200 and re.fullmatch(r'"[0-9a-f]+-[0-9a-f]+-[0-9a-f]+"', head["etag"]), path
        assert site(path, If_None_Match=head["etag"])[::2] == (304, b"") and site(path, If_None_Match='"x"')[2] == body
        assert site(path, Range="bytes=1-3", If_Range=head["etag"])[::2] == (206, body[1:4])
        assert site(path, Range="bytes=1-3", If_Range='"x"')[::2] == (200, body)
    status, head, body = site("/log/checkpoint")
    site.tree.put("log/checkpoint", bytes(reversed(body)))  # as long, in the same moment or another
    assert site("/log/checkpoint", If_None_Match=head["etag"])[::2] == (200, bytes(reversed(body)))
    site.tree.put("log/checkpoint", body)


def test_the_digest_of_what_is_named_by_it(site):
    for path in paths(site):
        status, head, body = site(path)
        assert status == 200 and head["repr-digest"] == f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:", path
        assert site(path, "HEAD")[1]["repr-digest"] == head["repr-digest"]


def test_encodings_by_weight(site):
    for accept, expected in (("", None), ("br", "br"), ("gzip", "gzip"), ("gzip, br", "br"), ("br;q=0.5, gzip", "gzip"), ("br;q=0, gzip", "gzip"),
                             ("br;q=0", None), ("*", "br"), ("*;q=0", None), ("gzip;q=0, *", "br"), ("identity", None), ("identity;q=0.5, gzip;q=0.4", None),
                             ("GZIP", "gzip"), ("x-gzip", "gzip"), ("deflate, zstd", None), ("br;q=1.000", "br"), ("br;q=1.1", None), ("br; q=0.001", "br"),
                             (" , ,br", "br"), ("br;level=3", "br")):
        status, head, body = site("/cut/0/index.html", **({"Accept_Encoding": accept} if accept else {"Accept_Encoding": "identity"}))
        assert status == 200 and head.get("content-encoding") == expected and head["vary"] == "Accept-Encoding", accept
        assert expected != "gzip" or gzip.decompress(body) == PAGE
    assert "vary" not in site(f"/acta/{site.image}.jpg", Accept_Encoding="br")[1]


def test_one_range_or_the_whole(site):
    path, whole = "/package/0/todo.zip", site.package
    tag = site(path)[1]["etag"]
    for value, first, last in (("bytes=0-0", 0, 0), ("bytes=0-99", 0, 99), ("bytes=100-", 100, 199_999), ("bytes=-5", 199_995, 199_999),
                               ("bytes=0-999999999", 0, 199_999), ("bytes=-999999999", 0, 199_999), ("BYTES=1-2", 1, 2)):
        status, head, body = site(path, Range=value)
        assert (status, body) == (206, whole[first:last + 1]) and head["content-range"] == f"bytes {first}-{last}/200000", value
        assert head["etag"] == tag and head["accept-ranges"] == "bytes"
    for value in ("bytes=200000-", "bytes=-0", "bytes=999999999999-"):
        status, head, body = site(path, Range=value)
        assert (status, body) == (416, b"") and head["content-range"] == "bytes */200000", value
    for value in ("bytes=0-1,3-4", "bytes=5-2", "bytes=a-b", "bytes", "bytes=", "lines=0-1", "bytes=1", "bytes=0x1-2", "bytes=99999999999999999999-"):
        status, _, body = site(path, Range=value)
        assert (status, body) == (200, whole), value
    assert site(path, Range="bytes=0-1", If_Range=tag)[0] == 206
    for other in ('"x"', f"W/{tag}", "Mon, 07 Jun 2027 02:00:00 GMT"):
        assert site(path, Range="bytes=0-1", If_Range=other)[0] == 200
    assert site(path, "HEAD", Range="bytes=0-1")[0] == 200
    assert site(path, Range="bytes=0-1", If_None_Match=tag)[0] == 304
    assert site(f"/acta/{site.image}.jpg", Range="bytes=2-3")[0] == 206
    assert "accept-ranges" not in site("/cut/0/")[1] and site("/cut/0/", Range="bytes=0-1")[0] == 200


def test_how_long_it_keeps(site):
    for path in ("/cut/0/", "/cut/0/data.json", "/package/0/todo.zip", f"/acta/{site.image}.jpg"):
        assert site(path)[1]["cache-control"] == "public, max-age=31536000, immutable", path
    for path in ("/", "/latest.json"):
        keeps = site(path)[1]["cache-control"]
        assert "immutable" not in keeps and "stale-if-error=86400" in keeps and int(re.search(r"max-age=(\d+)", keeps)[1]) <= 5
    assert site("/nada")[1]["cache-control"] == "public, max-age=5" and site("/estado")[1]["cache-control"] == "no-store"


def test_everything_public_may_be_read_from_elsewhere(site):
    for path in [*paths(site), "/nada", "/estado"]:
        head = site(path, Origin="https://medio.example")[1]
        assert head["access-control-allow-origin"] == "*" and head["x-content-type-options"] == "nosniff", path
        of_a_page = re.match(r"text/(html|css|javascript)|image/|font/", head.get("content-type", "text/html"))
        assert head.get("access-control-expose-headers") == (None if of_a_page else "*"), path
        status, head, body = site(path, "OPTIONS", Origin="https://medio.example", Access_Control_Request_Method="GET")
        assert (status, body) == (204, b"") and head["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
        assert "if-none-match" in head["access-control-allow-headers"].lower()
    for path in ("/", "/cut/0/", "/nada"):
        rules = site(path)[1]["content-security-policy"]
        assert "default-src 'none'" in rules and "unsafe" not in rules
    assert "strict-transport-security" not in site("/")[1], "only over TLS"


def test_one_address_a_page(site):
    for target, status in (("/?x=1", 200), ("/cut/0/?utm=a&b", 200), ("/cut/0/./", 200), ("/cut/../cut/0/", 200), ("/%63ut/0/", 200), ("/cut/0", 308),
                           ("/cut/0//", 404), ("/CUT/0/", 404), ("/cut/00/", 404), ("/cut/%2e%2e/%2e%2e/etc/passwd", 400), ("/cut/0/%00", 400)):
        assert site(target)[0] == status, target
