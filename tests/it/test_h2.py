"""HTTP/2 at the edge, frame by frame, over TLS and with prior knowledge in clear: what RFC 9113 asks (the cases of h2spec by their
sections), and attacks with their counters."""
import os
import socket
import struct
import time

import pytest

from test_edge import PAGE, edge, tree  # noqa: F401
from test_tls import certificate, client, dial, safe  # noqa: F401

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
ACK, END, WHOLE, PADDED, PRIO = 1, 1, 4, 8, 32
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NO_ERROR, PROTOCOL, INTERNAL, FLOW, TIMEOUT, CLOSED, SIZE, REFUSED, CANCEL, COMPRESSION, CONNECT, CALM = range(12)


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def text(s):
    s = s.encode() if isinstance(s, str) else s
    assert len(s) < 127 + 128
    return (bytes([len(s)]) if len(s) < 127 else bytes([127, len(s) - 127])) + s


def field(name, value):
    return b"\x00" + text(name) + text(value)


def head(path="/", method="GET", *more, scheme="https"):
    return b"".join([field(":method", method), field(":scheme", scheme), field(":path", path), field(":authority", "a"),
                     *(field(k, v) for k, v in more)])


def get(stream, path="/", flags=END | WHOLE, *more):
    return frame(HEADERS, flags, stream, head(path, "GET", *more))


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", k, v) for k, v in pairs))


class H2:
    def __init__(self, s, greet=True, first=()):
        self.s, self.data = s, b""
        s.settimeout(5)
        if greet:
            self.send(PREFACE + settings(*first))
            assert self.until(lambda f: f[0] == SETTINGS and f[1] & ACK)

    def send(self, data):
        try:
            self.s.sendall(data)
        except OSError:
            pass
        return self

    def next(self):
        """(type, flags, stream, payload), or None at the end."""
        while len(self.data) < 9 or len(self.data) < 9 + int.from_bytes(self.data[:3], "big"):
            try:
                more = self.s.recv(65536)
            except (ConnectionError, OSError):
                more = b""
            if not more:
                return None
            self.data += more
        n = int.from_bytes(self.data[:3], "big")
        found = (self.data[3], self.data[4], int.from_bytes(self.data[5:9], "big"), self.data[9:9 + n])
        self.data = self.data[9 + n:]
        return found

    def until(self, wanted):
        while (f := self.next()) is not None:
            if wanted(f):
                return f
        return None

    def answer(self, stream):
        """(head block, body)."""
        block, body, flags = None, b"", 0
        while not flags & END:
            f = self.until(lambda f: f[2] == stream)
            assert f is not None and f[0] in (HEADERS, DATA), f
            flags = f[1]
            block, body = (f[3], body) if f[0] == HEADERS else (block, body + f[3])
        return block, body

    def connection_error(self, *codes):
        f = self.until(lambda f: f[0] == GOAWAY)
        assert f is not None, "no GOAWAY"
        assert int.from_bytes(f[3][4:8], "big") in codes, f
        assert self.until(lambda f: False) is None

    def stream_error(self, stream, *codes):
        f = self.until(lambda f: f[0] in (RST, GOAWAY))
        assert f is not None and (f[0] == GOAWAY or f[2] == stream), f
        assert int.from_bytes(f[3][-4:] if f[0] == RST else f[3][4:8], "big") in codes, f

    def alive(self):
        self.send(frame(PING, 0, 0, b"12345678"))
        assert self.until(lambda f: f[0] == PING and f[1] & ACK)[3] == b"12345678"


@pytest.fixture(params=["clear", "tls"])
def dial2(request, safe, tree):  # noqa: F811
    tree.cut({"index.html": PAGE, "big.bin": os.urandom(200_000)})
    site = safe()

    def begin(**more):
        if request.param == "clear":
            return H2(socket.create_connection(("127.0.0.1", site.port)), **more)
        return H2(dial(site.tls_port, client(alpn=["h2"])), **more)

    begin.site = site
    return begin


# Each case: what is sent after the greeting, and what must come. C: connection error, S: error of stream 1 (or of the connection), A: answer
# on stream 1, P: nothing but a PING's answer.
BLOCK = head()
POST = head("/", "POST")
CASES = {
    "3.5/2 invalid preface": ("raw", b"INVALID CONNECTION PREFACE\r\n\r\n", ("C", PROTOCOL)),
    "4.1/1 unknown type": (frame(22, 0, 0, b"0" * 8), "P"),
    "4.1/2 undefined flag": (frame(PING, 0x16, 0, b"12345678"), "P"),
    "4.1/3 reserved bit": (frame(PING, 0, 0x80000000, b"12345678"), "P"),
    "4.2/1 data of 2^14": (frame(HEADERS, WHOLE, 1, POST) + frame(DATA, END, 1, b"0" * 16384), "A"),
    "4.2/2 data too large": (frame(HEADERS, WHOLE, 1, POST) + frame(DATA, END, 1, b"0" * 16385), ("S", SIZE)),
    "4.2/3 headers too large": (frame(HEADERS, END | WHOLE, 1, BLOCK + field("x", "y" * 200) * 90), ("C", SIZE)),
    "4.3/1 invalid block": (frame(HEADERS, END | WHOLE, 1, b"\x00\x05\x00\x00\x00\x00"), ("C", COMPRESSION)),
    "4.3/2 priority within a head": (frame(HEADERS, END, 1, BLOCK) + frame(PRIORITY, 0, 1, b"\0\0\0\0\1"), ("C", PROTOCOL)),
    "4.3/3 another stream within a head": (frame(HEADERS, END, 1, BLOCK) + get(3), ("C", PROTOCOL)),
    "5.1/1 data on idle": (frame(DATA, END, 1, b"x"), ("C", PROTOCOL)),
    "5.1/2 reset of idle": (frame(RST, 0, 1, b"\0\0\0\x08"), ("C", PROTOCOL)),
    "5.1/3 window of idle": (frame(WINDOW, 0, 1, b"\0\0\0\x64"), ("C", PROTOCOL)),
    "5.1/4 continuation on idle": (frame(CONTINUATION, WHOLE, 1, BLOCK), ("C", PROTOCOL)),
    "5.1/5 data after the end": (get(1) + frame(DATA, END, 1, b"x"), ("S", CLOSED)),
    "5.1/6 headers after the end": (get(1) + get(1), ("C", CLOSED)),
    "5.1/7 continuation after the end": (get(1) + frame(CONTINUATION, WHOLE, 1, BLOCK), ("C", CLOSED, PROTOCOL)),
    "5.1/8 data after a reset": (frame(HEADERS, WHOLE, 1, POST) + frame(RST, 0, 1, b"\0\0\0\x08") + frame(DATA, END, 1, b"x"), ("S", CLOSED)),
    "5.1/9 headers after a reset": (frame(HEADERS, WHOLE, 1, POST) + frame(RST, 0, 1, b"\0\0\0\x08") + get(1), ("C", CLOSED)),
    "5.1.1/1 even stream": (get(2), ("C", PROTOCOL)),
    "5.1.1/2 smaller stream": (get(5) + get(3), ("C", PROTOCOL)),
    "5.3.1/1 headers depend on themselves": (frame(HEADERS, END | WHOLE | PRIO, 1, b"\0\0\0\1\xff" + BLOCK), ("S", PROTOCOL)),
    "5.3.1/2 priority on itself": (frame(PRIORITY, 0, 1, b"\0\0\0\1\xff"), ("S", PROTOCOL)),
    "5.5/1 unknown type on a connection": (frame(0xFF, 0, 0, b"x"), "P"),
    "5.5/2 unknown type within a head": (frame(HEADERS, END, 1, BLOCK) + frame(0xFF, 0, 0, b"x"), ("C", PROTOCOL)),
    "6.1/1 data on stream 0": (frame(DATA, END, 0, b"x"), ("C", PROTOCOL)),
    "6.1/3 padding too long": (frame(HEADERS, WHOLE, 1, POST) + frame(DATA, END | PADDED, 1, b"\x06test"), ("C", PROTOCOL)),
    "6.2/1 no end of head, then another": (frame(HEADERS, END, 1, BLOCK) + frame(PRIORITY, 0, 1, b"\0\0\0\0\1"), ("C", PROTOCOL)),
    "6.2/3 headers on stream 0": (frame(HEADERS, END | WHOLE, 0, BLOCK), ("C", PROTOCOL)),
    "6.2/4 padding too long": (frame(HEADERS, END | WHOLE | PADDED, 1, bytes([len(BLOCK) + 1]) + BLOCK), ("C", PROTOCOL)),
    "6.3/1 priority on stream 0": (frame(PRIORITY, 0, 0, b"\0\0\0\0\1"), ("C", PROTOCOL)),
    "6.3/2 priority of 4": (frame(HEADERS, WHOLE, 1, POST) + frame(PRIORITY, 0, 1, b"\0\0\0\0"), ("S", SIZE)),
    "6.4/1 reset on stream 0": (frame(RST, 0, 0, b"\0\0\0\x08"), ("C", PROTOCOL)),
    "6.4/3 reset of 3": (frame(HEADERS, WHOLE, 1, POST) + frame(RST, 0, 1, b"\0\0\0"), ("C", SIZE)),
    "6.5/1 settings ack with bytes": (frame(SETTINGS, ACK, 0, b"\0"), ("C", SIZE)),
    "6.5/2 settings on a stream": (frame(SETTINGS, 0, 1, b"\0\3\0\0\0\x64"), ("C", PROTOCOL)),
    "6.5/3 settings of 3": (frame(SETTINGS, 0, 0, b"\0\3\0"), ("C", SIZE)),
    "6.5.2/1 push 2": (settings((2, 2)), ("C", PROTOCOL)),
    "6.5.2/2 window over 2^31-1": (settings((4, 1 << 31)), ("C", FLOW)),
    "6.5.2/3 frame size below": (settings((5, 16383)), ("C", PROTOCOL)),
    "6.5.2/4 frame size above": (settings((5, 1 << 24)), ("C", PROTOCOL)),
    "6.5.2/5 unknown setting": (settings((0xFF, 1)), "P"),
    "6.7/1 ping": (b"", "P"),
    "6.7/2 ping ack is not answered": (frame(PING, ACK, 0, b"invalid!"), "P"),
    "6.7/3 ping on a stream": (frame(PING, 0, 1, b"12345678"), ("C", PROTOCOL)),
    "6.7/4 ping of 6": (frame(PING, 0, 0, b"123456"), ("C", SIZE)),
    "6.8/1 goaway on a stream": (frame(GOAWAY, 0, 1, b"\0" * 8), ("C", PROTOCOL)),
    "6.9/1 window of 0": (frame(WINDOW, 0, 0, b"\0\0\0\0"), ("C", PROTOCOL)),
    "6.9/2 window of 0 on a stream": (frame(HEADERS, WHOLE, 1, POST) + frame(WINDOW, 0, 1, b"\0\0\0\0"), ("S", PROTOCOL)),
    "6.9/3 window of 3 bytes": (frame(WINDOW, 0, 0, b"\0\0\1"), ("C", SIZE)),
    "6.9.1/2 connection window over": (frame(WINDOW, 0, 0, b"\x7f\xff\xff\xff") * 2, ("C", FLOW)),
    "6.9.1/3 stream window over": (frame(HEADERS, WHOLE, 1, POST) + frame(WINDOW, 0, 1, b"\x7f\xff\xff\xff") * 2, ("S", FLOW)),
    "6.10/1 continuations": (frame(HEADERS, END, 1, BLOCK) + frame(CONTINUATION, 0, 1, field("x", "y")) + frame(CONTINUATION, WHOLE, 1, b""), "A"),
    "6.10/2 continuation, then data": (frame(HEADERS, 0, 1, POST) + frame(CONTINUATION, 0, 1) + frame(DATA, END, 1, b"x"), ("C", PROTOCOL)),
    "6.10/3 continuation on stream 0": (frame(HEADERS, END, 1, BLOCK) + frame(CONTINUATION, WHOLE, 0), ("C", PROTOCOL)),
    "6.10/4 after a whole head": (get(1) + frame(CONTINUATION, WHOLE, 1), ("C", PROTOCOL)),
    "7/1 goaway with an unknown code": (frame(GOAWAY, 0, 0, b"\0\0\0\0\0\0\0\xff"), "E"),
    "7/2 reset with an unknown code": (frame(HEADERS, WHOLE, 1, POST) + frame(RST, 0, 1, b"\0\0\0\xff"), "P"),
    "8.1/1 second head without end": (frame(HEADERS, WHOLE, 1, POST) + frame(HEADERS, WHOLE, 1, field("x", "y")), ("S", PROTOCOL)),
    "8.1.2/1 upper case": (get(1, "/", END | WHOLE, ("X-TEST", "ok")), ("S", PROTOCOL)),
    "8.1.2.1/1 unknown pseudo": (get(1, "/", END | WHOLE, (":test", "ok")), ("S", PROTOCOL)),
    "8.1.2.1/2 pseudo of answers": (get(1, "/", END | WHOLE, (":status", "200")), ("S", PROTOCOL)),
    "8.1.2.1/3 pseudo in trailers": (frame(HEADERS, WHOLE, 1, POST) + frame(HEADERS, END | WHOLE, 1, field(":method", "GET")), ("S", PROTOCOL)),
    "8.1.2.1/4 pseudo after fields": (frame(HEADERS, END | WHOLE, 1, field("x", "y") + BLOCK), ("S", PROTOCOL)),
    "8.1.2.2/1 connection field": (get(1, "/", END | WHOLE, ("connection", "keep-alive")), ("S", PROTOCOL)),
    "8.1.2.2/2 te": (get(1, "/", END | WHOLE, ("te", "gzip")), ("S", PROTOCOL)),
    "8.1.2.2 te trailers": (get(1, "/", END | WHOLE, ("te", "trailers")), "A"),
    "8.1.2.3/1 empty path": (get(1, ""), ("S", PROTOCOL)),
    "8.1.2.3/2 no method": (frame(HEADERS, END | WHOLE, 1, field(":scheme", "https") + field(":path", "/")), ("S", PROTOCOL)),
    "8.1.2.3/3 no scheme": (frame(HEADERS, END | WHOLE, 1, field(":method", "GET") + field(":path", "/")), ("S", PROTOCOL)),
    "8.1.2.3/4 no path": (frame(HEADERS, END | WHOLE, 1, field(":method", "GET") + field(":scheme", "https")), ("S", PROTOCOL)),
    "8.1.2.3/5 two methods": (get(1, "/", END | WHOLE, (":method", "GET")), ("S", PROTOCOL)),
    "8.1.2.3/6 two schemes": (get(1, "/", END | WHOLE, (":scheme", "https")), ("S", PROTOCOL)),
    "8.1.2.3/7 two paths": (get(1, "/", END | WHOLE, (":path", "/")), ("S", PROTOCOL)),
    "8.1.2.6/1 length that is not the data's": (frame(HEADERS, WHOLE, 1, head("/", "POST", ("content-length", "1"))) + frame(DATA, END, 1, b"test"), ("S", PROTOCOL)),
    "8.1.2.6/2 length that is not the sum's": (frame(HEADERS, WHOLE, 1, head("/", "POST", ("content-length", "1"))) + frame(DATA, 0, 1, b"te") + frame(DATA, END, 1, b"st"), ("S", PROTOCOL)),
    "8.2/1 push": (frame(PUSH, WHOLE, 1, b"\0\0\0\2" + BLOCK), ("C", PROTOCOL)),
    "generic 3.1 get": (get(1), "A"),
    "generic 3.2 head": (frame(HEADERS, END | WHOLE, 1, head("/", "HEAD")), "A"),
    "generic 3.3 post": (frame(HEADERS, WHOLE, 1, POST) + frame(DATA, END, 1, b"test"), "A"),
    "generic 3.4 post with trailers": (frame(HEADERS, WHOLE, 1, POST) + frame(DATA, 0, 1, b"test") + frame(HEADERS, END | WHOLE, 1, field("x", "y")), "A"),
    "generic 3.5 padded data": (frame(HEADERS, WHOLE, 1, POST) + frame(DATA, END | PADDED, 1, b"\6test\0\0\0\0\0\0"), "A"),
    "generic 3.6 padded head": (frame(HEADERS, END | WHOLE | PADDED, 1, b"\6" + BLOCK + b"\0" * 6), "A"),
    "generic 3.7 head with priority": (frame(HEADERS, END | WHOLE | PRIO, 1, b"\0\0\0\0\xff" + BLOCK), "A"),
    "generic 3.8 priority": (frame(PRIORITY, 0, 1, b"\0\0\0\0\xff") + get(1), "A"),
    "generic 5 indexed": (frame(HEADERS, END | WHOLE, 1, b"\x82\x87\x84\x41\x01a"), "A"),
    "generic 5 literal with a static name": (frame(HEADERS, END | WHOLE, 1, b"\x82\x87\x04\x01/\x01\x01a"), "A"),
    "generic 5 enters the table, huffman": (frame(HEADERS, END | WHOLE, 1, b"\x82\x87\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"), "A"),
    "generic 5 size update": (frame(HEADERS, END | WHOLE, 1, b"\x20\x3f\xe1\x1f" + BLOCK), "A"),
    "hpack 2.3.3/1 index 0": (frame(HEADERS, END | WHOLE, 1, BLOCK + b"\x80"), ("C", COMPRESSION)),
    "hpack 2.3.3/2 index past the table": (frame(HEADERS, END | WHOLE, 1, BLOCK + b"\xc6"), ("C", COMPRESSION)),
    "hpack 4.2/1 size update at the end": (frame(HEADERS, END | WHOLE, 1, BLOCK + b"\x20"), ("C", COMPRESSION)),
    "hpack 5.2/1 padding over 7 bits": (frame(HEADERS, END | WHOLE, 1, BLOCK + b"\x00\x85\xf2\xb2\x4a\x84\xff\x84\x49\x50\x9f\xff"), ("C", COMPRESSION)),
    "hpack 5.2/2 padding of zeros": (frame(HEADERS, END | WHOLE, 1, BLOCK + b"\x00\x85\xf2\xb2\x4a\x84\xff\x83\x49\x50\x90"), ("C", COMPRESSION)),
    "hpack 5.2/3 end of string": (frame(HEADERS, END | WHOLE, 1, BLOCK + b"\x00\x85\xf2\xb2\x4a\x84\xff\x88\x49\x50\x9f\xff\xff\xff\xfa\x7f"), ("C", COMPRESSION)),
    "hpack 6.3/1 size update past the setting": (frame(HEADERS, END | WHOLE, 1, b"\x3f\xe2\x1f" + BLOCK), ("C", COMPRESSION)),
}


@pytest.mark.sanitize
def test_cases_of_the_standard(dial2):
    wrong = []
    for name, case in CASES.items():
        try:
            judge(dial2, case)
        except AssertionError as error:
            wrong.append(f"{name}: {str(error).splitlines()[0] if str(error) else error!r}")
    assert not wrong, "\n".join(wrong)
    assert len(CASES) > 95 and dial2.site.count("restarts") == 0


def judge(dial2, case):
    if case[0] == "raw":
        h = dial2(greet=False)
        h.send(case[1])
        while (data := h.s.recv(65536)):  # 400 in HTTP/1.1, or GOAWAY; then the end
            h.data += data
        assert h.data.startswith(b"HTTP/1.1 400 ") or frame(GOAWAY, 0, 0, b"1234")[3:9] in h.data
        return
    sent, wanted = case
    h = dial2()
    h.send(sent)
    if wanted == "P":
        h.alive()
    elif wanted == "E":
        assert h.until(lambda f: False) is None
    elif wanted == "A":
        block, _ = h.answer(1)
        assert block
        h.alive()
    elif wanted[0] == "C":
        h.connection_error(*wanted[1:])
    else:
        h.stream_error(1, *wanted[1:])
    h.s.close()


def test_windows(dial2):
    """6.9.1, 6.9.2: never more than the window, which settings change, also below zero."""
    h = dial2(first=[(4, 1)])
    h.send(get(1, "/cut/0/big.bin"))
    f = h.until(lambda f: f[0] == DATA)
    assert len(f[3]) == 1 and not f[1] & END
    h.send(settings((4, 5)))
    assert len(h.until(lambda f: f[0] == DATA)[3]) == 4
    h.send(settings((4, 2)) + frame(WINDOW, 0, 1, b"\0\0\0\2"))
    h.alive()
    h.send(frame(WINDOW, 0, 1, b"\0\0\0\3") + frame(WINDOW, 0, 0, struct.pack(">I", 1 << 20)))
    assert len(h.until(lambda f: f[0] == DATA)[3]) == 2
    h.send(settings((4, 1 << 20)))
    total = 7
    while total < 200_000:
        total += len(h.until(lambda f: f[0] == DATA)[3])
    assert total == 200_000


def test_many_streams_get_the_right_bytes(dial2):
    h = dial2(first=[(4, 1 << 30)])
    h.send(frame(WINDOW, 0, 0, struct.pack(">I", 1 << 30)))
    big = dial2.site.get("/cut/0/big.bin")[2]
    wanted = {s: ("/cut/0/big.bin", big) if s % 4 == 1 else ("/cut/0/index.html", PAGE) for s in range(1, 121, 2)}
    h.send(b"".join(get(s, path) for s, (path, _) in wanted.items()))
    bodies, ended = {}, set()
    while len(ended) < len(wanted):
        kind, flags, stream, payload = h.next()
        if kind == DATA:
            bodies[stream] = bodies.get(stream, b"") + payload
        if kind in (DATA, HEADERS) and flags & END:
            ended.add(stream)
    assert all(bodies[s] == body for s, (_, body) in wanted.items())


def cpu_of(pids):
    return sum(sum(map(int, open(f"/proc/{p}/stat").read().rsplit(")", 1)[1].split()[11:13])) for p in pids) / os.sysconf("SC_CLK_TCK")


def flood(dial2, counter, make, most_served=500, first=()):
    """Sends until the edge hangs up; the counter says why."""
    site = dial2.site
    before, served, cpu = site.count(counter), site.count("h2_streams"), cpu_of(site.children())
    h = dial2(first=first)
    h.s.settimeout(10)
    try:
        for i in range(100):
            h.s.sendall(b"".join(make(k) for k in range(i * 1000, i * 1000 + 1000)))
    except OSError:
        pass
    site.until(lambda: site.count(counter) == before + 1)
    assert site.count("h2_streams") - served <= most_served
    assert cpu_of(site.children()) - cpu < 1.0
    dial2().alive()


def test_rapid_reset(dial2):
    flood(dial2, "refused_h2_resets", lambda i: get(2 * i + 1) + frame(RST, 0, 2 * i + 1, b"\0\0\0\x08"))


@pytest.mark.parametrize("variant", ["window of 0", "window over", "data after the end", "upper case", "priority of 4", "trailers twice"])
def test_made_you_reset(dial2, variant):
    made = {"window of 0": lambda s: frame(HEADERS, WHOLE, s, POST) + frame(WINDOW, 0, s, b"\0\0\0\0"),
            "window over": lambda s: frame(HEADERS, WHOLE, s, POST) + frame(WINDOW, 0, s, b"\x7f\xff\xff\xff"),
            "data after the end": lambda s: get(s) + frame(DATA, 0, s, b"x"),
            "upper case": lambda s: get(s, "/", END | WHOLE, ("X-A", "b")),
            "priority of 4": lambda s: frame(HEADERS, WHOLE, s, POST) + frame(PRIORITY, 0, s, b"\0\0\0\0"),
            "trailers twice": lambda s: frame(HEADERS, WHOLE, s, POST) + frame(HEADERS, WHOLE, s, field("x", "y"))}[variant]
    flood(dial2, "refused_h2_forced_resets", lambda i: made(2 * i + 1))


@pytest.mark.parametrize("counter,make", [
    ("refused_h2_settings", lambda i: settings((1, 4096))), ("refused_h2_pings", lambda i: frame(PING, 0, 0, b"12345678")),
    ("refused_h2_idle_frames", lambda i: frame(PRIORITY, 0, 2 * i + 1, b"\0\0\0\0\1")), ("refused_h2_idle_frames", lambda i: frame(77, 0, 0, b"x")),
    ("refused_h2_window_updates", lambda i: frame(WINDOW, 0, 0, b"\0\0\0\1")),
    ("refused_h2_empty", lambda i: (frame(HEADERS, WHOLE, 1, POST) if i == 0 else b"") + frame(DATA, 0, 1)),
    ("refused_h2_continuations", lambda i: frame(HEADERS, END, 1, BLOCK) if i == 0 else frame(CONTINUATION, 0, 1, field("x", "y" * 200)))])
def test_floods(dial2, counter, make):
    flood(dial2, counter, make)


def test_header_bombs_are_bounded(dial2):
    """One entry of 4 KB named a thousand times: 4 MB of head from 1 KB."""
    h = dial2()
    value = b"x" * 3900
    block = b"\x40" + text("bomb") + bytes([127]) + bytes([(3900 - 127) & 127 | 128, (3900 - 127) >> 7]) + value
    h.send(frame(HEADERS, END | WHOLE, 1, head() + block + b"\xbe" * 1000))
    f = h.until(lambda f: f[0] in (HEADERS, GOAWAY, RST))
    assert f[0] == HEADERS and b"431" in f[3]
    h.alive()


def test_stalled_windows_are_ended(safe, tree):  # noqa: F811
    tree.cut({"big.bin": os.urandom(500_000)})
    site = safe("--drain-ms", "500")
    stalled = [H2(socket.create_connection(("127.0.0.1", site.port)), first=[(4, 1)]).send(get(1, "/cut/0/big.bin")) for _ in range(20)]
    site.until(lambda: site.count("timeout_response") == 20)
    site.until(lambda: site.count("connections") == 0)
    for h in stalled:
        h.s.close()


def test_silent_and_half_connections_are_ended(safe, tree):  # noqa: F811
    tree.cut({"index.html": PAGE})
    site = safe("--head-ms", "300", "--idle-ms", "300")
    idle = H2(socket.create_connection(("127.0.0.1", site.port)))
    half = H2(socket.create_connection(("127.0.0.1", site.port))).send(frame(HEADERS, END, 1, BLOCK))
    start = time.monotonic()
    assert idle.until(lambda f: False) is None and half.until(lambda f: False) is None
    assert time.monotonic() - start < 3
    site.until(lambda: site.count("timeout_idle") == 1 and site.count("timeout_head") == 1)
