"""What a monitor is told: the edge's own door, which answers while the edge is flooded, and the door of all other programs."""
import multiprocessing
import re
import socket
import statistics
import time

import pytest

import prometheus_kit as prometheus
from conftest import REPO
from test_edge import PAGE, edge, tree  # noqa: F401
from test_tls import certificate, dial

FLOOD_S = 3


def door(site, *words):
    """The port of an edge's health role."""
    return int(site.until(lambda: re.search(r"health port (\d+)", site.running.text()))[1])


@pytest.fixture
def asked(get):
    def ask(port):
        status, head, body = get(port, "/metrics")
        assert status == 200 and head["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return prometheus.parse(body.decode())

    return ask


def test_alive_and_ready_are_two_things(edge, tree, get):
    site = edge(tree, "--health", "127.0.0.1:0")
    port = door(site)
    site.until(lambda: get(port, "/healthz")[0] == 200)  # it lives
    status, _, body = get(port, "/readyz")  # and has nothing to show
    assert status == 503 and (b"no cut yet" in body or b"nothing to serve" in body)
    tree.cut()
    assert site.until(lambda: (a := get(port, "/readyz")) and a[0] == 200 and a)[2] == b"ok\n"
    assert get(port, "/")[0] == 404
    status, head, _ = get(port, "/metrics", method="POST")
    assert status == 405 and head["allow"] == "GET, HEAD"
    status, head, body = get(port, "/metrics", method="HEAD")
    assert status == 200 and int(head["content-length"]) > 1000 and body == b""
    for hostile in (b"GET / HTTP/1.1\nHost: a\n\n", b"\0" * 5000, b"GET /" + b"a" * 5000, b"PRI * HTTP/2.0\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), 5) as s:
            s.sendall(hostile)
            try:
                assert not s.recv(100).startswith(b"HTTP/1.1 200")
            except ConnectionResetError:
                pass
    assert get(port, "/healthz")[0] == 200


def test_what_the_edge_counts(edge, tree, asked):
    site = edge(tree, "--health", "127.0.0.1:0", "--workers", "2", "--hits", tree.root.parent / "hits")
    port = door(site)
    before = asked(port)
    assert "atalaya_edge_cut_number" not in before and prometheus.value(before, "atalaya_edge_ready") == 0
    tree.cut({"index.html": PAGE})
    # one worker may have taken the cut up a moment before the other: all of many connections
    site.until(lambda: all(b'"cut":0,' in site.get("/latest.json")[2] for _ in range(16)))
    for path in ("/cut/0/index.html", "/cut/0/index.html", "/estado", "/nowhere"):
        site.get(path)
    site.raw(b"GET / HTTP/1.1\nHost: a\n\n")
    idle = [socket.create_connection(("127.0.0.1", site.port)) for _ in range(5)]
    half = socket.create_connection(("127.0.0.1", site.port))
    half.sendall(b"GET / HT")
    answers = lambda m: sum(prometheus.value(m, "atalaya_edge_responses_total", **{"class": c}) for c in ("2xx", "3xx", "4xx", "5xx"))
    # a worker may be between two counters when it is looked at
    now = site.until(lambda: (m := asked(port)) and prometheus.value(m, "atalaya_edge_connections", state="head", transport="plain") == 1
                     and prometheus.value(m, "atalaya_edge_connections", state="new", transport="plain") == 5
                     and prometheus.value(m, "atalaya_edge_requests_total", path="other") == 1
                     and prometheus.total(m, "atalaya_edge_requests_total") == answers(m) and m)
    assert prometheus.value(now, "atalaya_edge_requests_total", path="cut") == 2
    assert prometheus.value(now, "atalaya_edge_requests_total", path="other") == 1
    answered = prometheus.total(now, "atalaya_edge_requests_total")
    assert prometheus.value(now, "atalaya_edge_refused_total", reason="head") == 1
    assert prometheus.value(now, "atalaya_edge_sent_bytes_total") > 2 * len(PAGE)
    assert prometheus.value(now, "atalaya_edge_cut_number") == 0 and prometheus.value(now, "atalaya_edge_ready") == 1
    assert prometheus.total(now, "atalaya_edge_worker_connections") == 6
    assert prometheus.value(now, "atalaya_edge_limit", limit="head-ms", unit="ms") == 5000
    assert prometheus.value(now, "atalaya_edge_hits_dropped_total", reason="overrun") == 0
    site.until(lambda: prometheus.value(asked(port), "atalaya_edge_hits_total") >= answered)
    # every counter of the status file, which is written now and then, is told, under one name or another
    told = {v for samples in now.values() for _, v in samples}
    site.until(lambda: all(float(site.status().get(name, -1)) in told for name in ("accepted", "refused_head", "responses_4xx", "views")))
    for s in idle + [half]:
        s.close()


def test_certificates_tell_when_they_end(edge, tree, tmp_path, asked):
    cert, key = certificate(tmp_path, "site", "resultados.example")
    tree.cut()
    site = edge(tree, "--health", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--cert", cert, "--key", key)
    port = door(site)
    site.until_cut(0)
    tls = int(site.until(lambda: re.search(r"tls port (\d+)", site.running.text()))[1])
    with dial(tls):
        now = site.until(lambda: (m := asked(port)) and prometheus.total(m, "atalaya_edge_connections", transport="tls") == 1 and m)
    assert prometheus.value(now, "atalaya_edge_certificate_expiry_timestamp_seconds", file=str(cert)) == 1767225600 + 20000 * 86400
    assert prometheus.value(now, "atalaya_edge_tls_handshakes_total", kind="full") == 1
    assert prometheus.value(now, "atalaya_edge_certificate_reloads_total", result="taken") == 0
    certificate(tmp_path, "site", "otro.example")
    site.until(lambda: prometheus.value(asked(port), "atalaya_edge_certificate_reloads_total", result="taken") >= 1)
    cert.with_suffix(".new").write_text("no certificate")
    cert.with_suffix(".new").rename(cert)
    site.until(lambda: prometheus.value(asked(port), "atalaya_edge_certificate_reloads_total", result="refused") >= 3, 10)  # tried at every look


def flood(port, kind, over):
    """One process of the crowd: pipelined requests without a pause, or connections that are opened and left alone; until it is over."""
    kept = []
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 64
    busy = None
    while not over.is_set():
        try:
            if kind == "requests":
                busy = busy or socket.create_connection(("127.0.0.1", port), 5)
                busy.sendall(request)
                if not busy.recv(1 << 20):
                    busy = None
            else:
                kept.append(socket.create_connection(("127.0.0.1", port), 5))
                kept[-1].sendall(b"GET / HTTP/1.1\r\n")
                kept = kept[-400:]
        except OSError:
            busy = None


def probe(port):
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), 5) as s:
        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = b""
        while part := s.recv(1 << 16):
            answer += part
    assert answer.startswith(b"HTTP/1.1 200 ")
    return (time.monotonic() - begin) * 1000, answer.partition(b"\r\n\r\n")[2].decode()


def test_answers_while_the_edge_is_flooded(edge, tree, get):
    tree.cut()
    site = edge(tree, "--health", "127.0.0.1:0", "--connections", "300")
    port = door(site)
    site.until_cut(0)
    deaf = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]  # those who only hold on do not keep others out
    over = multiprocessing.Event()
    crowd = [multiprocessing.Process(target=flood, args=(site.port, kind, over))
             for kind in ("requests", "requests", "connections", "connections")]
    for one in crowd:
        one.start()
    times = []
    try:
        before = prometheus.parse(probe(port)[1])
        begun = time.monotonic()

        def flooded():
            """So long and, where the machine has much else to do, until it was a flood."""
            took, body = probe(port)
            times.append(took)
            after = prometheus.parse(body)
            served = prometheus.total(after, "atalaya_edge_requests_total") - prometheus.total(before, "atalaya_edge_requests_total")
            return time.monotonic() > begun + FLOOD_S and len(times) > 20 and served > 1000 and prometheus.value(after, "atalaya_edge_evicted_total") > 0

        site.until(flooded, 60)
    finally:
        over.set()
        for one in crowd:
            one.join(10)
            one.kill()
    assert statistics.median(times) < 250, f"{len(times)} probes, {max(times):.0f} ms at worst"
    assert get(port, "/readyz")[0] == 200
    for s in deaf:
        s.close()


RULES = REPO / "packaging" / "prometheus" / "atalaya.rules.yml"


def alerts():
    """(name, expression, runbook) of every alert."""
    text = RULES.read_text()
    found = re.findall(r"- alert: (\w+)\n\s+expr: (.+)\n(?:\s+for: \w+\n)?\s+labels: \{severity: (?:page|warn)\}\n"
                       r"\s+annotations:\n\s+summary: \".+ / .+\"\n\s+runbook: (\S+)\n", text)
    assert len(found) == text.count("- alert:"), "an alert is written in another way"
    return found


PROGRAMS = {"atalaya_program_up", "atalaya_program_alarm", "atalaya_program_state", "atalaya_program_status_age_seconds",
            "atalaya_program_files_unreadable"}


def is_of_a_status_file(metric):
    """Is it one of the pairs that docs/formats/status.md lists?"""
    name = metric.removeprefix("atalaya_status_")
    pairs = {name, name.removesuffix("_seconds") + "_ms", name.removesuffix("_seconds") + "_s", name.removesuffix("_timestamp_seconds")}
    listed = (REPO / "docs/formats/status.md").read_text()
    return name != metric and any(f"`{pair}`" in listed for pair in pairs)


def test_all_programs_through_one_door(start, edge, tree, tmp_path, asked, get, wait_for):
    folder = tmp_path / "status"
    folder.mkdir()
    door_of_all = start("atalaya-metrics", "--listen", "127.0.0.1:0", "--status", folder)
    port = int(wait_for(lambda: re.search(r"port (\d+)", door_of_all.text()), say=door_of_all.text)[1])
    assert get(port, "/healthz")[0] == 200 and get(port, "/readyz")[0] == 503
    tree.cut()
    site = edge(tree, "--status", folder / "results")
    told = wait_for(lambda: (m := asked(port)).get("atalaya_status_cut") and prometheus.value(m, "atalaya_program_state", program="results", state="running") == 1 and m,
                    say=door_of_all.text)
    assert get(port, "/readyz")[0] == 200 and get(port, "/x")[0] == 404
    assert PROGRAMS <= set(told) and prometheus.value(told, "atalaya_program_up", program="results") == 1
    site.running.stop()
    wait_for(lambda: prometheus.value(asked(port), "atalaya_program_up", program="results") == 0, say=door_of_all.text)
    assert door_of_all.stop() == 0


def test_a_folder_that_is_not_there_is_said(run, tmp_path):
    done = run("atalaya-metrics", "--listen", "127.0.0.1:0", "--status", tmp_path / "nowhere")
    assert done.returncode == 2 and "nowhere" in done.stderr


def test_alerts_ask_for_what_is_told_and_name_a_page(edge, tree, tmp_path, asked):
    cert, key = certificate(tmp_path, "site", "resultados.example")
    tree.cut()
    told = set(PROGRAMS)
    for more, role in ((("--hits", tmp_path / "hits", "--tls-listen", "127.0.0.1:0", "--cert", cert, "--key", key), "results"),
                       (("--feed-state", tmp_path / "feed-state"), "mirror")):
        site = edge(tree, "--health", "127.0.0.1:0", *more, role=role)
        port = door(site)
        site.until_cut(0)
        told |= set(asked(port))
    told |= {"atalaya_edge_site_differences"}  # of sealed sites: test_site_edge.py
    listed = (REPO / "docs/formats/metrics.md").read_text()
    index = (REPO / "docs/runbooks/README.md").read_text()
    for name, expression, runbook in alerts():
        for metric in prometheus.names_in(expression):
            assert metric in told or is_of_a_status_file(metric), f"{name} asks for {metric}, which is not told"
        assert (REPO / runbook).is_file() and runbook.removeprefix("docs/runbooks/") in index, f"{name}: {runbook}"
    for family in told - PROGRAMS:
        short = family.removeprefix("atalaya_edge_")
        assert f"`{short}`" in listed, f"{family} is not in docs/formats/metrics.md"
    for words in (("check", "rules", RULES), ("test", "rules", RULES.with_suffix(".test.yml"))):
        checked = prometheus.promtool(*words)
        assert checked is None or checked.returncode == 0, checked.stdout + checked.stderr
