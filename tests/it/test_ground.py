"""An edge on weak ground says so when it starts: settings of the kernel in a network namespace that the test makes for it."""
import os
import resource
import shutil
import subprocess

import pytest

from conftest import wait_for
from test_edge import tree  # noqa: F401

INSIDE = """
ip link set lo up
echo "$1" > /proc/sys/net/ipv4/tcp_syncookies
echo "$2" > /proc/sys/net/core/somaxconn
shift 2
exec "$@"
"""


@pytest.fixture
def starts(bin_dir, tree, tmp_path):  # noqa: F811
    if os.geteuid() != 0 or shutil.which("ip") is None or subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode != 0:
        pytest.skip("no network namespaces here")
    made = []

    def start(syncookies, somaxconn, descriptors):
        status, log = tmp_path / f"edge-{len(made)}", tmp_path / f"log-{len(made)}"
        with open(log, "wb") as out:
            made.append(subprocess.Popen(["unshare", "--net", "sh", "-e", "-c", INSIDE, "sh", str(syncookies), str(somaxconn), str(bin_dir / "atalaya-edge"),
                                          "--listen", "127.0.0.1:8080", "--tree", str(tree.root), "--role", "results", "--name", "uno", "--vkey", tree.signer.vkey,
                                          "--connections", "1000", "--status", str(status)], stdout=out, stderr=subprocess.STDOUT,
                                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))))
        wait_for(lambda: status.exists() and "\nstate running\n" in status.read_text(), 15, log.read_text)
        return log.read_text(), next(line for line in status.read_text().splitlines() if line.startswith("alarm "))

    tree.cut()
    yield start
    for one in made:
        one.kill()
        one.wait(10)


def test_weak_settings_are_told_aloud_with_their_remedy(starts):
    log, alarm = starts(0, 128, 1399)
    for name, remedy in (("tcp_syncookies", "sysctl -w net.ipv4.tcp_syncookies=1"), ("somaxconn", "sysctl -w net.core.somaxconn=4096"), ("nofile", "RLIMIT_NOFILE=1399")):
        line = next(line for line in log.splitlines() if f"weak_setting name={name} " in line)
        assert remedy in line and " / " in line, log
    assert alarm.startswith("alarm net.ipv4.tcp_syncookies=0"), alarm
    assert "somaxconn" in starts(1, 128, 1400)[1]


def test_good_settings_are_no_news(starts):
    log, alarm = starts(1, 8192, 1400)
    assert "weak_setting" not in log and alarm == "alarm -"
