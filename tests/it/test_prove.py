"""atalaya prove: an acta's versions in the signed log, from a folder and from a site, and proof files on their own."""
import base64
import functools
import hashlib
import http.server
import json
import shutil
import subprocess
import threading

import pytest
from nacl.signing import VerifyKey

from conftest import wait_for
from log_kit import Key, leaf, node, path, published, root
from night_ledger import Night

ONCE, TWICE, STILL, OUTSIDE = 3, 5, 30, "FC-0123456789abcdef"


def key_of(night, number):
    row = night.election.actas[number]
    return row["station"] + row["form"]


@pytest.fixture(scope="module")
def night(tmp_path_factory, bin_dir):
    """Two cuts: one acta was corrected twice, one came from outside the catalogue, some are still expected."""
    night = Night(tmp_path_factory.mktemp("prove") / "night", bin_dir)
    try:
        night.start("--package", "3600")
        wait_for(lambda: (night.dir / "public/latest.json").exists(), say=night.log)
        indices = {i: night.add(i) for i in range(12)}
        night.add(0, key=OUTSIDE, stated="090001B0100A02")
        assert night.cut(0).startswith("ok ")
        second = night.add(TWICE, seed=2, version=2, previous=str(indices[TWICE]), reason="cotejo")
        for i in range(12, 20):
            night.add(i)
        night.add(TWICE, seed=3, version=3, previous=str(second), reason="cotejo")
        night.sign()
        assert night.cut(60).startswith("ok ")
        night.sign()
    finally:
        night.close()  # with it goes who makes the package of a cut: the tree stands still when it is copied
    return night


class Site:
    """A plain web server over a tree; remembers what it was asked for."""

    def __init__(self, folder):
        asked = self.asked = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                asked.append(self.path)
                super().do_GET()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def copy(night, tmp_path):
    shutil.copytree(night.dir / "public", tmp_path / "tree")
    return tmp_path / "tree"


@pytest.fixture
def site(copy):
    site = Site(copy)
    yield site
    site.server.shutdown()


@pytest.fixture
def prove(bin_dir):
    def ask(*args):
        done = subprocess.run([bin_dir / "atalaya-prove", *args, "--json"], capture_output=True, text=True)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr
    return ask


def check_by_hand(file, vkey, index=None):
    """A tlog-proof by other means: the entry that it proves."""
    head, note = file.read_bytes().split(b"\n\n", 1)
    lines = head.decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1" and lines[1].startswith("extra ") and lines[2].startswith("index ")
    entry, at = base64.b64decode(lines[1][6:]), int(lines[2][6:])
    text, signatures = note.rsplit(b"\n\n", 1)
    text += b"\n"
    origin, size, want = text.decode().split("\n")[:3]
    blob = base64.b64decode(vkey.strip().split("+", 2)[2])
    signature = base64.b64decode(next(l for l in signatures.decode().split("\n") if l.startswith(f"\u2014 {origin} ")).split(" ")[2])
    VerifyKey(blob[1:]).verify(text, signature[4:])
    found, first, last = leaf(entry), at, int(size) - 1
    for line in lines[3:]:
        sibling = base64.b64decode(line)
        if first & 1 or first == last:
            found = node(sibling, found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = node(found, sibling)
        first, last = first >> 1, last >> 1
    assert last == 0 and base64.b64encode(found).decode() == want and at == (at if index is None else index)
    return entry


def test_from_a_folder(night, prove, bin_dir, tmp_path):
    public = night.dir / "public"
    key, out = key_of(night, TWICE), tmp_path / "acta.tlog-proof"
    code, answer = prove(public, key, "--out", out, "--policy", public / "log/vkey")
    assert (code, answer["answer"], answer["ground"], answer["pinned"]) == (0, "proven", "state-root", True)
    assert [v["version"] for v in answer["versions"]] == [3, 2, 1]
    entries = published(public)
    leaves = [leaf(e) for e in entries]
    for version in answer["versions"]:
        assert version["leaf"] == leaves[version["entry"]].hex()
        assert version["path"] == [base64.b64encode(h).decode() for h in path(version["entry"], leaves)]
    assert answer["checkpoint"]["root"] == root(leaves).hex()
    state = answer["state"]
    assert state["leaf"] == f"prep-state/v1\n{key}\n3\n{answer['versions'][0]['leaf']}\n"
    cut = entries[answer["cut_entry"]].decode()
    assert f"\nstate-root {state['root']}\n" in cut
    entry = check_by_hand(out, (public / "log/vkey").read_text(), answer["versions"][0]["entry"])
    assert entry == entries[answer["versions"][0]["entry"]]
    code, checked = prove("--check", out, "--policy", public / "log/vkey")
    assert (code, checked["acta"], checked["version"], checked["entry"]) == (0, key, 3, answer["versions"][0]["entry"])


def test_in_words(night, bin_dir):
    done = subprocess.run([bin_dir / "atalaya-prove", night.dir, key_of(night, ONCE)], capture_output=True, text=True)
    first = done.stdout.splitlines()[0]
    assert done.returncode == 0 and first.startswith(f"✓ El acta {key_of(night, ONCE)} está en el corte 2 en su versión 1")
    assert "clave no fijada / key not pinned" in done.stdout


@pytest.mark.parametrize("acta", [ONCE, TWICE, OUTSIDE])
def test_from_a_site(night, site, prove, acta):
    """Only what the proof needs is fetched."""
    key = acta if isinstance(acta, str) else key_of(night, acta)
    code, answer = prove(site.url, key)
    assert (code, answer["answer"], answer["ground"]) == (0, "proven", "table"), answer
    assert [v["version"] for v in answer["versions"]] == ([3, 2, 1] if acta == TWICE else [1])
    assert answer["requests"] == len(site.asked) < 25
    assert not any(p.startswith(("/package", "/acta/")) for p in site.asked)
    code, full = prove(site.url, key, "--full")
    assert (code, full["ground"], full["versions"]) == (0, "state-root", answer["versions"])


def test_pending(night, site, prove):
    key = key_of(night, STILL)
    code, answer = prove(night.dir, key)
    assert (code, answer["answer"], answer["ground"], answer["versions"]) == (0, "pending", "state-root", [])
    assert answer["state"]["leaf"] == f"prep-state/v1\n{key}\n0\n-\n"
    code, answer = prove(site.url, key)
    assert (code, answer["answer"], answer["ground"]) == (0, "pending", "table")


def test_what_is_not_there(night, site, prove, tmp_path):
    for where in (night.dir, site.url):
        code, says = prove(where, "099999B0100A02")
        assert code == 2 and "099999B0100A02" in says
    assert prove(night.dir, "../../etc/passwd")[0] == 2
    assert prove(night.dir, "FC-0123456789abcdeX")[0] == 2
    assert prove(tmp_path / "nowhere", "X")[0] == 2
    assert prove("http://127.0.0.1:1/", "X")[0] == 2
    assert prove(night.dir)[0] == 2
    assert prove("--check", tmp_path / "nothing", "--policy", night.dir / "public/log/vkey")[0] == 2
    assert prove("--check", night.dir / "public/log/cut-1.tlog-proof")[0] == 2  # whose it is, a policy must say


def flip(file, at):
    data = bytearray(file.read_bytes())
    data[at % len(data)] ^= 1
    file.write_bytes(data)


def test_tampered(night, copy, site, prove):
    """A tile, a bundle, a table, the pointer, the checkpoint: each is named, from the folder and over the wire."""
    key = key_of(night, ONCE)
    index = prove(copy, key)[1]["versions"][0]["entry"]
    newest = lambda pattern: max(copy.glob(pattern), key=lambda p: int(p.name))
    chunk = next(p for p in copy.glob("chunk/*.html") if f'id="{key}"' in p.read_text() and f"<td>{index}" in p.read_text())
    sibling = 32 * (index ^ 1)
    cases = [(newest("log/tile/0/000.p/*"), sibling, ("copy", "site")), (newest("log/tile/entries/000.p/*"), -300, ("copy",)),
             (chunk, 200, ("site",)), (copy / "cut/2/manifest", 30, ("site",)), (copy / "log/checkpoint", 40, ("copy", "site")),
             (copy / "log/cut-2.tlog-proof", 40, ("copy", "site"))]
    for file, at, where in cases:
        kept = file.read_bytes()
        flip(file, at)
        for place in where:
            code, answer = prove(copy if place == "copy" else site.url, key)
            assert code == 1 and answer["answer"] == "wrong" and answer["sentence"], (file, place, answer)
        file.write_bytes(kept)
    assert prove(copy, key)[0] == 0


def test_a_table_that_lies(night, copy, site, prove):
    """The table says that the acta stands where another one's entry is; manifest and pointer follow it, signed anew."""
    key, other = key_of(night, ONCE), key_of(night, ONCE + 1)
    mine, its = (prove(copy, k)[1]["versions"][0]["entry"] for k in (key, other))
    chunk = next(p for p in copy.glob("chunk/*.html") if f"<td>{mine}</td></tr>" in p.read_text())
    chunk.write_text(chunk.read_text().replace(f"<td>{mine}</td></tr>", f"<td>{its}</td></tr>"))
    signer = Key.read(night.dir / "keys/cut.key")
    text = (copy / "cut/2/manifest").read_bytes().rsplit(b"\n\n", 1)[0] + b"\n"
    lines = text.decode().split("\n")
    where = next(i for i, l in enumerate(lines) if l.endswith(f"chunk/{chunk.name}"))
    data = chunk.read_bytes()
    lines[where] = f"{hashlib.sha256(data).hexdigest()} {len(data)} chunk/{chunk.name}"
    text = "\n".join(lines).encode()
    (copy / "cut/2/manifest").write_bytes(text + b"\n" + signer.line(text))
    pointer = json.loads((copy / "latest.json").read_text())
    pointer["manifest_sha256"] = hashlib.sha256(text).hexdigest()
    (copy / "latest.json").write_text(json.dumps(pointer))
    code, answer = prove(site.url, key)
    assert code == 1 and "latest.json is not what the log's entry" in answer["sentence"], answer
    (copy / "log/cut-2.tlog-proof").unlink()  # and without the entry's proof the table itself does not hold
    code, answer = prove(site.url, key)
    assert code == 1 and f"is not of acta {key}" in answer["sentence"], answer


def test_policies(night, prove, tmp_path):
    public = night.dir / "public"
    policy = tmp_path / "policy"
    stranger, witness = Key("prep.example.mx/ejemplo2027", b"\x09" * 32), Key("w.example/w", b"\x05" * 32, kind=4)
    policy.write_text(f"log {stranger.vkey}\nquorum none\n")
    code, answer = prove(public, key_of(night, ONCE), "--policy", policy)
    assert code == 1 and "no log of the policy has signed it" in answer["sentence"]
    policy.write_text(f"log {(public / 'log/vkey').read_text()}witness w {witness.vkey}\nquorum w\n")
    code, answer = prove(public, key_of(night, ONCE), "--policy", policy)
    assert code == 1 and "quorum is not met" in answer["sentence"]
    assert prove("--check", public / "log/cut-2.tlog-proof", "--policy", policy)[0] == 1
    policy.write_text("nonsense\n")
    assert prove(public, key_of(night, ONCE), "--policy", policy)[0] == 2


def test_the_proof_of_a_cut(night, prove):
    public = night.dir / "public"
    code, checked = prove("--check", public / "log/cut-2.tlog-proof", "--policy", public / "log/vkey")
    digest = hashlib.sha256((public / "log/cut-2.tlog-proof").read_bytes()).digest()[:10]
    letters = base64.b32encode(digest).decode()
    assert (code, checked["cut"]) == (0, 2)
    assert checked["code"] == "-".join(letters[i:i + 4] for i in range(0, 16, 4))


@pytest.mark.sanitize
def test_flipped_bits_of_a_proof(night, prove, bin_dir, tmp_path):
    """No bit of a proof can be turned and still be believed."""
    public, file = night.dir / "public", tmp_path / "p.tlog-proof"
    assert prove(public, key_of(night, ONCE), "--out", file)[0] == 0
    good = file.read_bytes()
    for at in range(0, len(good), 7):
        data = bytearray(good)
        data[at] ^= 1 << at % 8
        file.write_bytes(data)
        done = subprocess.run([bin_dir / "atalaya-prove", "--check", file, "--policy", public / "log/vkey"], capture_output=True)
        assert done.returncode == 1 and done.stdout, at
