"""An answer over HTTP/2 is the answer over HTTP/1.1: the same status, fields and bytes for every kind of request, with a decoder of HPACK
that is not ours. And what a client may ask for is not forgotten on the way: conditions, encodings, parts."""
import gzip
import http.client
import os
import socket

import hpack
import pytest

from test_edge import PAGE, edge, tree  # noqa: F401
from test_h2 import END, H2, HEADERS, WHOLE, WINDOW, frame
from test_tls import certificate, client, dial, safe  # noqa: F401

BIG = os.urandom(40_000)
IMAGE = b"\xff\xd8" + os.urandom(5000)


def http2(port):
    h2 = H2(dial(port, client(alpn=["h2"])))
    return h2.send(frame(WINDOW, 0, 0, b"\x00\xff\xff\xff"))


def over_h2(h2, decoder, stream, method, path, fields):
    block = hpack.Encoder().encode([(":method", method), (":scheme", "https"), (":path", path), (":authority", "a"), *fields])
    h2.send(frame(HEADERS, END | WHOLE, stream, block))
    block, body = h2.answer(stream)
    head = dict(decoder.decode(block))
    return int(head.pop(":status")), head, body


def over_http1(port, method, path, fields):
    context = client()
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=5)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in fields:
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    head = {k.lower(): v for k, v in answer.getheaders() if k.lower() != "connection"}
    body = answer.read()
    connection.close()
    return answer.status, head, body


@pytest.mark.sanitize
def test_answers_are_those_of_http1(safe, tree):  # noqa: F811
    image = tree.add_image(IMAGE)
    tree.cut({"index.html": PAGE * 4, "big.bin": BIG}, twins={"cut/0/index.html.gz": gzip.compress(PAGE * 4, mtime=0)})
    site = safe()
    h2, decoder = http2(site.tls_port), hpack.Decoder()
    tag = over_http1(site.tls_port, "GET", "/cut/0/", [])[1]["etag"]
    asked = [("GET", "/cut/0/", []), ("HEAD", "/cut/0/", []), ("GET", "/cut/0/", [("if-none-match", tag)]),
             ("GET", "/cut/0/", [("accept-encoding", "gzip")]), ("GET", "/cut/0/", [("accept-encoding", "br;q=0, gzip;q=0")]),
             ("GET", "/cut/0/big.bin", []), ("GET", "/cut/0/big.bin", [("range", "bytes=100-299")]),
             ("GET", "/cut/0/big.bin", [("range", "bytes=900000-")]), ("GET", "/cut/0", []), ("GET", "/nada?x", []), ("GET", "/latest.json", []),
             ("GET", f"/acta/{image}.jpg", []), ("GET", f"/acta/{image}.jpg", [("range", "bytes=-7")]), ("OPTIONS", "/", []), ("DELETE", "/", []),
             ("GET", "/codigo", []), ("GET", "/log/checkpoint", [])]
    seen = set()
    for i, (method, path, fields) in enumerate(asked):
        first, second = over_http1(site.tls_port, method, path, fields), over_h2(h2, decoder, 2 * i + 1, method, path, fields)
        for answer in (first, second):
            answer[1].pop("date")
        assert first == second, (method, path, fields)
        seen.add(first[0])
    assert {200, 204, 206, 304, 308, 404, 405, 416} <= seen


def test_what_the_client_knows_is_not_sent_again(safe, tree):  # noqa: F811
    """Conditions, encodings and ranges had no effect over HTTP/2: the fields' names were not noted."""
    tree.cut({"index.html": PAGE * 4, "big.bin": BIG}, twins={"cut/0/index.html.gz": gzip.compress(PAGE * 4, mtime=0)})
    site = safe()
    h2, decoder = http2(site.tls_port), hpack.Decoder()
    status, head, body = over_h2(h2, decoder, 1, "GET", "/cut/0/", [("accept-encoding", "gzip")])
    assert status == 200 and head["content-encoding"] == "gzip" and gzip.decompress(body) == PAGE * 4
    assert over_h2(h2, decoder, 3, "GET", "/cut/0/", [("accept-encoding", "gzip"), ("if-none-match", head["etag"])])[0::2] == (304, b"")
    status, head, body = over_h2(h2, decoder, 5, "GET", "/cut/0/big.bin", [("range", "bytes=1000-1099")])
    assert status == 206 and body == BIG[1000:1100] and head["content-range"] == f"bytes 1000-1099/{len(BIG)}"


def test_a_head_enters_no_table(safe, tree):  # noqa: F811
    """The blocks lie ready for every connection: none may lean on what another said before."""
    tree.cut({"index.html": PAGE})
    site = safe()
    h2 = http2(site.tls_port)
    for stream in (1, 3, 5):
        status, head, body = over_h2(h2, hpack.Decoder(), stream, "GET", "/cut/0/", [])
        assert status == 200 and body == PAGE and head["strict-transport-security"]
    plain = H2(socket.create_connection(("127.0.0.1", site.port)))
    assert "strict-transport-security" not in over_h2(plain, hpack.Decoder(), 1, "GET", "/cut/0/", [])[1], "never in clear"
