"""The hits door: counts are exact, the worker never waits for its scribe, and the volume is bounded."""
import hashlib
import json
import os
import re
import signal
import socket
import ssl
import struct
import time

import pytest

from conftest import status_of
from hits_kit import ask, by_source, read_folder, read_segment, seen
from process_kit import roles
from test_h2 import DATA, END, H2, get as h2_get
from test_tls import ask as ask_tls, certificate, client, dial

VKEY = "simulacro.atalaya.example/prep+ddb77e9f+AUqXmugXUyGOiaORGj0y833WyrHeshpn0BVcS4Tcwjp8"


class Site:
    def __init__(self, program, port, folder, status):
        self.program, self.port, self.folder, self.status = program, port, folder, status

    def children(self):
        """Processes of the edge's roles by name."""
        return roles(self.program.pid)


@pytest.fixture(name="site")
def site_fixture(start, tmp_path, wait_for):
    def begin(*more, name="site", role="site"):
        root, folder, status = tmp_path / "site", tmp_path / "run/hits" / name, tmp_path / f"status-{name}"
        root.mkdir(exist_ok=True)
        (root / "index.html").write_text("<html><head></head><body>" + "x" * 2000 + "</body></html>")
        program = start("atalaya-edge", "--root", root, "--listen", "127.0.0.1:0", "--role", role, "--name", name,
                        "--status", status, "--hits", folder, "--incidents", tmp_path / "run/incidents", *more)
        port = int(wait_for(lambda: re.search(r"http://127\.0\.0\.1:(\d+)/", program.text()), say=program.text)[1])
        wait_for(lambda: status_of(status).get("views") not in (None, "0" if role == "site" else None), seconds=10)
        return Site(program, port, folder, status)

    return begin


def test_counts_and_records_are_what_was_sent(site, wait_for):
    one = site()
    sources = {f"127.0.{1 + i // 3}.{1 + i % 3}": 5 + i for i in range(12)}
    ports = {}
    for source, times in sources.items():
        ports[source], answers = ask(one.port, source, times=times)
        assert {status for status, _ in answers} == {200}
    ask(one.port, "127.9.9.9", path="/no/such/page", times=3)
    with socket.create_connection(("127.0.0.1", one.port), source_address=("127.8.8.8", 0)) as sock:
        sock.sendall(b"NONSENSE\r\n\r\n")
        sock.recv(4096)
    total = sum(sources.values()) + 3 + 1
    wait_for(lambda: seen(one.folder) >= total, seconds=10)
    blocks = read_folder(one.folder)
    counts = by_source(blocks)
    for source, times in sources.items():
        assert counts[source, 128] == times
    assert counts["127.9.9.9", 128] == 3 and counts["127.8.8.8", 128] == 1
    assert sum(block["lost"] for block in blocks) == 0
    records = [record for block in blocks for record in block["records"]]
    assert len(records) == sum(counts.values()) and {r["rate"] for r in records} == {1}
    for source, port in ports.items():
        mine = [r for r in records if r["source"] == source]
        assert {r["sport"] for r in mine} == {port} and len(mine) == sources[source]
        assert {(r["dest"], r["dport"], r["plane"], r["method"], r["path"], r["status"], r["decision"]) for r in mine} \
            == {("127.0.0.1", one.port, "site", "GET", "entry", 200, "served")}
        assert all(r["cost"] > 0 and r["bytes"] > 2000 and r["http"] > 0 for r in mine)
    assert {r["status"] for r in records if r["source"] == "127.9.9.9"} == {404}
    assert {(r["decision"], r["reason"]) for r in records if r["source"] == "127.8.8.8"} == {("refused", "refused_head")}
    one.program.stop()
    assert int(status_of(one.status)["hits"]) == seen(one.folder)


def pipelined(port, source, batches, each=100):
    """batches × each requests as fast as one connection carries them; every answer is read."""
    request = b"GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n" * each
    with socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0)) as sock:
        for _ in range(batches):
            sock.sendall(request)
            got = 0
            while got < each:
                data = sock.recv(1 << 20)
                assert data
                got += data.count(b"HTTP/1.1 ")


def test_a_scribe_that_stands_still_holds_nobody_up(site, wait_for):
    one = site()
    scribe = wait_for(lambda: one.children().get("edge-scribe"))  # it has its name some time after it was started
    os.kill(scribe, signal.SIGSTOP)
    try:
        pipelined(one.port, "127.3.0.1", 500)  # 50,000: more than the ring holds
        assert ask(one.port, "127.3.0.2")[1][0][0] == 200
        assert int(status_of(one.status)["requests"]) >= 0
    finally:
        os.kill(scribe, signal.SIGCONT)
    wait_for(lambda: seen(one.folder) >= 50001, seconds=10)
    blocks = read_folder(one.folder)
    assert seen(one.folder) == 50001
    lost = sum(block["lost"] for block in blocks)
    assert 50001 - 32768 <= lost < 50001 - 30000
    assert by_source(blocks)["127.3.0.2", 128] == 1


def test_volume_is_bounded_and_counts_stay_exact(site, wait_for):
    one = site("--hits-rate", "4")
    for i in range(1, 9):
        pipelined(one.port, f"127.4.0.{i}", 25)
    wait_for(lambda: seen(one.folder) >= 20000, seconds=10)
    blocks = read_folder(one.folder)
    counts = by_source(blocks)
    assert sum(block["lost"] for block in blocks) == 0
    assert {counts[f"127.4.0.{i}", 128] for i in range(1, 9)} == {2500}
    for block in blocks:
        assert len(block["records"]) <= 4096 // 80 and len(block["records"]) == -(-block["seen"] // block["rate"])
    assert max(block["rate"] for block in blocks) > 1


def test_many_sources_fall_into_wider_rows(site, wait_for):
    """More sources than there are rows: every request is still counted once, in a row that holds its source."""
    one = site()
    for i in range(5000):
        with socket.socket() as sock:
            sock.bind((f"127.{i // 250 + 10}.{i % 250}.7", 0))
            sock.connect(("127.0.0.1", one.port))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            sock.recv(65536)
    wait_for(lambda: seen(one.folder) >= 5000, seconds=10)
    assert sum(by_source(read_folder(one.folder)).values()) == 5000


def test_a_flood_opens_an_incident(site, wait_for, tmp_path):
    one = site()
    incidents = tmp_path / "run/incidents"
    end = time.monotonic() + 12
    while time.monotonic() < end and not list(incidents.glob("*-site")):
        pipelined(one.port, "127.5.0.1", 2)
    wait_for(lambda: list(incidents.glob("*-site")), seconds=5)
    text = next(incidents.glob("*-site")).read_text()
    assert text.startswith("incident/v1\nname site\nplane site\nbegan ") and "ground requests" in text


def test_segments_are_whole_after_a_kill(site, wait_for):
    one = site()
    pipelined(one.port, "127.6.0.1", 10)
    wait_for(lambda: seen(one.folder) >= 1000, seconds=10)
    os.kill(wait_for(lambda: one.children().get("edge-scribe")), signal.SIGKILL)
    wait_for(lambda: status_of(one.status).get("restarts") == "1", seconds=10)
    pipelined(one.port, "127.6.0.2", 10)
    wait_for(lambda: by_source(read_folder(one.folder)).get(("127.6.0.2", 128), 0) >= 1000, seconds=10)
    for path in one.folder.glob("*.hits"):
        read_segment(path)


def number(text):
    a, b, c, d = map(int, text.split("."))
    return a << 24 | b << 16 | c << 8 | d


def test_the_report_names_the_true_networks_and_can_be_made_again(site, run, wait_for, tmp_path):
    one = site()
    geo = tmp_path / "geo"
    geo.write_text(f"{number('127.1.0.0')},{number('127.1.255.255')},VN\n{number('127.2.0.0')},{number('127.2.0.255')},MX\n")
    truth = {"127.1.1.0/24": 1100, "127.1.7.0/24": 300, "127.2.0.0/24": 200, "127.3.0.0/24": 100}
    for net, times in truth.items():
        pipelined(one.port, net.replace(".0/24", ".9"), times // 100)
    wait_for(lambda: seen(one.folder) >= 1700, seconds=10)
    more = ["--dir", tmp_path, "--geo", geo, "--geo6", "/nowhere"]
    done = run("atalaya-report", *more, "--out", tmp_path / "r", "--privacy")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "r.json").read_text())
    nets = report["networks"]
    assert {n["net"]: n["requests"] for n in nets["24_48"]["top"]} == truth
    assert {n["error"] for n in nets["24_48"]["top"]} == {0} and nets["24_48"]["maybe_more"] == 0
    first = nets["16_32"]["top"][0]
    assert (first["net"], first["requests"], first["error"]) == ("127.1.0.0/16", 1400, 0)
    assert sum(n["cost_ns"] for n in nets["16_32"]["top"]) == sum(report["country_cost_ns"].values()) == report["cost_ns"] > 0
    forms = {name: {f["text"]: f["about"] for f in found} for name, found in report["forms"].items()}
    assert forms["protocol"] == {"http/1.1": 1700} and forms["method"] == {"GET": 1700} and sum(forms["http"].values()) == 1700
    assert list(forms["tls"]) == ["-"] and list(forms["reason"].values()) == [1700] and list(forms["path"].values()) == [1700]
    assert "32_64" not in nets and "127.1.1.9" not in (tmp_path / "r.html").read_text()
    assert report["countries"] == {"VN": 1400, "MX": 200, "??": 100}
    assert report["requests"] == 1700 and report["statuses"]["4xx"] == 1700 and report["sources_about"] == 4
    assert report["kind"] == "attack-indicators" and [g["holds"] for g in report["grounds"]] == [True, True, False, True]
    page = (tmp_path / "r.html").read_text()
    for line in ("<tr><th>peticiones y conexiones negadas (exacto)</th><td>1,700</td></tr>",
                 "<tr><th>4xx</th><td>1,700</td></tr>", f"<tr><th>bytes contestados</th><td>{report['bytes']:,}</td></tr>",
                 "<th class=\"net\">127.1.1.0/24</th><td>1,100</td><td>0</td>", "<th>VN</th><td>1,400</td>",
                 f"Con accesos de <span class=\"t\">{report['first']}</span> a <span class=\"t\">{report['last']}</span>."):
        assert line in page, line
    assert page.index("<th>VN</th>") < page.index("<th>MX</th>") < page.index("<th>país desconocido</th>")
    for name, sums in report["servers"].items():
        assert f"<tr><th>{name}</th><td>{sums['requests']:,}</td>" in page
    for file in report["evidence"]:
        assert f"<th>{file['path']}<code>{file['sha256']}</code></th><td>{file['bytes']:,}</td>" in page
        data = (tmp_path / file["path"]).read_bytes()[:file["bytes"]]
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
    assert run("atalaya-report", *more, "--recompute", tmp_path / "r.json").returncode == 0
    lie = (tmp_path / "r.json").read_text().replace('"VN":1400', '"VN":1300')
    (tmp_path / "lie.json").write_text(lie)
    assert run("atalaya-report", *more, "--recompute", tmp_path / "lie.json").returncode == 1
    done = run("atalaya-report", "--dir", tmp_path, "--geo", "/nowhere", "--html")
    assert done.returncode == 0 and "país desconocido" in done.stderr and "127.1.1.9" in done.stdout
    assert run("atalaya-report", *more, "--until", "2001-01-01T00:00:00Z").returncode == 2
    assert run("atalaya-report", *more, "../../etc/passwd").returncode == 2


def test_few_who_ask_much_speak_for_an_attack_but_at_the_feed(site, run, wait_for, tmp_path):
    """Two mirrors that fetch a night are what a feed is for; the same from two clients of a public site is not."""
    public, feed = site(), site("--vkey", VKEY, name="fuente", role="feed")
    for one in (public, feed):
        pipelined(one.port, "127.4.0.1", 9)
        pipelined(one.port, "127.5.0.1", 6)
        wait_for(lambda one=one: seen(one.folder) >= 1500, seconds=10)

    def grounds(*more):
        done = run("atalaya-report", "--dir", tmp_path, "--json", *more)
        report = json.loads(done.stdout)
        return report["kind"], {g["name"]: (g["value"], g["holds"]) for g in report["grounds"]}

    kind, said = grounds("--server", "site")
    assert kind == "attack-indicators" and said["concentration_permille"] == (600, True) and said["per_source"] == (750, True)
    kind, said = grounds("--server", "fuente")
    assert kind != "attack-indicators" and said["concentration_permille"] == (0, False) and said["per_source"] == (0, False)
    assert grounds()[1]["concentration_permille"] == (600, True)  # both together: what the public site saw


def test_tls_and_what_it_carries(site, tmp_path, wait_for):
    """One program is one fingerprint, however often it comes; others have others; in clear there is none."""
    cert, key = certificate(tmp_path, "a", "a")
    one = site("--tls-listen", "127.0.0.1:0", "--cert", cert, "--key", key)
    tls = int(wait_for(lambda: re.search(r"tls port (\d+)", one.program.text()))[1])
    ask(one.port, "127.1.1.1")
    for _ in range(2):
        with dial(tls) as s:
            ask_tls(s)
    with dial(tls, client(maximum_version=ssl.TLSVersion.TLSv1_2)) as s:
        ask_tls(s)
    h2 = H2(dial(tls, client(alpn=["h2"])))
    assert h2.send(h2_get(1)).until(lambda f: f[0] == DATA and f[1] & END)
    h2.s.close()
    with socket.create_connection(("127.0.0.1", tls)) as s:
        s.sendall(b"GET / HTTP/1.1\r\n\r\n")
        s.recv(100)
    records = wait_for(lambda: len(found := [r for b in read_folder(one.folder) for r in b["records"]]) >= 6 and found)
    ways = {}
    for record in records:
        ways.setdefault(record["protocol"], []).append(record["tls"])
    assert sorted(ways) == ["h2 tls/1.3", "http/1.1", "http/1.1 tls/1.2", "http/1.1 tls/1.3", "tls"]
    assert ways["http/1.1"] == [None] and ways["tls"] == [None]
    first, second = ways["http/1.1 tls/1.3"]
    assert first == second and re.fullmatch(r"t13d\d{4}h1_[0-9a-f]{12}_[0-9a-f]{12}", first)
    assert ways["http/1.1 tls/1.2"][0].startswith("t12d") and ways["h2 tls/1.3"][0].startswith("t13d")
    assert ways["h2 tls/1.3"][0][8:10] == "h2" and ways["h2 tls/1.3"][0][11:23] == first[11:23]


def test_each_worker_says_whom_it_saw(site, tmp_path, wait_for):
    """One program is one fingerprint, whichever worker it came to."""
    cert, key = certificate(tmp_path, "a", "a")
    one = site("--workers", "3", "--tls-listen", "127.0.0.1:0", "--cert", cert, "--key", key)
    tls = int(wait_for(lambda: re.search(r"tls port (\d+)", one.program.text()))[1])

    def of_workers():
        with dial(tls) as s:
            ask_tls(s)
        records = [r for b in read_folder(one.folder) for r in b["records"] if r["protocol"] == "http/1.1 tls/1.3"]
        return len({r["worker"] for r in records}) == 3 and records
    records = wait_for(of_workers, 30)
    assert len({r["tls"] for r in records}) == 1 and records[0]["tls"].startswith("t13d")
    assert {r["http"] for r in records} == {1}
