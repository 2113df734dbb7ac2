"""Request smuggling: every request of smuggling_cases that can be read in two ways is refused and ends its connection; and
nothing is accepted that one of nginx, haproxy, apache2 or lighttpd refuses (those that are installed are asked)."""
import concurrent.futures
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import smuggling_cases
from signed_tree import Tree

REPO = Path(__file__).resolve().parent.parent.parent
REFUSALS = {400, 405, 408, 411, 413, 414, 417, 421, 422, 431, 500, 501, 505}


def exchange(port, request, seconds):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as s:
            data, end = b"", time.monotonic() + seconds
            s.sendall(request)
            while time.monotonic() < end and (part := s.recv(65536)):
                data += part
            return data
    except (TimeoutError, OSError):
        return data if "data" in locals() else b""


PATIENCE = 20  # the edge ends each connection by itself: only on a machine that does other things is so much waited


def ask_all(port, cases, seconds=0.4):
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        answers = pool.map(lambda case: exchange(port, case[1] + smuggling_cases.END, seconds), cases)
        return dict(zip([name for name, _ in cases], answers, strict=True))


def ask_peer(port, cases):
    """A peer keeps connections open, so each costs the whole time: little of it, and more for those that a busy machine left without an answer."""
    answers = ask_all(port, cases)
    return {**answers, **ask_all(port, [case for case in cases if not answers[case[0]]], 5)}


def status_of_answer(answer):
    found = re.match(rb"HTTP/1\.[01] (\d\d\d) ", answer)
    return int(found[1]) if found else 0


def accepted(answer):
    return status_of_answer(answer) not in REFUSALS | {0}


@pytest.fixture
def edge_port(start, tmp_path, wait_for):
    tree = Tree(tmp_path / "public")
    tree.cut()
    running = start("atalaya-edge", "--listen", "127.0.0.1:0", "--tree", tree.root, "--role", "results", "--name", "a", "--vkey", tree.signer.vkey)
    port = int(wait_for(lambda: re.search(r":(\d+)/", running.text()))[1])
    wait_for(lambda: accepted(exchange(port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 2)))
    return port


@pytest.mark.sanitize
def test_what_can_be_read_in_two_ways_is_refused(edge_port):
    cases = list(smuggling_cases.hostile())
    assert len(cases) >= 300 and len({name for name, _ in cases}) == len(cases)
    answers = ask_all(edge_port, cases, PATIENCE)
    for name, request in cases:
        answer = answers[name]
        assert status_of_answer(answer) in REFUSALS, (name, request, answer[:80])
        assert len(re.findall(rb"HTTP/1\.1 \d\d\d ", answer)) == 1, (name, "what followed was answered", answer[:400])


def test_what_everybody_accepts_is_accepted(edge_port):
    cases = list(smuggling_cases.valid())
    for name, answer in ask_all(edge_port, cases, PATIENCE).items():
        assert accepted(answer), (name, answer[:80])
        assert len(re.findall(rb"HTTP/1\.1 \d\d\d ", answer)) == (1 if name == "ten" else 2), (name, answer[:400])


PEERS = {"nginx": ["-c", "{conf}"], "haproxy": ["-db", "-f", "{conf}"], "lighttpd": ["-D", "-f", "{conf}"], "apache2": ["-DFOREGROUND", "-f", "{conf}"]}


@pytest.mark.parametrize("peer", PEERS)
def test_nothing_is_accepted_that_a_peer_refuses(peer, edge_port, tmp_path, free_ports, wait_for):
    program = shutil.which(peer) or shutil.which(f"/usr/sbin/{peer}")
    if program is None:
        pytest.skip(f"{peer} is not installed")
    port, root, conf = free_ports(1)[0], tmp_path / "root", tmp_path / "peer.conf"
    (root / "cut/0").mkdir(parents=True)
    for path in ("index.html", "a", "cut/0/b100.html", "cut/0/b4k.html"):
        (root / path).write_text("hello")
    tmp_path.chmod(0o755)
    text = (REPO / f"bench/peers/{peer}-plain.conf").read_text()
    for key, value in {"dir": tmp_path, "port": port, "root": root}.items():
        text = text.replace("{%s}" % key, str(value))
    conf.write_text(text)
    process = subprocess.Popen([program, *(w.format(conf=conf) for w in PEERS[peer])], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: status_of_answer(exchange(port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 1)), say=f"{peer} does not answer")
        cases = [*smuggling_cases.valid(), *smuggling_cases.hostile()]
        ours, theirs = ask_all(edge_port, cases, PATIENCE), ask_peer(port, cases)
        worse = [(name, status_of_answer(ours[name]), status_of_answer(theirs[name])) for name, _ in cases
                 if accepted(ours[name]) and not accepted(theirs[name])]
        assert worse == []
        chances = list(smuggling_cases.by_chance(2500))
        answers = ask_all(edge_port, chances, 3)
        taken = [(name, request) for name, request in chances if accepted(answers[name])]
        again = ask_peer(port, taken)
        assert [(request, again[name][:40]) for name, request in taken if not accepted(again[name])] == []
        assert 180 < len(taken) < 1250, "too few or too many say nothing"
        stricter = sum(accepted(theirs[name]) and not accepted(ours[name]) for name, _ in cases)
        print(f"{peer}: accepts {stricter} of {len(cases)} that the edge refuses", file=sys.stderr)
    finally:
        process.terminate()
        process.wait(10)
