"""atalaya verify: a clean tree passes, and a change to any kind of file is named."""
import functools
import hashlib
import http.server
import json
import os
import shutil
import subprocess
import threading

import pytest

from conftest import wait_for
from log_kit import Key, bundle_of, checkpoint_size, entries_of, leaf, published, write_log
from night_ledger import Night


@pytest.fixture(scope="module")
def clean(tmp_path_factory, bin_dir):
    """A published tree of three cuts with their log, the last one with its package."""
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
    done = subprocess.run([bin_dir / "atalaya-verify", where, "--json", "--wait", "1", *args], capture_output=True, text=True)
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
    assert report["log"] == {"origin": "prep.example.mx/ejemplo2027", "size": checkpoint_size(clean), "signed": True,
                             "cosigners": 0, "quorum": True, "covers_cut": True}
    assert (report["cuts"], report["bodies"], report["proofs"]) == (4, 3, 4) and report["tiles"] >= 1
    assert report["verdict"] == "consistent, key not pinned" and report["notes"] == ["key-not-bound"]


@pytest.mark.parametrize("kept", ["all", "one lost", "elsewhere"])
def test_images(tmp_path, bin_dir, kept):
    """When the last cut is declared every image that an entry names is there, or none is: a night may keep them elsewhere."""
    night = Night(tmp_path / "night", bin_dir)
    for i in range(6):
        data = f"{i} 1".encode()
        name = hashlib.sha256(data).hexdigest()
        file = night.dir / f"images/{name[:2]}/{name}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    try:
        night.start()
        wait_for(lambda: (night.dir / "public/latest.json").exists(), say=night.log)
        for i in range(6):
            night.add(i)
        night.ask("close prueba")
        assert night.cut(0).startswith("ok ")
        night.sign()
    finally:
        night.close()
    images = sorted((night.dir / "public/acta").iterdir())
    assert len(images) == 6
    for image in {"all": [], "one lost": images[:1], "elsewhere": images}[kept]:
        image.unlink()
    code, report = verify(bin_dir, night.dir / "public")
    assert report["images_missing"] == {"all": 0, "one lost": 1, "elsewhere": 6}[kept]
    assert (code, rules(report)) == ((1, {"missing"}) if kept == "one lost" else (0, set()))


def test_a_tree_that_is_being_published(start, run, tmp_path):
    """Cuts, retention, checkpoints and images come and go while it is read, far faster than in a night: never a false finding."""
    folder, done = tmp_path / "n", 0
    night = start("atalaya-night", "--dir", folder, "--scale", "small", "--listen", "127.0.0.1:0", "--speed", "max", "--cut-s",
                  "1800", "--package-s", "3600", "--keep-cuts", "10", "--keep-every", "20", "--once", "--quiet")
    trees = [folder / name for name in ("public", "mirror-1/public")]
    wait_for(lambda: all((tree / "latest.json").exists() for tree in trees), 60, night.text)
    while not night.ended():
        for tree in trees:
            seen = run("atalaya-verify", tree)
            assert seen.returncode != 1, seen.stdout
            done += seen.returncode == 0
    assert done > 2 and night.process.returncode == 0, night.text()


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
    assert code == 1 and {"fork", "tile"} <= rules(report)


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


@pytest.mark.parametrize("path", ["enlace.html", "cut/3/enlace", "log/enlace"])
def test_a_link_or_a_pipe_is_foreign(copy, bin_dir, path):
    """Other servers follow links; the foreign page would lie elsewhere."""
    (copy / path).symlink_to("/etc/hostname")
    os.mkfifo(copy / f"{path}-pipe")
    code, report = verify(bin_dir, copy)
    assert code == 1 and {("foreign", path), ("foreign", f"{path}-pipe")} <= {(f["rule"], f["path"]) for f in report["findings"]}


def test_a_named_key_that_is_none_is_a_finding(copy, bin_dir):
    (copy / "log/cut.vkey").write_text("no key\n")
    code, report = verify(bin_dir, copy, "--policy", copy / "log/policy" if (copy / "log/policy").exists() else copy / "log/vkey")
    assert code == 1 and ("signature", "log/cut.vkey") in {(f["rule"], f["path"]) for f in report["findings"]}, report


def test_another_key(copy, bin_dir, tmp_path):
    policy = tmp_path / "policy"
    subprocess.run([bin_dir / "atalaya-key", "--name", "prep.example.mx/ejemplo2027", "--out", tmp_path / "k"], check=True,
                   stdout=subprocess.DEVNULL)
    policy.write_bytes((tmp_path / "k.pub").read_bytes())
    code, report = verify(bin_dir, copy, "--policy", policy)
    assert code == 1 and "checkpoint" in rules(report)


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


def policy_for(clean, tmp_path, *lines):
    file = tmp_path / "policy"
    file.write_text("log " + (clean / "log/vkey").read_text() + "".join(lines or ["quorum none\n"]))
    return file


def test_pinned(clean, bin_dir, tmp_path):
    """The log's key pins all; a file that holds it alone will do."""
    for policy in (policy_for(clean, tmp_path), clean / "log/vkey"):
        code, report = verify(bin_dir, clean, "--policy", policy)
        assert (code, report["verdict"], report["findings"]) == (0, "verified", [])
    done = subprocess.run([bin_dir / "atalaya-verify", clean, "--policy", clean / "log/vkey"], capture_output=True, text=True)
    assert done.stdout.startswith("✓ verificado / verified: ") and done.returncode == 0


def test_quorum(copy, bin_dir, tmp_path):
    witnesses = [Key(f"w{i}.example/w", bytes([i + 1]) * 32, kind=4) for i in range(3)]
    lines = [f"witness w{i} {w.vkey}\n" for i, w in enumerate(witnesses)] + ["group q 2 w0 w1 w2\n", "quorum q\n"]
    policy = policy_for(copy, tmp_path, *lines)
    note = (copy / "log/checkpoint").read_bytes()
    text = note[:note.rindex(b"\n\n") + 1]
    (copy / "log/checkpoint").write_bytes(note + witnesses[0].line(text, 1827000001))
    code, report = verify(bin_dir, copy, "--policy", policy)
    assert code == 1 and rules(report) == {"quorum"} and report["log"]["cosigners"] == 1
    both = note + witnesses[0].line(text, 1827000001) + witnesses[2].line(text, 1827000002)
    (copy / "log/checkpoint").write_bytes(both)
    code, report = verify(bin_dir, copy, "--policy", policy)
    assert (code, report["verdict"], report["log"]["quorum"]) == (0, "verified", True), report
    wrong = Key("w1.example/w", b"\x02" * 32, kind=4).line(text + b"x", 1827000001)
    (copy / "log/checkpoint").write_bytes(both + wrong)
    code, report = verify(bin_dir, copy, "--policy", policy)
    assert code == 1 and "checkpoint" in rules(report)


@pytest.mark.parametrize("path", ["log/checkpoint", "cut/3/manifest", "cut/2/manifest"])
def test_stranger(copy, bin_dir, path):
    note = (copy / path).read_bytes()
    text = note[:note.rindex(b"\n\n") + 1]
    (copy / path).write_bytes(note + Key("extrano.example", b"\x09" * 32).line(text))
    code, report = verify(bin_dir, copy)
    assert code == 1 and ("stranger", path) in {(f["rule"], f["path"]) for f in report["findings"]}, report


LOG_FLIPS = [("log/checkpoint", 3, "checkpoint"), ("log/checkpoint", -60, "checkpoint"), ("log/tile/0/000.p/*", -1, "tile"),
             ("log/cut-2.tlog-proof", -60, "proof"), ("log/cut-2.tlog-proof", 60, "proof"), ("cut/2/index.html", -40, "hash"),
             ("cut/1/index.html.br", -40, "hash"), ("log/tile/entries/000.p/*", 300, "ledger")]


@pytest.mark.parametrize("path, at, rule", LOG_FLIPS, ids=[f"{p}@{a}" for p, a, _ in LOG_FLIPS])
def test_log_bit_flips(copy, bin_dir, path, at, rule):
    file = max(copy.glob(path), key=lambda p: (len(p.name), p.name))
    flip(file, at)
    code, report = verify(bin_dir, copy)
    assert code == 1 and rule in rules(report), report


def test_missing_checkpoint(copy, bin_dir):
    """Somebody who takes the checkpoint away hides nothing, whether the log is pinned or not."""
    (copy / "log/checkpoint").unlink()
    code, report = verify(bin_dir, copy)
    assert code == 1 and "no-checkpoint" in report["notes"]
    code, report = verify(bin_dir, copy, "--policy", copy / "log/vkey")
    assert code == 1 and "checkpoint" in rules(report)


def fork(copy, clean, change):
    """The log rewritten by `change` and signed with the log's own key."""
    key = Key.read(clean.parent / "keys/log.key")
    entries = published(copy)
    change(entries)
    for file in [*(copy / "log/tile").rglob("*")]:
        if file.is_file():
            file.unlink()
    write_log(copy, entries, key)


def test_forked_log(copy, bin_dir, clean):
    """An acta's total is changed and everything is signed anew: the proofs that were given out say so, and the cut."""
    def change(entries):
        at = max(i for i, e in enumerate(entries) if e.startswith(b"prep-acta/v1\n"))
        entries[at] = entries[at].replace(b"\ncentre catd-01\n", b"\ncentre catd-02\n")
    fork(copy, clean, change)
    code, report = verify(bin_dir, copy)
    assert code == 1 and "fork" in rules(report), report
    assert {f["path"] for f in report["findings"] if f["rule"] == "fork"} >= {"log/cut-3.tlog-proof"}


def test_fork_against_what_was_kept(copy, bin_dir, clean, tmp_path):
    """Without any proof in the tree, who kept a checkpoint from before still sees it."""
    def change(entries):
        at = next(i for i, e in enumerate(entries) if e.startswith(b"prep-acta/v1\n"))
        entries[at] = entries[at].replace(b"\ncentre catd-01\n", b"\ncentre catd-02\n")
    for proof in (copy / "log").glob("cut-*.tlog-proof"):
        proof.unlink()
    fork(copy, clean, change)
    assert "fork" not in rules(verify(bin_dir, copy)[1])
    for kept in ("log/checkpoint", "log/cut-2.tlog-proof"):
        code, report = verify(bin_dir, copy, "--seen", clean / kept)
        assert code == 1 and "fork" in rules(report), report
        assert verify(bin_dir, clean, "--seen", clean / kept)[0] == 0


def test_acta_left_out(copy, bin_dir, clean):
    fork(copy, clean, lambda entries: entries.pop(next(i for i, e in enumerate(entries) if e.startswith(b"prep-acta/v1\n"))))
    code, report = verify(bin_dir, copy)
    assert code == 1 and {"fork", "ledger"} <= rules(report), report


def test_two_versions_swapped(copy, bin_dir, clean):
    def change(entries):
        one, other = [i for i, e in enumerate(entries) if e.startswith(b"prep-acta/v1\n")][:2]
        entries[one], entries[other] = entries[other], entries[one]
    fork(copy, clean, change)
    code, report = verify(bin_dir, copy)
    assert code == 1 and "fork" in rules(report), report


def test_total_changed_in_the_cuts_entry(copy, bin_dir, clean):
    def change(entries):
        at = max(i for i, e in enumerate(entries) if e.startswith(b"prep-cut/v1\n"))
        lines = entries[at].split(b"\n")
        where = next(i for i, l in enumerate(lines) if l.startswith(b"figures jg "))
        words = lines[where].split(b" ")
        lines[where] = b" ".join(words[:-1] + [str(int(words[-1]) + 1).encode()])
        entries[at] = b"\n".join(lines)
    fork(copy, clean, change)
    code, report = verify(bin_dir, copy)
    assert code == 1 and "cut" in rules(report), report
    assert any("votes; its entries give" in f["sentence"] for f in report["findings"])


def test_unsigned_entry(copy, bin_dir):
    """An entry that the bundle has and the signed tree has not the same."""
    file = max((copy / "log/tile/entries/000.p").iterdir(), key=lambda p: int(p.name))
    entries = entries_of(file.read_bytes())
    at = max(i for i, e in enumerate(entries) if e.startswith(b"prep-acta/v1\n"))
    entries[at] = entries[at].replace(b"\ncentre catd-01\n", b"\ncentre catd-02\n")
    assert leaf(entries[at]) != leaf(entries[at - 1])
    file.write_bytes(bundle_of(entries))
    code, report = verify(bin_dir, copy)
    assert code == 1 and {"fork", "tile"} <= rules(report), report


@pytest.mark.parametrize("path", ["log/extra", "log/cut-9.tlog-proof", "log/tile/9/000", "cut/2/extra.html", "cut/1/x/y.json"])
def test_foreign_in_the_log_and_in_older_cuts(copy, bin_dir, path):
    (copy / path).parent.mkdir(parents=True, exist_ok=True)
    (copy / path).write_text("foreign")
    code, report = verify(bin_dir, copy)
    assert code == 1 and path in {f["path"] for f in report["findings"] if f["rule"] in ("foreign", "tile")}, report


def test_recount_alone(clean, bin_dir):
    code, report = verify(bin_dir, clean, "--recount")
    assert (code, report["findings"], report["pages"]) == (0, [], 0) and "recount-only" in report["notes"]
    assert report["entries"] == checkpoint_size(clean)


def test_what_cannot_be_examined(bin_dir, tmp_path):
    assert verify(bin_dir, tmp_path / "nowhere")[0] == 2
    assert verify(bin_dir, tmp_path)[0] == 2
    assert subprocess.run([bin_dir / "atalaya-verify"], capture_output=True).returncode == 2
