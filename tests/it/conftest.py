"""Fixtures for tests that run the real programs: where they are, free ports, and processes that never outlive a test."""
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent.parent


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes longer than a few seconds")
    config.addinivalue_line("markers", "sanitize: feeds hostile input; runs again over sanitized programs")


@pytest.fixture(scope="session")
def bin_dir():
    """The folder of the programs: ATALAYA_BIN_DIR, or build/bin."""
    found = Path(os.environ.get("ATALAYA_BIN_DIR", REPO / "build" / "bin"))
    if not found.is_dir():
        pytest.fail(f"no programs in {found}: build first (make build) or set ATALAYA_BIN_DIR")
    return found


@pytest.fixture(scope="session")
def shared():
    """The folder of real data beside the checkout; tests that need it skip where it is absent."""
    found = Path(os.environ.get("ATALAYA_SHARED", REPO.parent / "shared"))
    if not (found / "data").is_dir():
        pytest.skip(f"no real data in {found}")
    return found


GIVEN = set()


def free_port():
    """Below those that the kernel gives to who asks for any or connects: none of them takes it before it is bound."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(lowest - 16000, lowest) if lowest > 18000 else random.randrange(20000, 32000)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in GIVEN:
            GIVEN.add(port)
            return port


@pytest.fixture
def free_ports():
    """A function that gives n ports that were free a moment ago."""
    return lambda n: [free_port() for _ in range(n)]


def wait_for(what, seconds=10.0, say="it did not happen"):
    """Calls `what` until it gives something true, and returns that; fails with `say` when the time is over."""
    end = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > end:
            pytest.fail(f"{say() if callable(say) else say} (waited {seconds} s)")
        time.sleep(0.02)


@pytest.fixture(name="wait_for")
def wait_for_fixture():
    return wait_for


class Running:
    """A program that was started: its process, and what it wrote."""

    def __init__(self, process, log):
        self.process, self.log = process, log
        self.pid = process.pid

    def text(self):
        return self.log.read_text(errors="replace")

    def ended(self):
        return self.process.poll() is not None

    def stop(self, how=signal.SIGTERM, seconds=10):
        if not self.ended():
            self.process.send_signal(how)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        return self.process.returncode


@pytest.fixture
def start(bin_dir, tmp_path):
    """start("atalaya-edge", "--root", ...) runs a program of the house until the test ends."""
    running = []

    def begin(program, *args, env=None):
        log = tmp_path / f"{len(running)}-{Path(program).name}.out"
        with open(log, "wb") as out:
            process = subprocess.Popen([str(bin_dir / program), *map(str, args)], stdout=out, stderr=subprocess.STDOUT,
                                       stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        running.append(Running(process, log))
        return running[-1]

    yield begin
    for one in reversed(running):
        one.stop()


@pytest.fixture
def run(bin_dir):
    """run("atalaya-verify", DIR) runs a program to its end and returns the finished process, text captured."""

    def finish(program, *args, seconds=60, env=None, **more):
        return subprocess.run([str(bin_dir / program), *map(str, args)], timeout=seconds, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})}, **more)

    return finish


@pytest.fixture
def small_election(run, tmp_path):
    """A folder with the small city's definition, its centres' keys, its plan, and expected.json beside it."""
    folder = tmp_path / "small"
    done = run("atalaya-city", "--out", folder, "--scale", "small", "--expected", tmp_path / "expected.json")
    assert done.returncode == 0, done.stderr
    return folder


def get(port, path="/", host="127.0.0.1", headers=None, method="GET"):
    """(status, headers, body) of one request, or (0, {}, b"") when nobody answers."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, {}, b""
    finally:
        connection.close()


@pytest.fixture(name="get")
def get_fixture():
    return get


def status_of(path):
    """A status file as a dict, {} while there is none."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split(" ", 1) for line in lines[1:] if " " in line)


@pytest.fixture(name="status_of")
def status_of_fixture():
    return status_of


@pytest.fixture(name="get_json")
def get_json_fixture():
    """The JSON at a path, or {} when the answer is not 200."""

    def read(port, path):
        status, _, body = get(port, path)
        return json.loads(body) if status == 200 else {}

    return read
