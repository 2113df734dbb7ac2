"""The protocols of a service manager, with the real programs and a test that plays systemd: sockets that were opened beforehand,
ready, signs of life, reloading without one failed request, stopping; and that nobody but the main process ever speaks."""
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

from conftest import get, wait_for
from intake_kit import ELECTION
from night_ledger import Night
from process_kit import alive, family, roles, state_of
from test_edge import tree  # noqa: F401
from test_tls import certificate, dial

WATCHDOG_MS = 300


class Manager:
    """Opens sockets, starts a program with them, and listens to what it says."""

    def __init__(self, bin_dir, folder, abstract=False):
        self.bin, self.folder, self.heard, self.process = bin_dir, folder, [], None
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.address = f"\0atalaya-test-{os.getpid()}-{id(self)}" if abstract else str(folder / "notify.sock")
        self.notify.bind(self.address)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                data, more, _, _ = self.notify.recvmsg(4096, socket.CMSG_SPACE(12))
            except OSError:
                return
            pid = struct.unpack("iII", more[0][2][:12])[0]
            self.heard.append((time.monotonic(), pid, data.decode()))

    def start(self, program, *args, sockets=(), names=None, watchdog=True):
        self.log = self.folder / "out.log"
        env = {**os.environ, "NOTIFY_SOCKET": self.address.replace("\0", "@")}
        if watchdog:
            env["WATCHDOG_USEC"] = str(WATCHDOG_MS * 1000)
        script = "export LISTEN_PID=$$ WATCHDOG_PID=$$; exec \"$@\""
        high = [os.dup2(s.fileno(), 200 + i) for i, s in enumerate(sockets)]
        if sockets:
            env["LISTEN_FDS"] = str(len(sockets))
            if names is not None:
                env["LISTEN_FDNAMES"] = ":".join(names)
            moves = " ".join(f"{3 + i}<&{fd} {fd}<&-" for i, fd in enumerate(high))
            script = f"exec {moves}; {script}"
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(["/bin/bash", "-c", script, "sh", str(self.bin / program), *map(str, args)], env=env,
                                            stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, pass_fds=high)
        for fd in high:
            os.close(fd)
        return self

    def said(self, line):
        return [at for at, _, text in list(self.heard) if line in text.splitlines()]

    def until(self, line, times=1, seconds=15):
        wait_for(lambda: len(self.said(line)) >= times, seconds, say=lambda: f"{self.heard[-5:]}\n{self.text()}")

    def all_is_heard(self):
        """What was sent until now has come: letters arrive in their order, and this is one more."""
        times = len(self.said("STATUS=the test"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            own.sendto(b"STATUS=the test", self.address)
        self.until("STATUS=the test", times + 1)

    def text(self):
        return self.log.read_text(errors="replace")

    def only_the_main_process_spoke(self):
        return {pid for _, pid, _ in self.heard} == {self.process.pid}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)


@pytest.fixture
def manager(bin_dir, tmp_path):
    made = []

    def make(**more):
        made.append(Manager(bin_dir, tmp_path, **more))
        return made[-1]

    yield make
    for one in made:
        if one.process is not None and one.process.poll() is None:
            one.process.kill()
            one.process.wait(5)
        one.notify.close()


def listening():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 0))
    s.listen(128)
    return s


def edge_args(tree, *more):
    return ["--listen", "127.0.0.1:1", "--tree", tree.root, "--role", "results", "--name", "uno", "--vkey", tree.signer.vkey, *more]


def test_who_asks_before_the_start_is_answered_after_it(manager, tree):
    """Socket activation: the listener is there before the program."""
    tree.cut()
    http = listening()
    early = socket.create_connection(http.getsockname())
    early.sendall(b"GET /estado HTTP/1.1\r\nHost: a\r\n\r\n")
    one = manager(abstract=True).start("atalaya-edge", *edge_args(tree), sockets=[http], names=["atalaya-results.socket"])
    early.settimeout(15)
    assert early.recv(1000).startswith(b"HTTP/1.1 200 ")
    one.until("READY=1")
    assert one.stop() == 0
    one.until("STOPPING=1")
    assert one.only_the_main_process_spoke()


def test_sockets_come_by_name_in_any_order(manager, tree, tmp_path):
    cert, key = certificate(tmp_path, "site", "resultados.example")
    tree.cut()
    http, https, health = listening(), listening(), listening()
    one = manager().start("atalaya-edge", *edge_args(tree, "--tls-listen", "127.0.0.1:1", "--cert", cert, "--key", key, "--health", "127.0.0.1:1"),
                          sockets=[health, https, http], names=["health", "https", "http"])
    one.until("READY=1")
    wait_for(lambda: get(health.getsockname()[1], "/readyz")[0] == 200, say=one.text)
    assert get(http.getsockname()[1], "/")[0] == 200
    with dial(https.getsockname()[1]) as s:
        s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert s.recv(100).startswith(b"HTTP/1.1 200 ")
    assert one.stop() == 0


def test_what_is_no_listener_is_not_taken(manager, tree):
    tree.cut()
    a, b = socket.socketpair()
    args = edge_args(tree)
    args[1] = "127.0.0.1:0"
    one = manager().start("atalaya-edge", *args, sockets=[a], names=["http"])
    one.until("READY=1")
    port = int(wait_for(lambda: re.search(r"http://127\.0\.0\.1:(\d+)/", one.text()), say=one.text)[1])
    wait_for(lambda: get(port, "/")[0] == 200, say=one.text)
    a.close(), b.close()


def test_signs_of_life_stop_when_the_program_does(manager, tree):
    tree.cut()
    one = manager().start("atalaya-edge", *edge_args(tree), sockets=[listening()])
    one.until("WATCHDOG=1", times=8)

    def in_time():
        """Six signs in a row that come within the span; a machine with much else to do may be late with some."""
        signs = one.said("WATCHDOG=1")
        return any(last - first < 5 * WATCHDOG_MS / 1000 for first, last in zip(signs, signs[5:]))

    wait_for(in_time, 20, "a watchdog of this span would have barked")
    one.process.send_signal(signal.SIGSTOP)
    wait_for(lambda: state_of(one.process.pid)["State"][0] == "T", say="it does not stand still")
    one.all_is_heard()
    before = len(one.said("WATCHDOG=1"))
    time.sleep(WATCHDOG_MS / 1000)
    one.all_is_heard()
    assert len(one.said("WATCHDOG=1")) == before, "a program that stands still says that it lives"
    one.process.send_signal(signal.SIGCONT)
    one.until("WATCHDOG=1", times=before + 2)


def test_reloading_is_announced_and_nobody_notices(manager, tree):
    tree.cut()
    http = listening()
    port = http.getsockname()[1]
    one = manager().start("atalaya-edge", *edge_args(tree, "--mirror", "difusor-1=https://uno.example/,difusor-2=https://dos.example/"), sockets=[http],
                          names=["http"])
    one.until("READY=1")
    wait_for(lambda: get(port, "/latest.json")[0] == 200, say=one.text)
    answers, over = [], threading.Event()

    def ask():
        while not over.is_set():
            answers.append(get(port, "/")[0])

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for n in range(1, 4):
            one.process.send_signal(signal.SIGHUP)
            one.until("RELOADING=1", times=n)
            one.until("READY=1", times=n + 1)
        wait_for(lambda: len(answers) > 20, say=lambda: str(answers))
    finally:
        over.set()
        asking.join()
    assert set(answers) == {200}
    assert b"https://dos.example/" in get(port, "/estado")[2], "each program got the words of the first one whole"
    moments = [int(m[1]) for _, _, text in one.heard if (m := re.search(r"RELOADING=1\nMONOTONIC_USEC=(\d+)$", text))]
    assert len(moments) == 3 and moments == sorted(moments)
    assert one.only_the_main_process_spoke() and one.process.poll() is None
    before = len(one.said("WATCHDOG=1"))
    one.until("WATCHDOG=1", times=before + 2)  # the new program goes on with it


def test_a_new_program_that_does_not_take_the_words_is_not_given_the_place(manager, tree, bin_dir, tmp_path):
    """The words are of a unit that has changed meanwhile, or of a later version: another program is put in place, to which one of them is strange."""
    tree.cut()
    program = tmp_path / "bin/atalaya-edge"
    program.parent.mkdir()
    good = (bin_dir / "atalaya-edge").read_bytes()
    assert b"\0hits-rate\0" in good

    def replace(data):
        new = program.with_suffix(".new")
        new.write_bytes(data)
        new.chmod(0o755)
        new.rename(program)

    replace(good)
    http = listening()
    port = http.getsockname()[1]
    one = manager().start(program, *edge_args(tree, "--hits-rate", "300"), sockets=[http], names=["http"])
    one.until("READY=1")
    wait_for(lambda: get(port, "/latest.json")[0] == 200, say=one.text)
    for n, (data, reason) in enumerate(((good.replace(b"\0hits-rate\0", b"\0bits-rate\0"), "--hits-rate"), (b"no program", "no corre")), 1):
        replace(data)
        one.process.send_signal(signal.SIGHUP)
        one.until("RELOADING=1", times=n)
        one.until("READY=1", times=n + 1)
        said = [line for line in one.text().splitlines() if "reload_failed" in line]
        assert len(said) == n and reason in said[-1] and "el programa nuevo" in said[-1], said
        assert any(text.startswith("STATUS=recarga rechazada") and reason in text for _, _, text in one.heard)
        assert get(port, "/latest.json")[0] == 200
    replace(good)
    one.process.send_signal(signal.SIGHUP)
    one.until("RELOADING=1", times=3)
    one.until("READY=1", times=4)
    assert one.text().count("reload_failed") == 2 and get(port, "/latest.json")[0] == 200
    assert one.process.poll() is None and one.only_the_main_process_spoke()


@pytest.mark.parametrize("program", ["atalaya-intake", "atalaya-cut", "atalaya-log", "atalaya-mirror"])
def test_every_program_speaks(program, manager, tree, tmp_path, bin_dir):
    one = manager()
    sockets, night = [], None
    if program == "atalaya-intake":
        folder = tmp_path / "night"
        folder.mkdir()
        subprocess.run(["cp", "-r", ELECTION, folder / "election"], check=True)
        sockets = [listening()]
        args = ["--dir", folder, "--listen", "127.0.0.1:1"]
    elif program == "atalaya-mirror":
        tree.cut()
        args = ["--feed", "http://127.0.0.1:1/", "--vkey", tree.signer.vkey, "--log-vkey", tree.log.vkey, "--dir", tmp_path / "m",
                "--status", tmp_path / "mirror-1", "--listen", "127.0.0.1:0"]
    else:
        night = Night(tmp_path / "night", bin_dir)
        args = ["--dir", night.dir]
        if program == "atalaya-log":
            night.sign()
    try:
        one.start(program, *args, sockets=sockets, names=["intake"])
        one.until("READY=1")
        one.until("WATCHDOG=1", times=4)
        if sockets:
            wait_for(lambda: get(sockets[0].getsockname()[1], "/v1/acta")[0] != 0, say=one.text)
        one.stop()
        one.until("STOPPING=1")
        assert one.only_the_main_process_spoke(), "a child took the manager for its own"
    finally:
        if night is not None:
            night.close()


@pytest.mark.slow
def test_a_worker_that_hangs_is_replaced(manager, tree, tmp_path):
    tree.cut()
    http = listening()
    port = http.getsockname()[1]
    status = tmp_path / "status"
    one = manager().start("atalaya-edge", *edge_args(tree, "--status", status), sockets=[http])
    wait_for(lambda: get(port, "/")[0] == 200, say=one.text)
    worker = wait_for(lambda: roles(one.process.pid).get("edge-worker"))
    os.kill(worker, signal.SIGSTOP)
    wait_for(lambda: "worker_hung" in one.text(), 40, say=one.text)
    wait_for(lambda: get(port, "/")[0] == 200, say=one.text)
    assert not alive(worker)
    wait_for(lambda: "restarts 1" in status.read_text(), say=status.read_text)
    # and when everybody stood still together, nobody is accused
    everybody = family(one.process.pid)
    for pid in everybody:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(17)
    for pid in everybody:
        os.kill(pid, signal.SIGCONT)
    wait_for(lambda: get(port, "/")[0] == 200, say=one.text)
    time.sleep(1)
    assert one.text().count("worker_hung") == 1


def test_the_door_for_metrics_speaks_from_inside_its_jail(start, tmp_path):
    """It has no parent beside it: who says that it is ready and alive is the jailed one itself."""
    (tmp_path / "status").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        door = start("atalaya-metrics", "--listen", "127.0.0.1:0", "--status", tmp_path / "status",
                     env={"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "600000"})
        said = [manager.recv(1000).decode() for _ in range(6)]
        assert sum("READY=1" in word for word in said) == 1 and sum("WATCHDOG=1" in word for word in said) >= 4
        assert not door.ended() and door.stop() == 0
