"""The installed units under a real systemd as first process, in namespaces of its own over a copy of this machine's root that forgets:
sockets that are there before the program, reload, the watchdog, users and fences as they are written, stop. Root; cgroup v2 mounted inside."""
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import wait_for
from signed_tree import Tree
from test_edge import PAGE
from test_install import installed  # noqa: F401
from test_tls import certificate

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.geteuid() != 0, reason="needs root")]

# The copy is a layer over a root, kept in memory; nothing is written below it. Only our target is started.
BOOT = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=$3,upperdir=$1/upper,workdir=$1/work" "$1/root"
cd "$1/root"
cp -a "$2/." .
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
[ "$4" = keeps ] || mount -t tmpfs tmpfs var/lib
mount --rbind /dev dev
mount -t sysfs sysfs sys || mount --rbind /sys sys
umount -R sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 cgroup2 sys/fs/cgroup
ip link set lo up
mkdir -p run/old
pivot_root . run/old
umount -l /run/old
exec env -i container=drill PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=atalaya-drill.target --log-target=null --show-status=0
"""

# A reader: a new connection for every page, in clear and over TLS by turns, until the file /tmp/over is there or a minute has passed.
READER = """
import hashlib, http.client, json, os, ssl, time
context = ssl._create_unverified_context()
said, certificates, slowest, end = {}, [], 0, time.monotonic() + 60
while not os.path.exists("/tmp/over") and time.monotonic() < end:
    for kind in ("clear", "tls"):
        began = time.monotonic()
        try:
            one = (http.client.HTTPConnection("127.0.0.1", 80, timeout=10) if kind == "clear"
                   else http.client.HTTPSConnection("127.0.0.1", 443, timeout=10, context=context))
            one.request("GET", "/cut/0/index.html")
            if kind == "tls":
                shown = hashlib.sha256(one.sock.getpeercert(True)).hexdigest()
                certificates += [] if shown in certificates else [shown]
            answer = one.getresponse()
            what = f"{answer.status} {len(answer.read())}"
            one.close()
        except Exception as error:
            what = repr(error)
        said[what] = said.get(what, 0) + 1
        slowest = max(slowest, time.monotonic() - began)
    open("/tmp/begun", "w").close()
print(json.dumps({"said": said, "certificates": certificates, "slowest": slowest}))
"""


class Machine:
    """`lower` is the root that the copy lies over; what a package manager knows of it is in var/lib, which goes empty unless it `keeps`."""

    def __init__(self, folder, layer, lower="/", keeps=False):
        self.folder = folder
        self.log = folder / "console"
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(["unshare", "--pid", "--mount", "--fork", "--uts", "--ipc", "--cgroup", "--net", "--kill-child", "sh", "-c", BOOT, "sh",
                                             str(folder / "mnt"), str(layer), str(lower), "keeps" if keeps else ""], stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self.pid = int(wait_for(lambda: Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split(), 10)[0])
        self.root = Path(f"/proc/{self.pid}/root")

    def inside(self, *words, seconds=30):
        return subprocess.run(["nsenter", f"--target={self.pid}", "--mount", "--pid", "--net", "--root", "--wd", *map(str, words)], capture_output=True, text=True,
                              timeout=seconds, start_new_session=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SYSTEMD_COLORS": "0"})

    def reader(self):
        """Begins to read; what it returns ends it and says what was seen."""
        for name in ("over", "begun"):
            (self.root / "tmp" / name).unlink(missing_ok=True)
        words = ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--net", "--root", "--wd", "/usr/bin/python3", "-c", READER]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True)
        wait_for(lambda: (self.root / "tmp/begun").exists(), 20, self.about)

        def end():
            (self.root / "tmp/over").touch()
            return json.loads(process.communicate(timeout=70)[0])
        return end

    def workers(self):
        return set(self.inside("pgrep", "-x", "edge-worker").stdout.split())

    @property
    def tls(self):
        return self.root / "etc/atalaya/tls"

    def open_keys(self):
        """As the runbook of certificates has it: the key is root's, and its group is the program's."""
        done = self.inside("sh", "-c", "chown root:atalaya-status /etc/atalaya/tls/*.key && chmod 0640 /etc/atalaya/tls/*.key && chmod 0644 /etc/atalaya/tls/*.crt")
        assert done.returncode == 0, done.stderr

    def systemctl(self, *words):
        return self.inside("systemctl", *words)

    def property(self, unit, name):
        return self.systemctl("show", "-P", name, unit).stdout.strip()

    def main(self, unit="atalaya-results.service"):
        """Its first process. Never 0, which to kill(1) is whoever calls it."""
        pid = self.property(unit, "MainPID")
        assert pid not in ("", "0"), self.about()
        return pid

    def says(self):
        return self.log.read_text(errors="replace")[-1000:]

    def get(self, path, port=80):
        program = f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:{port}{path}', timeout=10).read().decode(), end='')"
        done = self.inside("/usr/bin/python3", "-c", program)
        return done.stdout or done.stderr[-200:]

    def serves(self):
        """The page; in its first moments a program that was just started says that it has none yet."""
        wait_for(lambda: self.get("/cut/0/index.html") == PAGE.decode(), 20, lambda: self.get("/cut/0/index.html") + self.about())
        return wait_for(lambda: self.property("atalaya-results.service", "ActiveState") == "active", 20, self.about)

    def about(self):
        return self.systemctl("status", "--no-pager", "-l", "-n", "30", "atalaya-results.service").stdout + self.says()


@pytest.fixture(scope="module")
def machine(installed, tmp_path_factory):  # noqa: F811
    if not Path("/lib/systemd/systemd").exists() or shutil.which("nsenter") is None or shutil.which("ip") is None:
        pytest.skip("no systemd here")
    dest, prefix = installed
    folder = tmp_path_factory.mktemp("machine")
    (folder / "mnt").mkdir()
    layer = folder / "layer"
    shutil.copytree(prefix / "bin", layer / "usr/bin", symlinks=True)
    units = layer / "etc/systemd/system"
    shutil.copytree(prefix / "lib/systemd/system", units)
    for unit in units.rglob("*.service"):
        unit.write_text(re.sub(r"^EnvironmentFile=\S*/etc/", "EnvironmentFile=/etc/",
                               re.sub(r"^ExecStart=\S*/bin/", "ExecStart=/usr/bin/", unit.read_text(), flags=re.M), flags=re.M))
    (units / "atalaya-drill.target").write_text("[Unit]\nDefaultDependencies=no\nDescription=Nothing but systemd\n")
    etc = layer / "etc/atalaya"
    shutil.copytree(next(dest.rglob("etc/atalaya")), etc)
    for settings in etc.glob("*.env"):
        settings.write_text(re.sub(r"[^\s=]*/etc/atalaya/", "/etc/atalaya/", settings.read_text()))
    (etc / "tls").mkdir()
    certificate(etc / "tls", "results", "resultados.example")
    settings = etc / "results.env"
    settings.write_text(re.sub(r"^OPTIONS=.*$", "", settings.read_text(), count=1, flags=re.M).replace("#OPTIONS=", "OPTIONS=")
                        .replace("--workers 2", "--workers 2 --mirror difusor-1=https://difusor-1.example/"))
    tree = Tree(folder / "public")
    tree.cut({"index.html": PAGE})
    (etc / "cut.vkey").write_text(tree.signer.vkey)
    for kind in ("sysusers", "tmpfiles"):
        (layer / f"usr/lib/{kind}.d").mkdir(parents=True)
        shutil.copy(prefix / f"lib/{kind}.d/atalaya.conf", layer / f"usr/lib/{kind}.d/atalaya.conf")
    if subprocess.run(["unshare", "--pid", "--mount", "--fork", "--net", "--cgroup", "true"], capture_output=True).returncode != 0:
        pytest.skip("no namespaces can be made here")
    one = Machine(folder, layer)
    try:
        wait_for(lambda: one.systemctl("is-system-running").stdout.strip() in ("running", "degraded", "starting"), 60, one.says)
        for words in (["systemd-sysusers", "atalaya.conf"], ["systemd-tmpfiles", "--create", "atalaya.conf"]):
            done = one.inside(*words)
            assert done.returncode == 0, done.stderr
        shutil.copytree(tree.root, one.root / "var/lib/atalaya/night/public", dirs_exist_ok=True)
        one.inside("chmod", "-R", "a+rX", "/var/lib/atalaya/night/public")
        one.open_keys()
        yield one
    finally:
        one.process.send_signal(signal.SIGKILL)  # --kill-child: the first process goes, and with it all of them
        one.process.wait(20)


def test_a_socket_starts_the_program_and_outlives_it(machine):
    done = machine.systemctl("start", "atalaya-results.socket", "atalaya-results-tls.socket")
    assert done.returncode == 0, done.stderr + machine.says()
    assert machine.property("atalaya-results.service", "ActiveState") == "inactive"
    assert machine.serves()
    assert machine.property("atalaya-results.service", "ActiveState") == "active"
    assert machine.property("atalaya-results.service", "NotifyAccess") == "main"
    status = machine.inside("cat", f"/proc/{machine.main()}/status").stdout
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.M) and re.search(r"^CapEff:\s+0+$", status, re.M)
    assert re.search(r"^Uid:\s+(\d+)", status, re.M)[1] != "0"
    machine.systemctl("stop", "atalaya-results.service")
    assert machine.property("atalaya-results.service", "Result") == "success"
    assert machine.serves(), "who asks meanwhile starts it again"


def test_reload_is_a_new_program_in_the_same_process(machine):
    """The binary and the certificate were replaced: both are taken, and no reader notices."""
    before, workers, program = machine.main(), machine.workers(), machine.root / "usr/bin/atalaya-edge"
    new = program.with_suffix(".new")
    shutil.copy(program, new)
    with open(new, "ab") as out:
        out.write(b"another build of the same program\n")
    read = machine.reader()
    new.rename(program)
    certificate(machine.tls, "results", "resultados.example")
    machine.open_keys()
    assert workers and machine.systemctl("reload", "atalaya-results.service").returncode == 0, machine.about()
    wait_for(lambda: (now := machine.workers()) and not now & workers, 20, machine.about)
    found = read()
    print(found)
    assert list(found["said"]) == [f"200 {len(PAGE)}"] and sum(found["said"].values()) > 20, found
    assert len(found["certificates"]) == 2, found
    assert machine.main() == before
    assert machine.property("atalaya-results.service", "NRestarts") == "0"
    running = machine.inside("stat", "-L", "-c", "%s", f"/proc/{before}/exe").stdout.strip()
    assert int(running) == program.stat().st_size
    assert machine.serves()


def test_a_new_configuration_is_taken_by_a_restart_that_refuses_nobody(machine):
    """The settings' file is read by systemd, so a reload does not see it. A restart cuts off what is being answered at that moment, which
    for a reader of one page after the other is one of them; whoever connects meanwhile waits at the socket."""
    before, settings = machine.main(), machine.root / "etc/atalaya/results.env"
    settings.write_text(settings.read_text().replace("--workers 2", "--workers 1"))
    read = machine.reader()
    assert machine.systemctl("restart", "atalaya-results.service").returncode == 0, machine.about()
    assert machine.serves()
    found = read()
    print(found)
    # A program that has just begun says 503 for as long as it loads.
    others = {what: n for what, n in found["said"].items() if what != f"200 {len(PAGE)}" and not what.startswith("503 ")}
    assert sum(others.values()) <= 1 and "refused" not in str(others), found
    assert machine.main() != before and len(machine.workers()) == 1


def test_the_watchdog_ends_a_parent_that_stands_still(machine):
    before = machine.main()
    assert machine.property("atalaya-results.service", "WatchdogUSec") == "10s"
    began = time.monotonic()
    machine.inside("kill", "-STOP", before)
    wait_for(lambda: machine.property("atalaya-results.service", "MainPID") not in ("0", before)
             and machine.property("atalaya-results.service", "ActiveState") == "active", 40, machine.says)
    assert time.monotonic() - began > 5
    assert machine.serves()
    assert machine.property("atalaya-results.service", "NRestarts") == "1"


def test_a_killed_program_is_back_within_a_second(machine):
    before = machine.main()
    machine.inside("kill", "-KILL", before)
    began = time.monotonic()
    assert machine.serves(), "the socket holds who comes meanwhile"
    assert time.monotonic() - began < 5
    assert machine.property("atalaya-results.service", "MainPID") not in ("0", before)


def test_stop_ends_all_roles(machine):
    assert machine.systemctl("stop", "atalaya-results.socket", "atalaya-results-tls.socket", "atalaya-results.service").returncode == 0
    assert machine.property("atalaya-results.service", "Result") == "success"
    assert not machine.workers()
    assert machine.property("atalaya-results.service", "ActiveState") == "inactive"


def test_the_door_for_metrics_starts_and_stops(machine):
    """The door for metrics needs nothing but folders."""
    done = machine.systemctl("start", "atalaya-metrics.service")
    assert done.returncode == 0, done.stderr + machine.says()
    assert machine.property("atalaya-metrics.service", "ActiveState") == "active"
    machine.systemctl("stop", "atalaya-metrics.service")
    assert machine.property("atalaya-metrics.service", "Result") == "success"
