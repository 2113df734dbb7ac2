"""HTTP/2 at the edge, frame by frame, over TLS and with prior knowledge in clear: what RFC 9113 asks (h2_cases.py:
the cases of h2spec), and attacks with their counters."""
import fcntl
import os
import shutil
import socket
import struct
import subprocess
from pathlib import Path

import pytest

from h2_cases import (ACK, BLOCK, CASES, CONTINUATION, DATA, END, GOAWAY, HEADERS, MORE, PING, POST, PREFACE, PRIORITY, RST, SETTINGS, WHOLE,
                      WINDOW, field, frame, get, head, settings, text)
from test_edge import PAGE, edge, tree  # noqa: F401
from test_tls import certificate, client, dial, safe  # noqa: F401


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

    def ended(self):
        """Waits until the other side ends it; fails when our own time is over."""
        try:
            while self.s.recv(65536):
                pass
        except ConnectionError:
            pass
        return True

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


@pytest.mark.sanitize
@pytest.mark.parametrize("cases", [CASES, MORE], ids=["h2spec", "more"])
def test_cases_of_the_standard(dial2, cases):
    wrong = []
    for name, (steps, verdict) in cases.items():
        try:
            judge(dial2, steps, verdict)
        except AssertionError as error:
            wrong.append(f"{name}: {str(error).splitlines()[0] if str(error) else error!r}")
    assert not wrong, "\n".join(wrong)
    assert len(CASES) == 147 and dial2.site.count("restarts") == 0


def judge(dial2, steps, verdict):
    if verdict == "raw" or verdict[0] == "first":
        h = dial2(greet=False)
        h.send(steps if verdict == "raw" else PREFACE + verdict[1])
        while (data := h.s.recv(65536)):  # 400 in HTTP/1.1, or GOAWAY; then the end
            h.data += data
        assert h.data.startswith(b"HTTP/1.1 400 ") or frame(GOAWAY, 0, 0, b"1234")[3:9] in h.data
        return
    h = dial2()
    if callable(steps):
        steps(h)
    else:
        h.send(steps)
    if verdict == "P":
        h.alive()
    elif verdict in ("E", "end"):
        assert h.until(lambda f: False) is None
    elif verdict == "A":
        block, _ = h.answer(1)
        assert block
        h.alive()
    elif verdict[0] == "C":
        h.connection_error(*verdict[1:])
    else:
        h.stream_error(1, *verdict[1:])
    h.s.close()


@pytest.mark.sanitize
def test_a_preface_in_pieces(safe, tree):  # noqa: F811
    """RFC 9113 §3.4: whatever the network makes of it; what only begins like it is HTTP/1.1, or nothing."""
    tree.cut({"index.html": PAGE})
    site = safe()

    def pieces(*parts, more=b""):
        s = socket.create_connection(("127.0.0.1", site.port), timeout=5)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            s.sendall(part)
            site.until(lambda: unread(s) == 0)
        s.sendall(more)
        return s

    def unread(s):
        return struct.unpack("i", fcntl.ioctl(s, 0x5411, bytes(4)))[0]  # TIOCOUTQ: sent and not acknowledged

    for cut in range(1, len(PREFACE)):
        h = H2(pieces(PREFACE[:cut], more=PREFACE[cut:] + settings()), greet=False)
        assert h.until(lambda f: f[0] == SETTINGS and f[1] & ACK), cut
        h.alive()
        h.s.close()
    h = H2(pieces(*(bytes([b]) for b in PREFACE), more=settings() + get(1, "/cut/0/")), greet=False)
    assert h.answer(1)[1] == PAGE
    for parts, says in (([b"P", b"RI * HTTP/2.0\r\n\r\nXX"], b"HTTP/1.1 505 "), ([b"PR", b"OPFIND / HTTP/1.1\r\nHost: a\r\n\r\n"], b"HTTP/1.1 405 "),
                        ([b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", PREFACE], b"HTTP/1.1 505 ")):
        with pieces(*parts) as s:
            data = b""
            while says not in data and (more := s.recv(65536)):
                data += more
            assert says in data, (parts, data)
    assert site.count("restarts") == 0


def test_a_client_of_another_making(dial2):
    """python3-h2 over the same edge: it checks every frame that it gets, and encodes heads in its own way."""
    h2 = pytest.importorskip("h2.connection")
    s = dial2(greet=False).s
    client_of_h2 = h2.H2Connection()
    client_of_h2.initiate_connection()
    bodies, heads, ended = {}, {}, set()
    for i in range(20):
        client_of_h2.send_headers(2 * i + 1, [(":method", "GET"), (":scheme", "https"), (":authority", "a"),
                                              (":path", "/cut/0/big.bin" if i % 4 == 0 else "/cut/0/"), ("x-longer", "y" * 9 * i)], end_stream=True)
    s.sendall(client_of_h2.data_to_send())
    while len(ended) < 20:
        data = s.recv(65536)
        assert data, "the edge hung up"
        for event in client_of_h2.receive_data(data):
            kind = type(event).__name__
            if kind == "ResponseReceived":
                heads[event.stream_id] = dict(event.headers)
            elif kind == "DataReceived":
                bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                client_of_h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif kind == "StreamEnded":
                ended.add(event.stream_id)
        s.sendall(client_of_h2.data_to_send())
    big = dial2.site.get("/cut/0/big.bin")[2]
    assert all(heads[i][b":status"] == b"200" and bodies[i] == (big if i // 2 % 4 == 0 else PAGE) for i in range(1, 41, 2))


VTC = Path(__file__).resolve().parent / "vtc"


@pytest.mark.parametrize("script", sorted(VTC.glob("*.vtc")), ids=lambda p: p.stem)
def test_frames_by_varnishtest(script, safe, tree, tmp_path):  # noqa: F811
    """Varnish's own tester as the client, in clear."""
    if shutil.which("varnishtest") is None:
        pytest.skip("varnishtest is not installed")
    tree.cut({"index.html": PAGE, "big.bin": os.urandom(200_000)})
    site = safe()
    done = subprocess.run(["varnishtest", "-L", "-Dport=%d" % site.port, f"-Dlength={len(PAGE)}", str(script)], capture_output=True, text=True,
                          timeout=60, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
    assert site.count("restarts") == 0


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
    site = safe("--head-ms", "1500", "--idle-ms", "1500")  # time enough for both to say what they have to, whoever else has the machine
    idle = H2(socket.create_connection(("127.0.0.1", site.port)))
    half = H2(socket.create_connection(("127.0.0.1", site.port))).send(frame(HEADERS, END, 1, BLOCK))
    assert idle.ended() and half.ended()
    site.until(lambda: site.count("timeout_idle") == 1 and site.count("timeout_head") == 1)
