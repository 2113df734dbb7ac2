"""Our log before golang.org/x/mod, which shares none of our code: checkpoints, every tile, proofs and their tampered twins."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import REPO

SOURCE = REPO / "tests" / "peers" / "x_mod.go"
GOCODE = Path("/usr/share/gocode")


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    """The program built from x_mod.go over Debian's sources of x/mod, without any network."""
    if shutil.which("go") is None or not (GOCODE / "src/golang.org/x/mod").is_dir():
        pytest.skip("no Go with golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("go")
    env = {**os.environ, "GO111MODULE": "off", "GOPATH": str(GOCODE), "GOCACHE": str(folder / "cache"), "CGO_ENABLED": "0"}
    subprocess.run(["go", "build", "-o", folder / "x_mod", SOURCE], env=env, check=True, timeout=300)
    return folder / "x_mod"


@pytest.fixture(scope="module")
def maker(bin_dir):
    return bin_dir.parent / "tests" / "peer_proofs"


@pytest.fixture(scope="module")
def grown(maker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("log")
    subprocess.run([maker, "grow", folder, "70000"], check=True, timeout=120)
    proofs = subprocess.run([maker, "list", folder / "public/log", "1000", "200"], check=True, capture_output=True, text=True,
                            timeout=120).stdout
    return folder, proofs


def judged(judge, folder, proofs):
    return subprocess.run([judge, folder / "vkey", folder / "public/log", folder / "checkpoints"], input=proofs, text=True,
                          capture_output=True, timeout=120)


def test_x_mod_accepts_the_log_and_refuses_every_twin(judge, grown):
    folder, proofs = grown
    done = judged(judge, folder, proofs)
    assert done.stdout == "leaves 70000 checkpoints 21 inclusion 1000 6000 consistency 200 1000\n"
    assert done.returncode == 0


@pytest.mark.parametrize("path", ["tile/0/100", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1", "tile/entries/200"])
def test_x_mod_sees_an_altered_file(judge, grown, tmp_path, path):
    """The judge itself can say no: one bit in a tile or in a bundle."""
    folder = tmp_path / "log"
    shutil.copytree(grown[0], folder)
    file = folder / "public/log" / path
    altered = bytearray(file.read_bytes())
    altered[20] ^= 1
    file.chmod(0o644)
    file.write_bytes(altered)
    done = judged(judge, folder, "")
    assert done.returncode == 1 and done.stdout.startswith("x/mod:")
