"""atalaya verify: a clean tree passes, and a change to any kind of file is named."""
import functools
import http.server
import json
import shutil
import subprocess
import threading

import pytest

from conftest import wait_for
from night_ledger import Night


@pytest.fixture(scope="module")
def clean(tmp_path_factory, bin_dir):
    """A published tree of three cuts, the last one with its package."""
    night = Night(tmp_path_factory.mktemp("verify") / "night", bin_dir)
    try:
        night.start("--package", "60")
        wait_for(lambda: (night.dir / "public/latest.json").exists(), say=night.log)
        for at in (0, 60, 120):
            for i in range(10):
                night.add(at // 6 + i)
            if at == 120:
                night.ask("close prueba")
            assert night.cut(at).startswith("ok ")
        night.sign()
    finally:
        night.close()
    return night.dir / "public"


@pytest.fixture
def copy(clean, tmp_path):
    shutil.copytree(clean, tmp_path / "tree")
    return tmp_path / "tree"


def verify(bin_dir, where, *args):
    done = subprocess.run([bin_dir / "atalaya-verify", where, "--json", *args], capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def rules(report):
    return {f["rule"] for f in report["findings"]}


def flip(path, at=-40):
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1
    path.write_bytes(data)


def test_clean(clean, bin_dir):
    code, report = verify(bin_dir, clean)
    assert (code, report["findings"]) == (0, [])
    assert report["files"] > 100 and report["rows"] > 50 and report["entries"] > 40


FLIPS = [
    ("cut/3/manifest", {"signature"}), ("cut/3/manifest.minisig", {"signature"}), ("cut/3/index.html", {"hash"}),
    ("cut/3/jg/index.json", {"hash"}), ("cut/3/jg/district-01.html", {"hash"}), ("cut/3/index.html.gz", {"hash"}),
    ("cut/3/index.html.br", {"hash"}), ("index.html", {"hash"}), ("jg/index.html.br", {"hash"}),
    ("package/3/EJE_GUB_2027.csv", {"hash"}), ("package/3/SHA256SUMS", {"hash"}), ("cut/2/manifest", {"chain"}),
]


@pytest.mark.parametrize("path, expected", FLIPS, ids=[p for p, _ in FLIPS])
def test_bit_flips(copy, bin_dir, path, expected):
    flip(copy / path, 200 if path.endswith("manifest") else -40)
    code, report = verify(bin_dir, copy)
    assert code == 1 and expected <= rules(report), report
    assert any(f["path"].startswith(path.split(".")[0]) for f in report["findings"])


@pytest.mark.parametrize("kind", ["chunk/*.html", "chunk/*.gz", "a/style-*.css", "a/app-*.js.br", "package/3/*.zip",
                                  "package/3/difusion/*.zip"])
def test_bit_flips_by_kind(copy, bin_dir, kind):
    file = sorted(copy.glob(kind), key=lambda p: p.stat().st_mtime_ns)[-1]
    flip(file)
    code, report = verify(bin_dir, copy)
    assert code == 1 and "hash" in rules(report), report


def test_pointer_altered(copy, bin_dir):
    text = (copy / "latest.json").read_text()
    pointer = json.loads(text)
    votes = pointer["contests"]["jg"]["votes"]
    (copy / "latest.json").write_text(text.replace(f'"votes":{votes}', f'"votes":{votes + 1}', 1))
    code, report = verify(bin_dir, copy)
    assert code == 1 and {"hash", "figure"} <= rules(report)


def test_missing(copy, bin_dir):
    (copy / "cut/3/flow.html").unlink()
    code, report = verify(bin_dir, copy)
    assert code == 1 and ("missing", "cut/3/flow.html") in {(f["rule"], f["path"]) for f in report["findings"]}


@pytest.mark.parametrize("path", ["cut/3/extra.html", "index.php", "acta/" + "0" * 64 + ".jpg", "chunk/x.html",
                                  "cut/x/y.html"])
def test_foreign(copy, bin_dir, path):
    (copy / path).parent.mkdir(parents=True, exist_ok=True)
    (copy / path).write_text("foreign")
    code, report = verify(bin_dir, copy)
    assert code == 1 and ("foreign", path) in {(f["rule"], f["path"]) for f in report["findings"]}, report


def test_ledger_altered(copy, bin_dir):
    bundle = max((copy / "log/tile/entries/000.p").iterdir(), key=lambda p: int(p.name))
    data = bundle.read_bytes()
    at = data.rindex(b"\ncomputed ") + 10
    bundle.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
    code, report = verify(bin_dir, copy)
    assert code == 1 and rules(report)


def test_old_cut_offered_as_new(copy, bin_dir, clean):
    """The pointer and entry pages of an older cut put back: its files are whole, and yet it is named."""
    import hashlib
    manifest = (copy / "cut/2/manifest").read_bytes()
    pointer = json.loads((copy / "latest.json").read_text())
    text = manifest[:manifest.rindex(b"\n\n") + 1]
    pointer.update(cut=2, path="cut/2/", manifest_sha256=hashlib.sha256(text).hexdigest(), last=False)
    (copy / "latest.json").write_text(json.dumps(pointer))
    code, report = verify(bin_dir, copy)
    assert code == 1 and "old-cut" in rules(report)


def test_another_key(copy, bin_dir, tmp_path):
    policy = tmp_path / "policy"
    subprocess.run([bin_dir / "atalaya-key", "--name", "prep.example.mx/ejemplo2027", "--out", tmp_path / "k"], check=True,
                   stdout=subprocess.DEVNULL)
    policy.write_bytes((tmp_path / "k.pub").read_bytes())
    code, report = verify(bin_dir, copy, "--policy", policy)
    assert code == 1 and "signature" in rules(report)


def test_over_http(clean, bin_dir):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=clean))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        code, report = verify(bin_dir, f"http://127.0.0.1:{server.server_port}/")
        assert (code, report["findings"]) == (0, [])
    finally:
        server.shutdown()


def test_what_cannot_be_examined(bin_dir, tmp_path):
    assert verify(bin_dir, tmp_path / "nowhere")[0] == 2
    assert verify(bin_dir, tmp_path)[0] == 2
    assert subprocess.run([bin_dir / "atalaya-verify"], capture_output=True).returncode == 2
