"""/flow at the edge, as its readers see it: HTTP/1.1, HTTP/2 and TLS, what a returning reader gets, what the counters are made of, and
what becomes of readers that do not read."""
import json
import os
import re
import signal
import socket
import time

import pytest

from conftest import get, status_of
from signed_tree import Tree
from h2_cases import CANCEL, DATA, END, RST, WINDOW, frame, get as h2_get
from test_h2 import H2
from test_tls import certificate, client, dial

ASK = "GET /flow HTTP/1.1\r\nHost: a\r\n{}\r\n"
STAGES = {"expected": 12, "received_total": 9, "captured_total": 7, "verified_total": 5}


def until(what, seconds=10):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return found


def write_status(folder, **pairs):
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["status/v1", "program cut", "state running", "time 2027-06-07T02:00:00Z", "since 2027-06-07T02:00:00Z", "alarm -"]
    (folder / "new").write_text("\n".join([*lines, *(f"{k} {v}" for k, v in pairs.items())]) + "\n")
    ahead = time.time() + 3600  # it is fresh for as long as a test may take: what becomes stale meanwhile is an event of its own
    os.utime(folder / "new", (ahead, ahead))
    (folder / "new").rename(folder / "cut")


class House:
    """A published tree with two cuts, an edge over it, and the status file that /flow tells of."""

    def __init__(self, start, tmp_path, *options, role="results", flow=True):
        self.tree = Tree(tmp_path / "public")
        self.tree.cut()
        self.tree.cut()
        self.status_folder, self.status_file = tmp_path / "status", tmp_path / "edge.status"
        write_status(self.status_folder, **STAGES)
        cert, key = certificate(tmp_path, "a", "a")
        more = ["--flow", self.status_folder] if flow else []
        self.edge = start("atalaya-edge", "--listen", "127.0.0.1:0", "--tree", self.tree.root, "--role", role, "--name", "flujo",
                          "--vkey", self.tree.signer.vkey, "--status", self.status_file, "--tls-listen", "127.0.0.1:0", "--cert", cert,
                          "--key", key, *more, *options)
        self.port = until(lambda: (m := re.search(r"edge \w+ http://[^ ]*:(\d+)/", self.edge.text())) and int(m[1]))
        self.tls = until(lambda: (m := re.search(r"tls port (\d+)", self.edge.text())) and int(m[1]))
        until(lambda: get(self.port, "/latest.json")[0] == 200)

    def counter(self, name):
        return int(status_of(self.status_file).get(name, 0))

    def at_least(self, name, value):
        until(lambda: self.counter(name) >= value)

    def subscribe(self, source=None, first=ASK.format(""), over=None):
        s = over or socket.create_connection(("127.0.0.1", self.port), 10, source_address=(source, 0) if source else None)
        s.sendall(first.encode())
        return Reader(s)


class Reader:
    def __init__(self, s):
        self.s, self.data = s, b""
        s.settimeout(10)
        self.head = self.part(b"\r\n\r\n").decode()

    def part(self, end=b"\n\n"):
        while end not in self.data:
            more = self.s.recv(65536)
            if not more:
                raise EOFError(self.data)
            self.data += more
        found, _, self.data = self.data.partition(end)
        return found

    def event(self):
        """(id, what it says) of the next event; comments and retry are passed over."""
        while True:
            fields = dict(line.split(": ", 1) for line in self.part().decode().splitlines() if not line.startswith(":"))
            if "data" in fields:
                return fields["id"], json.loads(fields["data"])

    def event_of(self, cut):
        return self.event_that(lambda said: said["cut"] == cut)

    def event_that(self, wanted):
        """Events that say other news first (a cut's code comes after it) are passed over."""
        while not wanted((event := self.event())[1]):
            pass
        return event

    def ended(self):
        self.s.settimeout(10)
        try:
            while self.s.recv(65536):
                pass
        except ConnectionError:
            pass
        return True


@pytest.fixture
def house(start, tmp_path):
    return House(start, tmp_path)


def test_the_head_lets_nobody_keep_it_or_hold_it_back(house):
    reader = house.subscribe()
    head = reader.head
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    for line in ("Content-Type: text/event-stream", "Cache-Control: no-store", "X-Accel-Buffering: no", "Access-Control-Allow-Origin: *",
                 "X-Content-Type-Options: nosniff", "Connection: close"):
        assert line in head.split("\r\n")
    assert not re.search("^(Content-Length|Content-Encoding|Transfer-Encoding|ETag|Vary|Strict-Transport)", head, re.M)
    assert re.fullmatch(rb"retry: [2-5]\d{3}", reader.part())
    compressed = house.subscribe(first=ASK.format("Accept-Encoding: br, gzip\r\n"))
    assert "Content-Encoding" not in compressed.head and compressed.event()[1]["format"] == 1


def test_one_event_says_everything(house):
    _, said = house.subscribe().event_of(1)
    assert said == {"format": 1, "cut": 1, "path": "cut/1/", "cut_time": "2027-06-07T02:01:00Z", "next": None, "last": False, "drill": True, "mode": "normal",
                    "code": said["code"], "feed": None, "notice": None,
                    "stages": {"expected": 12, "received": 9, "captured": 7, "verified": 5, "fresh": True}}


def test_a_new_cut_and_new_counters_come_once_a_second_at_most(house):
    reader = house.subscribe()
    reader.event_of(1)
    for n in range(2, 4):
        house.tree.cut()
        reader.event_of(n)
        assert get(house.port, f"/cut/{n}/index.html")[0] == 200, "the event came before its cut"
    began = time.monotonic()  # none of these events was sent before; how late one is read can only lengthen the time
    for received in range(11, 14):
        write_status(house.status_folder, **{**STAGES, "received_total": received})
        reader.event_that(lambda said: said["stages"]["received"] == received)
    assert time.monotonic() - began > 2 * 0.95


def test_a_stage_never_shows_more_than_the_one_before_it(house):
    reader = house.subscribe()
    reader.event_of(1)
    write_status(house.status_folder, expected=12, received_total=5, captured_total=7, verified_total=9)
    said = reader.event_that(lambda said: said["stages"]["received"] == 5)[1]["stages"]
    assert (said["captured"], said["verified"]) == (5, 5)


@pytest.mark.parametrize("text", ["", "x" * 20000], ids=["empty", "large"])
def test_a_status_that_is_none_says_nothing(house, text):
    reader = house.subscribe()
    reader.event_of(1)
    (house.status_folder / "cut").write_text(text)
    assert reader.event_that(lambda said: said["stages"] is None)


def test_before_the_first_cut_of_votes_nothing_is_told_of_the_ingest(start, tmp_path):
    tree = Tree(tmp_path / "early")
    tree.cut()
    write_status(tmp_path / "status", **STAGES)
    edge = start("atalaya-edge", "--listen", "127.0.0.1:0", "--tree", tree.root, "--role", "results", "--name", "x", "--vkey", tree.signer.vkey,
                 "--flow", tmp_path / "status")
    port = until(lambda: (m := re.search(r"http://[^ ]*:(\d+)/", edge.text())) and int(m[1]))
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(ASK.format("").encode())
        assert Reader(s).event_of(0)[1]["stages"] is None


def test_who_comes_back_gets_what_it_has_not_seen(house):
    reader = house.subscribe()
    known, said = reader.event_of(1)
    again = house.subscribe(first=ASK.format(f"Last-Event-ID: {known}\r\n"))
    again.part()
    again.s.settimeout(0.5)
    with pytest.raises(TimeoutError):
        again.event()
    house.tree.cut()
    again.s.settimeout(10)
    assert again.event_of(2)
    for old in (known, "", "0" * 16, known + "x", "é" * 40):
        late = house.subscribe(first=ASK.format(f"Last-Event-ID: {old}\r\n"))
        assert late.event()[1]["cut"] == 2
    assert reader.event_of(2)


def test_the_same_is_said_under_the_same_id_by_another_edge(house, start, tmp_path):
    other = start("atalaya-edge", "--listen", "127.0.0.1:0", "--tree", house.tree.root, "--role", "results", "--name", "otro",
                  "--vkey", house.tree.signer.vkey, "--flow", house.status_folder)
    port = until(lambda: (m := re.search(r"http://[^ ]*:(\d+)/", other.text())) and int(m[1]))
    until(lambda: get(port, "/latest.json")[0] == 200)
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(ASK.format("").encode())
        theirs = Reader(s).event_of(1)

    def ours():
        return house.subscribe().event_of(1) == theirs
    until(ours)


def test_head_and_options(house):
    status, fields, body = get(house.port, "/flow", method="HEAD")
    assert (status, body, fields["content-type"], fields["cache-control"]) == (200, b"", "text/event-stream", "no-store")
    with socket.create_connection(("127.0.0.1", house.port), 5) as s:  # and the connection goes on
        s.sendall(b"HEAD /flow HTTP/1.1\r\nHost: a\r\n\r\nGET /latest.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        data = b""
        while part := s.recv(65536):
            data += part
        assert data.count(b"HTTP/1.1 200 OK") == 2
    status, fields, _ = get(house.port, "/flow", method="OPTIONS")
    assert status == 204 and "Last-Event-ID" in fields["access-control-allow-headers"]
    assert get(house.port, "/flow", method="POST")[0] == 405


def test_only_where_there_is_something_to_follow(start, tmp_path):
    for role, there in (("mirror", 200), ("feed", 404)):
        (tmp_path / role).mkdir()
        other = House(start, tmp_path / role, role=role, flow=False)
        assert get(other.port, "/flow", method="HEAD")[0] == there
        if there == 200:
            said = other.subscribe().event_of(1)[1]
            assert said["stages"] is None
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.html").write_text("hola")
    site = start("atalaya-edge", "--listen", "127.0.0.1:0", "--root", tmp_path / "docs", "--role", "site", "--name", "sitio")
    port = until(lambda: (m := re.search(r"http://[^ ]*:(\d+)/", site.text())) and int(m[1]))
    until(lambda: get(port, "/")[0] == 200)
    assert get(port, "/flow", method="HEAD")[0] == 404


def test_over_tls(house):
    reader = house.subscribe(over=dial(house.tls))
    assert "Strict-Transport-Security" in reader.head
    assert reader.event_of(1)
    house.tree.cut()
    assert reader.event_of(2)


class Streams(H2):
    """Streams of one connection, each with the bytes that came on it; windows are opened as they are used."""

    def __init__(self, s):
        super().__init__(s)
        self.bytes, self.over = {}, set()

    def open(self, number, path="/flow"):
        self.bytes[number] = b""
        self.send(h2_get(number, path))

    def take(self):
        kind, flags, stream, payload = self.next()
        if kind == DATA:
            self.bytes[stream] += payload
            for where in (0, stream) if payload else ():
                self.send(frame(WINDOW, 0, where, len(payload).to_bytes(4, "big")))
            if flags & END:
                self.over.add(stream)

    def event_of(self, number, cut):
        while True:
            while b"\n\n" not in self.bytes[number]:
                assert number not in self.over
                self.take()
            part, _, self.bytes[number] = self.bytes[number].partition(b"\n\n")
            said = re.search(rb"^data: (.*)$", part, re.M)
            if said and json.loads(said[1])["cut"] == cut:
                return json.loads(said[1])


@pytest.mark.parametrize("clear", [True, False])
def test_on_streams(house, clear):
    s = socket.create_connection(("127.0.0.1", house.port), 10) if clear else dial(house.tls, client(alpn=["h2"]))
    h2 = Streams(s)
    h2.open(1)
    h2.open(3)
    assert h2.event_of(1, 1) == h2.event_of(3, 1)
    h2.open(5, "/latest.json")  # others' answers come beside it
    while 5 not in h2.over:
        h2.take()
    assert json.loads(h2.bytes[5])["cut"] == 1
    house.tree.cut()
    assert h2.event_of(1, 2) and h2.event_of(3, 2)
    if not clear:
        return
    house.at_least("flow_subscribers", 2)
    h2.send(frame(RST, 0, 1, CANCEL.to_bytes(4, "big")))
    until(lambda: house.counter("flow_subscribers") == 1)
    house.tree.cut()
    assert h2.event_of(3, 3)
    h2.s.close()
    until(lambda: house.counter("flow_subscribers") == 0)


def test_silence_is_broken_by_a_comment(start, tmp_path):
    house = House(start, tmp_path, "--flow-beat-ms", "300", "--drain-ms", "200")
    reader = house.subscribe()
    known, _ = reader.event_of(1)
    quiet = house.subscribe(first=ASK.format(f"Last-Event-ID: {known}\r\n"))
    assert quiet.part().startswith(b"retry")
    assert quiet.part() == b":"
    assert quiet.part() == b":"
    h2 = H2(socket.create_connection(("127.0.0.1", house.port), 10))
    h2.send(h2_get(1, "/flow"))
    assert h2.until(lambda f: f[0] == DATA and f[3] == b":\n\n")


def test_who_does_not_read_skips_events_and_is_cut_off(start, tmp_path):
    house = House(start, tmp_path, "--flow-queue", "1", "--drain-ms", "1000", "--flow-beat-ms", "500")
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, 256)
        s.connect(("127.0.0.1", house.port))
        s.sendall(ASK.format("").encode())
        for n in range(12):
            write_status(house.status_folder, **{**STAGES, "received_total": 20 + n})
            if house.counter("flow_skipped") > 0:
                break
            time.sleep(1)  # events come once a second
        house.at_least("flow_skipped", 1)
        house.at_least("timeout_response", 1)
        until(lambda: house.counter("flow_subscribers") == 0)


def test_a_window_that_never_opens_is_closed(start, tmp_path):
    house = House(start, tmp_path, "--drain-ms", "300", "--flow-beat-ms", "300")
    h2 = H2(socket.create_connection(("127.0.0.1", house.port), 10), first=[(4, 0)])
    h2.send(h2_get(1, "/flow"))
    assert h2.until(lambda f: f[0] == RST and f[2] == 1 and f[3] == CANCEL.to_bytes(4, "big"))
    until(lambda: house.counter("flow_subscribers") == 0)
    house.at_least("timeout_response", 1)


def test_who_talks_on_is_cut_off(house):
    reader = house.subscribe()
    reader.event_of(1)

    def refused():
        try:
            reader.s.sendall(b"x" * 1000)
        except ConnectionError:
            return True
    until(refused)
    house.at_least("refused_body", 1)


def test_caps_of_a_network_and_of_all(start, tmp_path):
    house = House(start, tmp_path, "--flow-prefix", "3", "--flow-subscribers", "5")
    crowd = [house.subscribe("127.1.1.1") for _ in range(3)]
    for source in ("127.1.1.1", "127.1.1.200"):
        refused = house.subscribe(source)
        assert refused.head.startswith("HTTP/1.1 503") and "Retry-After: 30" in refused.head
    others = [house.subscribe("127.2.1.1"), house.subscribe("127.3.1.1")]
    house.at_least("refused_flow", 2)
    newcomer = house.subscribe("127.4.1.1")  # it is full: one of the busiest network makes place
    assert newcomer.head.startswith("HTTP/1.1 200")
    until(lambda: house.counter("flow_subscribers") == 5)
    house.tree.cut()
    assert all(reader.event_of(2) for reader in [*others, newcomer])
    alive = 0
    for reader in crowd:
        try:
            alive += bool(reader.event_of(2))
        except (EOFError, ConnectionError):
            pass
    assert alive == 2


def test_a_reload_sends_every_subscriber_on_to_the_next(house):
    readers = [house.subscribe() for _ in range(20)]
    known = [reader.event_of(1)[0] for reader in readers]
    house.edge.process.send_signal(signal.SIGHUP)
    assert all(reader.ended() for reader in readers)
    until(lambda: house.subscribe(first=ASK.format(f"Last-Event-ID: {known[0]}\r\n")).head.startswith("HTTP/1.1 200"))
    house.tree.cut()
    assert house.subscribe().event_of(2)
