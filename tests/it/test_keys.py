"""The ceremony of keys with the real programs, and the two nights nobody wants: the log's key lost, and stolen."""
import base64
import functools
import hashlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import threading

import nacl.exceptions
import nacl.signing
import pytest

from conftest import get, status_of, wait_for

ORIGIN = "prep.ieejemplar.mx/2027"
DRILL = "simulacro.atalaya.example/prep"


def vkey_parts(vkey):
    name, key_id, raw = vkey.strip().split("+", 2)
    raw = base64.b64decode(raw, validate=True)
    assert hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == key_id
    return name, bytes.fromhex(key_id), raw


def signed_by(note, vkey):
    """Does the key's line stand under the note, and is it right? None: there is no such line."""
    name, key_id, raw = vkey_parts(vkey)
    text, lines = note.decode().rsplit("\n\n", 1)
    for line in lines.splitlines():
        dash, who, signature = line.split(" ")
        signature = base64.b64decode(signature)
        if who == name and signature[:4] == key_id:
            try:
                nacl.signing.VerifyKey(raw[1:]).verify((text + "\n").encode(), signature[4:])
                return True
            except nacl.exceptions.BadSignatureError:
                return False
    return None


def ok(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def keys(run, tmp_path):
    """keys("verb", ...) in a folder of its own; keys.make(role, name, file) makes a key there."""

    def call(*words, **more):
        return run("atalaya-keys", *words, cwd=tmp_path, **more)

    def make(role, name, out):
        return ok(call("new", "--role", role, "--name", name, "--out", out)).strip()

    def ceremony(origin=ORIGIN, roots=5, threshold=3):
        make("log", origin, "log.key")
        names = [f"raiz-{i}" for i in range(1, roots + 1)]
        for name in names:
            make("root", f"{origin}/{name}", f"{name}.key")
        ok(call("policy", "--origin", origin, "--log", "log.key.pub=https://prep.ieejemplar.mx/log/", "--threshold", threshold,
                "--out", "policy.1", *[word for name in names for word in ("--root", f"{name}.key.pub")]))

    call.make, call.ceremony, call.dir = make, ceremony, tmp_path
    return call


def test_a_ceremony_of_three_of_five(keys):
    keys.ceremony()
    for name in ("raiz-1", "raiz-4"):
        ok(keys("sign", "policy.1", "--key", f"{name}.key"))
    few = keys("check", "policy.1.note")
    assert few.returncode == 1 and "2 of the 5 root keys" in few.stderr
    again = ok(keys("sign", "policy.1", "--key", "raiz-4.key"))
    assert "ya la había firmado" in again and keys("check", "policy.1.note").returncode == 1
    ok(keys("sign", "policy.1.note", "--key", "raiz-5.key"))
    assert "Vale" in ok(keys("check", "policy.1.note"))
    note = (keys.dir / "policy.1.note").read_bytes()
    signed = [signed_by(note, (keys.dir / f"raiz-{i}.key.pub").read_text()) for i in range(1, 6)]
    assert signed == [True, None, None, True, True]
    # what other programs of tlog-policy read: comments aside, three kinds of lines
    lines = [line.split() for line in note.decode().split("\n\n")[0].splitlines() if not line.startswith("#")]
    assert [line[0] for line in lines] == ["log", "quorum"] and lines[0][2] == "https://prep.ieejemplar.mx/log/"
    shown = ok(keys("show", "policy.1.note"))
    assert "bastan / enough: 3" in shown and "no ha firmado" in shown


def test_the_next_version_needs_old_and_new_roots(keys):
    keys.ceremony(roots=3, threshold=2)
    for i in (1, 2):
        ok(keys("sign", "policy.1", "--key", f"raiz-{i}.key"))
    for i in (4, 5):
        keys.make("root", f"{ORIGIN}/raiz-{i}", f"raiz-{i}.key")
    keys.make("witness", "universidad.mx/w", "w.key")
    ok(keys("policy", "--after", "policy.1.note", "--root", "raiz-3.key.pub", "--root", "raiz-4.key.pub", "--root", "raiz-5.key.pub",
            "--witness", "u=w.key.pub=https://universidad.mx/w/", "--group", "g any u", "--quorum", "g", "--out", "policy.2"))
    walk = lambda: keys("check", "policy.1.note", "policy.2.note")
    for i, says in ((4, "version 1 have signed"), (5, "version 1 have signed"), (1, "version 1 have signed"), (2, None)):
        done = keys("sign", "policy.2", "--key", f"raiz-{i}.key")
        assert ("no es raíz" in ok(done)) == (i < 3)
        done = walk()
        assert done.returncode == (0 if says is None else 1)
        assert says is None or says in done.stderr
    text = (keys.dir / "policy.2").read_text()
    assert f"# previous {hashlib.sha256((keys.dir / 'policy.1').read_bytes()).hexdigest()}\n" in text
    assert "quorum g\n" in text and "log prep.ieejemplar.mx/2027+" in text
    assert vkey_parts((keys.dir / "w.key.pub").read_text())[2][0] == 4
    # a tree that shows both, and one whose second version is another
    tree = keys.dir / "tree/log"
    tree.mkdir(parents=True)
    shutil.copy(keys.dir / "policy.2.note", tree)
    assert "versión 2" in ok(keys("check", "policy.1.note", "--tree", "tree", "--out", "fijada"))
    assert (keys.dir / "fijada").read_text() == text
    forged = (tree / "policy.2.note").read_text().replace("any u", "1 u")
    (tree / "policy.2.note").write_text(forged)
    assert keys("check", "policy.1.note", "--tree", "tree").returncode == 1


def test_drills_and_elections_never_mix(keys, small_election):
    keys.make("log", DRILL, "log.key")
    keys.make("root", f"{DRILL}/raiz-1", "raiz-1.key")
    words = ["--root", "raiz-1.key.pub", "--threshold", "1", "--out", "policy.1"]
    mixed = keys("policy", "--origin", ORIGIN, "--log", "log.key.pub", *words)
    assert mixed.returncode == 1 and "is not of the origin" in mixed.stderr
    ok(keys("policy", "--origin", DRILL, "--log", "log.key.pub", *words))
    text = (keys.dir / "policy.1").read_text()
    assert "# drill yes\n" in text
    (keys.dir / "real").write_text(text.replace("# drill yes", "# drill no"))
    refused = keys("sign", "real", "--key", "raiz-1.key")
    assert refused.returncode == 1 and "the night itself never uses one" in refused.stderr
    # an election's definition with a drill's origin, and the other way round
    ini = small_election / "election/election.ini"
    before = ini.read_text()
    for wrong, says in ((before.replace("drill = yes", "drill = no"), "the night itself never uses one"),
                        (before.replace(DRILL, ORIGIN), "a drill has an origin and keys of its own")):
        ini.write_text(wrong)
        done = keys("drill", "--dir", small_election)
        assert done.returncode in (1, 2) and says in done.stderr
    # an election's own: no root key is born beside its servers
    ini.write_text(before.replace(DRILL, ORIGIN).replace("drill = yes", "drill = no"))
    done = keys("drill", "--dir", small_election)
    assert done.returncode == 1 and "no nacen en su servidor" in done.stderr
    assert not (small_election / "keys/roots").exists()


def test_a_key_that_others_may_read_is_refused(keys):
    keys.ceremony(roots=1, threshold=1)
    (keys.dir / "raiz-1.key").chmod(0o640)
    done = keys("sign", "policy.1", "--key", "raiz-1.key")
    assert done.returncode == 1 and "otros pueden leerla" in done.stderr
    assert not (keys.dir / "policy.1.note").exists()
    made = keys("new", "--role", "root", "--name", "x.mx", "--out", "raiz-1.key")
    assert made.returncode == 2 and "ya existe" in made.stderr


def test_a_passphrase(keys, bin_dir):
    def with_words(words, *args):
        return subprocess.run([str(bin_dir / "atalaya-keys"), *args], input=words, capture_output=True, text=True, timeout=60,
                              cwd=keys.dir)

    keys.make("log", ORIGIN, "log.key")
    ok(with_words("doce palabras\n", "new", "--role", "root", "--name", f"{ORIGIN}/raiz", "--out", "raiz.key", "--passphrase"))
    assert "PRIVATE" not in (keys.dir / "raiz.key").read_text()
    ok(keys("policy", "--origin", ORIGIN, "--log", "log.key.pub", "--root", "raiz.key.pub", "--threshold", "1", "--out", "policy.1"))
    wrong = with_words("otras palabras\n", "sign", "policy.1", "--key", "raiz.key")
    assert wrong.returncode == 1 and "no es la contraseña" in wrong.stderr
    assert with_words("", "sign", "policy.1", "--key", "raiz.key").returncode != 0
    ok(with_words("doce palabras\n", "sign", "policy.1", "--key", "raiz.key"))
    ok(keys("check", "policy.1.note"))


def test_a_mirror_walks_only_over_signed_versions(keys, run, tmp_path):
    keys.ceremony(roots=3, threshold=2)
    for i in (1, 2):
        ok(keys("sign", "policy.1", "--key", f"raiz-{i}.key"))
    keys.make("log", ORIGIN, "otra.key")
    ok(keys("policy", "--after", "policy.1.note", "--log", "otra.key.pub", "--out", "policy.2"))
    ok(keys("sign", "policy.2", "--key", "raiz-2.key"))
    site = tmp_path / "site/log"
    site.mkdir(parents=True)
    shutil.copy(tmp_path / "policy.2.note", site)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site.parent)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        mirror = lambda: run("atalaya-mirror", "--feed", f"http://127.0.0.1:{server.server_port}/", "--vkey", "log.key.pub",
                             "--policy", "policy.1.note", "--dir", "m", "--once", cwd=tmp_path)
        shown = tmp_path / "m/public/log"
        few = mirror()
        assert few.returncode == 1 and "1 of the 3 root keys" in few.stderr
        assert "# version 1\n" in (shown / "policy").read_text() and not (shown / "policy.2").exists()
        ok(keys("sign", "policy.2", "--key", "raiz-3.key"))
        shutil.copy(tmp_path / "policy.2.note", site)
        mirror()
        assert (shown / "policy").read_bytes() == (tmp_path / "policy.2").read_bytes()
        assert (shown / "vkey").read_bytes() == (tmp_path / "otra.key.pub").read_bytes()
        # what it believed stays when the feed has it no more, and a pinned note that is no longer whole is refused
        (site / "policy.2.note").unlink()
        mirror()
        assert (shown / "vkey").read_bytes() == (tmp_path / "otra.key.pub").read_bytes()
        note = (tmp_path / "policy.1.note").read_text()
        (tmp_path / "policy.1.note").write_text(note.replace("threshold 2", "threshold 1"))
        broken = mirror()
        assert broken.returncode == 2 and "does not verify" in broken.stderr
    finally:
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A feed before its first cut."""

    def do_GET(self):
        if self.path == "/latest.json":
            self.send_error(503)
        else:
            super().do_GET()

    def log_message(self, *args):
        pass


# --- nights ---

SMALL = ["--scale", "small", "--listen", "127.0.0.1:0"]


@pytest.fixture
def night(start, tmp_path):
    """A small night under way, with its checkpoints."""
    folder = tmp_path / "n"
    one = start("atalaya-night", "--dir", folder, *SMALL, "--speed", "300")
    one.folder = folder
    wait_for(lambda: (folder / "public/log/checkpoint").exists(), 40, one.text)
    wait_for(lambda: cut_of(folder) >= 1, 40, one.text)
    return one


def cut_of(folder, tree="public"):
    try:
        return json.loads((folder / tree / "latest.json").read_bytes())["cut"]
    except OSError:
        return -1


def checkpoint(folder):
    note = (folder / "public/log/checkpoint").read_bytes()
    origin, size, root = note.decode().split("\n")[:3]
    return note, origin, int(size), base64.b64decode(root)


def leaf(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def tree_root(leaves):
    """RFC 6962, by its definition."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + tree_root(leaves[:k]) + tree_root(leaves[k:])).digest()


def entries(folder):
    """The ledger's whole entries, in order."""
    found = []
    for bundle in sorted((folder / "ledger/entries").rglob("*")):
        data = bundle.read_bytes() if bundle.is_file() else b""
        while len(data) >= 2 and len(data) >= 2 + int.from_bytes(data[:2], "big") > 2:
            size = int.from_bytes(data[:2], "big")
            found.append(data[2:2 + size])
            data = data[2 + size:]
    return found


def field(entry, name):
    return dict(line.split(" ", 1) for line in entry.decode().splitlines()[1:])[name]


def of_type(folder, kind):
    return [(i, e) for i, e in enumerate(entries(folder)) if e.startswith(kind.encode() + b"\n")]


def test_the_opening_binds_the_keys(night):
    folder = night.folder
    first = entries(folder)
    files = sum(e.startswith(b"prep-file/v1\n") for e in first)
    kinds = [e.split(b"\n", 1)[0] for e in first[: files + 4]]
    assert kinds[0] == b"prep-open/v1" and kinds[files + 1:] == [b"prep-policy/v1", b"prep-key/v1", b"prep-key/v1"]
    roles = [(field(e, "role"), field(e, "vkey"), field(e, "replaces")) for _, e in of_type(folder, "prep-key/v1")]
    pub = lambda name: (folder / f"keys/{name}.key.pub").read_text().strip()
    assert roles == [("log", pub("log"), "-"), ("cut", pub("cut"), "-")]
    note = base64.b64decode(field(first[files + 1], "note"))
    assert hashlib.sha256(note).hexdigest() == field(first[files + 1], "sha256")
    assert note == (folder / "public/log/policy.1.note").read_bytes()
    policy = (folder / "public/log/policy").read_text()
    assert f"\nlog {pub('log')}\n" in policy
    assert signed_by(checkpoint(folder)[0], pub("log")) is True
    port = int(json.loads((folder / "public/latest.json").read_bytes()) and results_port(folder))
    for name in ("policy", "policy.1", "policy.1.note", "vkey"):
        status, _, body = get(port, f"/log/{name}")
        assert status == 200 and body == (folder / "public/log" / name).read_bytes(), name
    for name in ("policy.", "policy.x", "policy.1.key", "policy.1.note.note"):
        assert get(port, f"/log/{name}")[0] == 404


def test_evidence_is_a_hash_in_the_ledger(night, run, tmp_path):
    report = tmp_path / "informe.txt"
    report.write_text("21:40 inundación del sitio institucional\n")
    digest = hashlib.sha256(report.read_bytes()).hexdigest()
    out = ok(run("atalaya-evidence", report, "--text", "Ataque de las 21:40", "--dir", night.folder))
    assert out.startswith(digest)
    index, entry = of_type(night.folder, "prep-evidence/v1")[-1]
    assert f"entrada {index};" in out and field(entry, "kind") == "incident-report" and field(entry, "sha256") == digest
    assert int(field(entry, "bytes")) == report.stat().st_size
    assert base64.b64decode(field(entry, "text")).decode() == "Ataque de las 21:40"
    wait_for(lambda: checkpoint(night.folder)[2] > index, 10, "a checkpoint must cover it")
    for wrong in (["--kind", "Un Informe"], ["--text", "dos\nlíneas"], ["--text", "x" * 401]):
        assert run("atalaya-evidence", report, *wrong, "--dir", night.folder).returncode == 2
    report.write_text("")
    assert run("atalaya-evidence", report, "--dir", night.folder).returncode == 2


def results_port(folder):
    lines = (folder / "night.ini").read_text().splitlines()
    at = dict(map(str.strip, line.split("=", 1)) for line in lines if "=" in line and not line.startswith("#"))
    return at["results"].rsplit(":", 1)[1]


def sign_with_roots(keys, folder, version):
    for i in (2, 3):
        ok(keys("sign", version, "--key", folder / f"keys/roots/raiz-{i}.key"))


@pytest.mark.slow
def test_a_lost_log_key(night, keys):
    """docs/runbooks/log-key-lost.md: cuts go on without it; the log goes on with another."""
    folder = night.folder
    (folder / "keys/log.key").unlink()
    wait_for(lambda: status_of(folder / "run/status/log"), 10)
    os.kill(int(status_of(folder / "run/status/log")["pid"]), 15)  # a signer that is asked for its key again has none
    wait_for(lambda: "signer_cannot_start" in (folder / "run/log/log.log").read_text(), 20, night.text)
    stands, origin, size, root = checkpoint(folder)
    before = cut_of(folder)
    wait_for(lambda: cut_of(folder) >= before + 2, 40, "without the log's key the cuts must go on")
    assert checkpoint(folder)[0] == stands

    out = ok(keys("rotate", "log", "--dir", folder))
    vkey = out.splitlines()[0]
    assert vkey_parts(vkey)[0] == origin
    ok(keys("policy", "--after", folder / "keys/policy.note", "--log", folder / "keys/log.key.pub", "--log",
            folder / "keys/log.key.pub.old-1", "--out", "policy.2"))
    sign_with_roots(keys, folder, "policy.2")
    ok(keys("publish", "policy.2.note", "--dir", folder))
    wait_for(lambda: checkpoint(folder)[2] > size, 40, "the log must go on with its new key")

    note, same, grown, new_root = checkpoint(folder)
    assert same == origin and signed_by(note, vkey) is True
    leaves = [leaf(e) for e in entries(folder)[:grown]]
    assert tree_root(leaves[:size]) == root and tree_root(leaves) == new_root
    old, new = of_type(folder, "prep-key/v1")[0], of_type(folder, "prep-key/v1")[-1]
    assert field(new[1], "role") == "log" and field(new[1], "vkey") == vkey and field(new[1], "replaces") == str(old[0])
    assert [field(e, "version") for _, e in of_type(folder, "prep-policy/v1")] == ["1", "2"]
    # whoever pinned version 1 arrives at the new key
    first = folder / "public/log/policy.1.note"
    ok(keys("check", first, "--tree", folder / "public", "--out", "fijada"))
    assert f"\nlog {vkey}\n" in (keys.dir / "fijada").read_text() and "# version 2\n" in (keys.dir / "fijada").read_text()
    assert (folder / "public/log/policy").read_bytes() == (keys.dir / "fijada").read_bytes()
    the_mirrors_go_on(folder)


def the_mirrors_go_on(folder):
    """Both difusores pinned version 1; they walk to version 2 by themselves, publish it, and take new cuts."""
    vkey = (folder / "keys/log.key.pub").read_bytes()
    for name in ("mirror-1", "mirror-2"):
        wait_for(lambda: cut_of(folder, f"{name}/public") >= cut_of(folder) - 1 >= 1, 40, f"{name} does not go on")
        shown = folder / name / "public/log"
        wait_for(lambda: signed_by((shown / "checkpoint").read_bytes(), vkey.decode()) is True, 20, f"{name}: old checkpoint")
        assert (shown / "vkey").read_bytes() == vkey
        for file in ("policy", "policy.1.note", "policy.2", "policy.2.note"):
            assert (shown / file).read_bytes() == (folder / "public/log" / file).read_bytes()


@pytest.mark.slow
def test_a_stolen_log_key(night, keys, bin_dir, run):
    """docs/runbooks/log-key-stolen.md: the log goes on under another origin, and contains the old one whole."""
    folder = night.folder
    good = keys.dir / "bueno"
    old_note, origin, size, root = checkpoint(folder)
    good.write_bytes(old_note)
    out = ok(keys("rotate", "log", "--stolen", "--dir", folder))
    assert "deja de firmar" in out
    vkey = out.splitlines()[1]
    assert vkey_parts(vkey)[0] == origin + "/b"
    # a checkpoint that is not this ledger's is not gone on from
    other = keys.dir / "otro"
    other.write_bytes(old_note.replace(base64.b64encode(root), base64.b64encode(hashlib.sha256(root).digest())))
    refused = run("atalaya-log", "--dir", folder, "--begin", "--continues", other)
    assert refused.returncode == 2 and "not a checkpoint of this ledger" in refused.stdout + refused.stderr
    ok(run("atalaya-log", "--dir", folder, "--begin", "--continues", good))
    again = run("atalaya-log", "--dir", folder, "--begin", "--continues", good)
    assert again.returncode == 2 and "never begun twice" in again.stdout + again.stderr
    ok(keys("policy", "--after", folder / "keys/policy.note", "--log", folder / "keys/log.key.pub", "--continues", good,
            "--out", "policy.2"))
    sign_with_roots(keys, folder, "policy.2")
    assert "vuelve a firmar" in ok(keys("publish", "policy.2.note", "--dir", folder))
    wait_for(lambda: (folder / "public/log/checkpoint").exists() and checkpoint(folder)[2] > size, 40, night.text)

    note, new_origin, grown, new_root = checkpoint(folder)
    assert new_origin == origin + "/b" and signed_by(note, vkey) is True
    old_vkey = (folder / "keys/log.key.old-1").with_name("log.key.pub.old-1").read_text()
    assert signed_by(note, old_vkey) is None
    leaves = [leaf(e) for e in entries(folder)[:grown]]
    assert tree_root(leaves[:size]) == root and tree_root(leaves) == new_root
    second = base64.b64decode(field(of_type(folder, "prep-policy/v1")[-1][1], "note")).decode()
    continues = [line for line in second.splitlines() if line.startswith("# continues ")][0].split(" ", 2)[2]
    assert base64.b64decode(continues) == old_note
    assert (folder / "signer/cut-0.tlog-proof.old-1").exists()
    # shown a moment after the checkpoint that made them, when the copy has them
    proofs = wait_for(lambda: sorted((folder / "public/log").glob("cut-*.tlog-proof")), 20, "no proof under the new log")
    assert all(signed_by(p.read_bytes().split(b"\n\n", 1)[1], vkey) is True for p in proofs)
    # pinned version 1: arrives; pinned only the old key: its signature is not there any more
    ok(keys("check", folder / "public/log/policy.1.note", "--tree", folder / "public"))
    before = cut_of(folder)
    wait_for(lambda: cut_of(folder) > before, 40, "cuts go on")
    the_mirrors_go_on(folder)
    # one that starts anew walks over what it believed before, from the version that it pinned
    for verb in ("stop", "start"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.settimeout(20)
            s.connect(str(folder / "run/night.sock"))
            s.send(f"{verb} mirror-1".encode())
            assert s.recv(4096).startswith(b"ok")
    at = cut_of(folder, "mirror-1/public")
    wait_for(lambda: cut_of(folder, "mirror-1/public") > at, 40, "mirror-1 does not go on after its restart")


@pytest.fixture
def hsm(tmp_path):
    """A token of softhsm2 in a folder of its own: (words for `atalaya keys new`, environment)."""
    module = next((p for p in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
                   if os.path.exists(p)), None)
    if shutil.which("softhsm2-util") is None or module is None:
        pytest.skip("softhsm2 is not installed")
    folder = tmp_path / "hsm"
    (folder / "tokens").mkdir(parents=True)
    (folder / "conf").write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    environment = {"SOFTHSM2_CONF": str(folder / "conf")}
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "prep", "--pin", "4321", "--so-pin", "8765"],
                   env={**os.environ, **environment}, check=True, capture_output=True, timeout=20)
    (folder / "pin").write_text("4321\n")
    (folder / "pin").chmod(0o600)
    words = ["--module", module, "--token", "prep", "--pin", folder / "pin", "--path", folder / "tokens"]
    return words, environment, folder


@pytest.mark.slow
def test_keys_in_a_token(hsm, keys, run, start, tmp_path):
    """Both signers of a night sign with keys that were born in a token and never leave it, from inside their jails."""
    words, environment, place = hsm
    folder = tmp_path / "n"
    ok(run("atalaya-city", "--out", folder, "--scale", "small"))
    (folder / "keys").mkdir(exist_ok=True)
    for role in ("log", "cut"):
        ok(keys("new", "--role", role, "--name", DRILL, "--out", folder / f"keys/{role}.key", "--key", f"clave-{role}", *words,
                env=environment))
        assert "PRIVATE" not in (folder / f"keys/{role}.key").read_text()
    twice = keys("new", "--role", "log", "--name", DRILL, "--out", "otra.key", "--key", "clave-log", *words, env=environment)
    assert twice.returncode == 2 and "already" in twice.stderr
    (place / "mal").write_text("1111")
    (place / "mal").chmod(0o600)
    wrong = [place / "mal" if word == place / "pin" else word for word in words]
    refused = keys("new", "--role", "log", "--name", DRILL, "--out", "otra.key", "--key", "otra", *wrong, env=environment)
    assert refused.returncode == 1 and "does not take the PIN" in refused.stderr

    night = start("atalaya-night", "--dir", folder, *SMALL, "--speed", "300", env=environment)
    wait_for(lambda: (folder / "public/log/checkpoint").exists() and cut_of(folder) >= 1, 60, night.text)
    vkey = {role: (folder / f"keys/{role}.key.pub").read_text() for role in ("log", "cut")}
    assert signed_by(checkpoint(folder)[0], vkey["log"]) is True
    assert signed_by((folder / "public/cut/1/manifest").read_bytes(), vkey["cut"]) is True
    size = checkpoint(folder)[2]
    wait_for(lambda: checkpoint(folder)[2] > size and cut_of(folder) >= 2, 30, night.text)  # again and again, jailed
    assert signed_by(checkpoint(folder)[0], vkey["log"]) is True
    assert not list((folder / "run/log").glob("*KILL*")) and "SIGSYS" not in (folder / "run/log/log.log").read_text()
    assert (folder / "public/cut/1/manifest.minisig").exists()
