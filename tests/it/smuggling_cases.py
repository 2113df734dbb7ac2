"""Requests that two programs on one path could read in two ways: families of a rule and its spellings, over 400, and others by chance. `valid` ones
are what every reader accepts; all others must be refused, with the connection closed."""

import random

END = b"GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
CHUNKED = b"5\r\nhello\r\n0\r\n\r\n"


def head(*lines, line=b"GET / HTTP/1.1", host=b"Host: a", body=b""):
    return b"\r\n".join([line, *([host] if host is not None else []), *lines]) + b"\r\n\r\n" + body


def post(*lines, body=b""):
    return head(*lines, line=b"POST / HTTP/1.1", body=body)


CODINGS = [b"Transfer-Encoding: chunked", b"Transfer-Encoding: Chunked", b"transfer-encoding: chunked", b"Transfer-Encoding:chunked",
           b"Transfer-Encoding:\tchunked", b"Transfer-Encoding:  chunked ", b"Transfer-Encoding : chunked", b"Transfer-Encoding\t: chunked",
           b" Transfer-Encoding: chunked", b"Transfer-Encoding:\x0bchunked", b"Transfer-Encoding:\x0cchunked", b"Transfer-Encoding: \x00chunked",
           b"Transfer-Encoding: chunked\x00", b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunkedx", b"Transfer-Encoding: chunked, identity",
           b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding: identity", b"Transfer-Encoding: gzip, chunked",
           b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: ,chunked", b"Transfer-Encoding: chunked,", b"Transfer-Encoding: \"chunked\"",
           b"Transfer-Encoding: 'chunked'", b"Transfer-Encoding: chunked;q=1", b"Transfer-Encoding: chunk", b"Transfer-Encoding:",
           b"Transfer-Encoding: ch\xc3\xbanked", b"Transfer-Encoding:\r\n chunked", b"Transfer-Encoding: chunked\r\n\t", b"X: y\r\n Transfer-Encoding: chunked",
           b"X: y\rTransfer-Encoding: chunked", b"X: y\nTransfer-Encoding: chunked", b"X: y\r\rTransfer-Encoding: chunked",
           b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
           b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", b"Transfer_Encoding: chunked\r\nContent-Length: 5x",
           b"\xef\xbb\xbfTransfer-Encoding: chunked", b"Transfer-Encoding\x00: chunked", b"Transfer-Encoding\xa0: chunked", b"Transfer Encoding: chunked",
           b"Transfer-Encoding: chunked\x7f", b"Transfer-Encoding: \x01chunked", b"Transfer-Encoding: chunked\x1f"]

LENGTHS = [b"+5", b"-5", b"-0", b"0x5", b"5 5", b"5,5", b"5, 5", b"5,6", b"5;", b"5.0", b"1e1", b"", b" ", b"\t", b"five", b"5\x00", b"\x005", b"5\x0b",
           b"\x0c5", b"5_0", b"18446744073709551616", b"18446744073709551621", b"9223372036854775808", b"99999999999999999999999999", b"\"5\"", b"'5'",
           b"(5)", b"5\r\n 0", b"5\r\n\t", b"\r\n 5", b"\xd9\xa5", b"5a", b"a5", b"0o5", b"5\x7f", b"5\rX: y", b"5\nX: y"]


def bodies():
    for i, coding in enumerate(CODINGS):
        yield f"coding-{i}", post(coding, body=CHUNKED)
        yield f"coding-{i}-and-length", post(b"Content-Length: 5", coding, body=b"hello")
        yield f"length-and-coding-{i}-on-get", head(coding, b"Content-Length: 0")
    for name in (b"Content-Length", b"Transfer-Encoding"):
        for spelled in (b":\t0", b":\t 0", b": 0\t"):
            yield f"tab-beside-{name.decode()}-{spelled!r}", head(name + spelled)
    for i, length in enumerate(LENGTHS):
        yield f"length-{i}", post(b"Content-Length: " + length, body=b"hello")
        yield f"length-{i}-on-get", head(b"Content-Length: " + length)
    for a, b in ((b"5", b"6"), (b"5", b"5"), (b"0", b"5"), (b"5", b"0"), (b"0", b"0")):
        yield f"lengths-{a.decode()}-{b.decode()}", post(b"Content-Length: " + a, b"content-length: " + b, body=b"hello")
        yield f"lengths-{a.decode()}-{b.decode()}-on-get", head(b"Content-Length: " + a, b"Content-Length: " + b)
    for name in (b"Content-Length ", b"Content-Length\t", b" Content-Length", b"Content Length", b"Content-Length\x00", b"\x0bContent-Length", b"Content-Length\x0b"):
        yield f"length-name-{name!r}", head(name + b": 5", body=b"hello")


CHUNKS = [b"5;ext=1\r\nhello\r\n0\r\n\r\n", b"5 \r\nhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"+5\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n",
          b"5\nhello\n0\n\n", b"5\r\nhello0\r\n\r\n", b"5\r\nhelloX\r\n0\r\n\r\n", b"5\r\nhello\r\n0\r\nX: y\r\n\r\n", b"00000000000000005\r\nhello\r\n0\r\n\r\n",
          b"10000000000000005\r\nhello\r\n0\r\n\r\n", b"5\r\r\nhello\r\n0\r\n\r\n", b"\r\n5\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n\r\n0\r\n\r\n", b"5;\nx\r\nhello\r\n0\r\n\r\n",
          b";\r\n\r\n", b"g\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n0;\r\n\r\n", b"5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n", b"5\r\nhello\r\n0\r\n"]


def chunks():
    for i, body in enumerate(CHUNKS):
        yield f"chunk-{i}", post(b"Transfer-Encoding: chunked", body=body)


def lines():
    whole = b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"
    ends = [i for i in range(len(whole)) if whole.startswith(b"\r\n", i)]
    for place, i in enumerate(ends):
        for name, end in (("lf", b"\n"), ("cr", b"\r"), ("crcrlf", b"\r\r\n"), ("lfcr", b"\n\r"), ("crnul", b"\r\x00\n"), ("vt", b"\x0b\n")):
            yield f"line-end-{place}-{name}", whole[:i] + end + whole[i + 2:]
    for name, first in (("crlf", b"\r\n"), ("lf", b"\n"), ("space", b" "), ("tab", b"\t"), ("nul", b"\x00"), ("bom", b"\xef\xbb\xbf"), ("cr", b"\r")):
        yield f"before-the-line-{name}", first + whole


REQUEST_LINES = [b"GET  / HTTP/1.1", b"GET /  HTTP/1.1", b"GET\t/ HTTP/1.1", b"GET /\tHTTP/1.1", b"GET / HTTP/1.1 ", b"GET / HTTP/1.1\t", b"GET / HTTP/1.1 x",
                 b"GET /", b"GET", b"", b"GET / HTTP/0.9", b"GET / HTTP/1.2", b"GET / HTTP/2.0", b"GET / HTTP/3", b"GET / HTTP/1.", b"GET / HTTP/1", b"GET / HTTP/01.1",
                 b"GET / HTTP/1.01", b"GET / HTTP/1.1x", b"GET / http/1.1", b"GET / HTTPS/1.1", b"GET / HTTP /1.1", b"GET / XHTTP/1.1", b"GET /a b HTTP/1.1",
                 b"GET /\x00 HTTP/1.1", b"GET /\x01 HTTP/1.1", b"GET /\x7f HTTP/1.1", b"GET /\xc3\xb1 HTTP/1.1", b"GET /#x HTTP/1.1", b"GET x HTTP/1.1", b"GET * HTTP/1.1",
                 b"GET a:80 HTTP/1.1", b"CONNECT a:80 HTTP/1.1", b"CONNECT / HTTP/1.1", b"GET http://b/ HTTP/1.1", b"GET http://a@b/ HTTP/1.1",
                 b"GET http://u@a/ HTTP/1.1", b"GET http:///x HTTP/1.1", b"GET http://a:81/ HTTP/1.1", b"GET ftp://a/ HTTP/1.1", b"GET //b/ HTTP/9.9", b"G@T / HTTP/1.1",
                 b"G:T / HTTP/1.1", b"G\xc3T / HTTP/1.1", b"G(T / HTTP/1.1", b"GET\x00 / HTTP/1.1", b"GET\x0b/ HTTP/1.1", b"GET /\x0bHTTP/1.1", b"GET /\x0cHTTP/1.1",
                 b"GET /../../x HTTP/1.1", b"GET /%00 HTTP/1.1", b"GET /%2e%2e/%2e%2e/x HTTP/1.1", b"GET /%zz HTTP/1.1", b"GET /a%2fb HTTP/1.1", b"GET /a\\b HTTP/1.1"]


def request_lines():
    for i, line in enumerate(REQUEST_LINES):
        yield f"request-line-{i}", head(line=line)


FIELDS = [b"X y: z", b"X : y", b"X\t: y", b" X: y", b"\tX: y", b": y", b"X", b"X\x00: y", b"X\x0b: y", b"X\xc3: y", b"X(: y", b"X/: y", b"X@: y", b"X[: y", b"\"X\": y", b"X: \x00",
          b"X: y\x00z", b"X: \x01", b"X: \x0b", b"X: \x1f", b"X: \x7f", b"X: y\r\n z", b"X: y\r\n\tz", b"X: y\rz", b"X: y\nz", b"X: y\n z", b"X: y\r\n \r\nZ: a", b"X,Y: z", b"X;: y", b"{X}: y"]


def fields():
    for i, field in enumerate(FIELDS):
        yield f"field-{i}", head(field)
        yield f"field-{i}-first", head(b"Host: a", host=field)


HOSTS = [None, b"Host:", b"Host: ", b"Host: a\r\nHost: a", b"Host: a\r\nHost: b", b"Host: a, b", b"Host: a b", b"Host: a/b", b"Host: a@b", b"Host: a\\b", b"Host: a#b", b"Host: a?b",
         b"Host: http://a", b"Host: a:80:80", b"Host: a:x", b"Host: a:-1", b"Host: a:999999", b"Host: :80", b"Host: [::1", b"Host: ::1]", b"Host: [g::1]x", b"Host: a\x00", b"Host: a\x0b",
         b"Host: a\xc3\xb1", b"Host : a", b"Host\t: a", b" Host: a", b"Host: a\r\n b", b"Host: \"a\"", b"Host: <a>", b"Host: a%00", b"Host: a,", b"Host: a;b", b"Host: a|b", b"Host: a^b", b"Host: `a`",
         b"Host:\ta", b"Host:\t a", b"Host: a\t", b"Host: .a", b"Host: ..a", b"Host: a..b", b"Host: a..", b"Host: .", b"Host: -a", b"Host: a.-b", b"Host: ..a:80",
         b"Host: 1.2.3", b"Host: 1.2.3.4.5", b"Host: 1.2.3.256", b"Host: 01.2.3.4", b"Host: 80", b"Host: 0", b"Host: a.1", b"Host: 0x7f.1", b"Host: a:0", b"Host: a:00080",
         b"Host: a:65536", b"Host: [1.2.3.4]", b"Host: [:::]", b"Host: [1::2::3]", b"Host: [12345::]", b"Host: [g::1]", b"Host: [::1]80"]


def hosts():
    for i, host in enumerate(HOSTS):
        yield f"host-{i}", head(host=host)


def valid():
    yield "plain", head()
    yield "many-fields", head(*(b"X-%d: y" % i for i in range(40)))
    yield "empty-value", head(b"X:")
    yield "tab-around-value", head(b"X:\ty\t")
    yield "long-value", head(b"X: " + b"y" * 3000)
    yield "lower-case-names", head(host=b"host: a")
    yield "host-with-port", head(host=b"Host: a:80")
    yield "host-address", head(host=b"Host: 127.0.0.1")
    yield "host-address-6", head(host=b"Host: [::1]:80")
    yield "host-whole-name", head(host=b"Host: a.example.")
    yield "host-inner-hyphens", head(host=b"Host: a--b.c-d")
    yield "query", head(line=b"GET /?a=b&c=%20 HTTP/1.1")
    yield "head", head(line=b"HEAD / HTTP/1.1")
    yield "ten", head(line=b"GET / HTTP/1.0")
    yield "percent", head(line=b"GET /%61 HTTP/1.1")
    yield "tokens", head(b"X-!#$%&'*+-.^_`|~9: y")


def hostile():
    for family in (bodies, chunks, lines, request_lines, fields, hosts):
        yield from family()


PIECES = [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b",", b";", b"/", b"//", b"%2f", b"..", b"?", b"#", b"@", b"\x00", b"\x7f", b"\x80", b"\xff", b"\"", b"\\", b"|", b"[", b"*",
          b"HTTP/1.0", b"http://a", b"a:80", b"[::1]", b"OPTIONS", b"HEAD", b"Host: a\r\n", b"Host: b\r\n", b"Connection: close\r\n", b"Connection: keep-alive, te\r\n",
          b"TE: trailers\r\n", b"Content-Length: 0\r\n", b"Content-Length:\t0\r\n", b"Range: bytes=0-\r\n", b"X: \xc3\xb1\r\n", b"x_y: z\r\n", b"Trailer: x\r\n", b"Cookie: a\r\n",
          b"Proxy-Connection: x\r\n", b"Keep-Alive: 1\r\n", b"Via: x\r\n", b"Origin: null\r\n", b"X: \r\n"]


def changed(chance, request):
    """One piece put in, one byte changed, or a few taken out."""
    at, kind = chance.randrange(len(request) + 1), chance.random()
    if kind < 0.6:
        return request[:at] + chance.choice(PIECES) + request[at:]
    if kind < 0.85:
        return request[:at] + bytes([chance.randrange(256)]) + request[at + (kind < 0.7):]
    return request[:at] + request[at + chance.randrange(1, 4):]


def by_chance(n, seed=4):
    """Valid ones with one to three changes; always the same. Nobody says beforehand which of them are still to be accepted."""
    chance = random.Random(seed)
    bases = [request for _, request in valid() if len(request) < 400]
    for i in range(n):
        request = chance.choice(bases)
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            request = changed(chance, request)
        yield f"chance-{i}", request
