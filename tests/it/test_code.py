"""atalaya code: the code of a cut, and whether it is the one heard. The log is the real one, over a night of a few cuts."""
import base64
import hashlib
import json
import subprocess

import pytest

from log_night import LogNight


def code_of(proof):
    code = base64.b32encode(hashlib.sha256(proof).digest()[:10]).decode()
    return "-".join(code[i:i + 4] for i in range(0, 16, 4))


@pytest.fixture(scope="module")
def night(tmp_path_factory, bin_dir):
    night = LogNight(tmp_path_factory.mktemp("code") / "night", bin_dir)
    try:
        night.start()
        for at in (0, 60, 120):
            for i in range(5):
                night.add(at // 12 + i)
            assert night.cut(at).startswith("ok ")
        night.until_proven(3)
        yield night
    finally:
        night.close()


def ask(bin_dir, *args):
    done = subprocess.run([bin_dir / "atalaya-code", *args, "--json"], capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def proof(night, cut):
    return (night.dir / f"public/log/cut-{cut}.tlog-proof").read_bytes()


@pytest.fixture
def copy(night, tmp_path):
    import shutil
    shutil.copytree(night.dir / "public", tmp_path / "tree")
    return tmp_path / "tree"


def test_the_newest_and_any_other(night, bin_dir, tmp_path):
    code, said = ask(bin_dir, night.dir)
    assert code == 0 and said["code"] == code_of(proof(night, 3)) and said["cut"] == 3 and said["proof"] == "holds"
    assert said["same"] is None and not said["pinned"]
    code, said = ask(bin_dir, night.dir / "public", "--cut", "1")
    assert code == 0 and said["code"] == code_of(proof(night, 1))
    policy = tmp_path / "policy"
    policy.write_text("log " + (night.dir / "public/log/vkey").read_text() + "quorum none\n")
    code, said = ask(bin_dir, night.dir, "--policy", policy)
    assert code == 0 and said["pinned"] and said["proof"] == "holds"
    policy.write_text("log " + (night.dir / "public/log/cut.vkey").read_text() + "quorum none\n")
    code, said = ask(bin_dir, night.dir, "--policy", policy)
    assert code == 1 and said["proof"] != "holds"


def test_heard(night, bin_dir):
    newest, before = code_of(proof(night, 3)), code_of(proof(night, 2))
    code, said = ask(bin_dir, night.dir, newest.lower().replace("-", " ").replace("o", "0").replace("b", "8"))
    assert code == 0 and said["same"] and said["heard"] == newest
    code, said = ask(bin_dir, night.dir, before)
    assert code == 1 and not said["same"] and said["heard_cut"] == 2
    other = ("B" if newest[0] != "B" else "C") + newest[1:]
    code, said = ask(bin_dir, night.dir, other)
    assert code == 1 and not said["same"] and said["heard_cut"] is None
    for wrong in ("", "ABCD", newest + "A", newest[:-1] + "9"):
        assert ask(bin_dir, night.dir, wrong)[0] == 2
    text = subprocess.run([bin_dir / "atalaya", "code", night.dir, newest], capture_output=True, text=True)
    assert text.returncode == 0 and newest in text.stdout and "el mismo corte" in text.stdout
    text = subprocess.run([bin_dir / "atalaya", "code", night.dir, before], capture_output=True, text=True)
    assert text.returncode == 1 and "código del corte 2" in text.stdout


def test_what_proves_nothing(copy, bin_dir):
    """Any file has a code; only a proof of this very cut is one that counts."""
    path = copy / "log/cut-3.tlog-proof"
    good = path.read_bytes()
    extra = good.split(b"\n")[1]
    rewritten = base64.b64decode(extra[6:]).replace(b"last no", b"last yes")
    cases = [b"hello\n", good.replace(b"\nindex ", b"\nindex 1", 1), good.replace(extra + b"\n", b"", 1),
             good.replace(extra, b"extra " + base64.b64encode(rewritten), 1),
             (copy / "log/cut-2.tlog-proof").read_bytes()]
    for case in cases:
        path.write_bytes(case)
        code, said = ask(bin_dir, copy)
        assert code == 1 and said["proof"] != "holds" and said["code"] == code_of(case), said
    latest = copy / "latest.json"
    path.write_bytes(good)
    pointer = json.loads(latest.read_text())
    pointer["manifest_sha256"] = "0" * 64
    latest.write_text(json.dumps(pointer))
    assert ask(bin_dir, copy)[0] == 1
    for empty in (b"", None):
        path.unlink()
        if empty is not None:
            path.write_bytes(empty)
        code, said = ask(bin_dir, copy)
        assert code == 2 and "cut-3.tlog-proof" in said
        path.write_bytes(good)
    assert ask(bin_dir, copy / "nowhere")[0] == 2
