"""Two verifiers that share no code, atalaya-verify and tests/second/verifier.py, over one small published tree and some thousand
tampered ones: each must be refused by both. What a stranger could do (bits, files, an old cut) and what the keys in wrong
hands could (a forked log, everything signed anew)."""
import base64
import hashlib
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import brotli
import gzip
import pytest

from conftest import REPO, wait_for
from log_kit import Key, leaf, path as merkle_path, published, root, write_log
from night_ledger import Night

sys.path.insert(0, str(REPO / "tests/second"))
import verifier  # noqa: E402

ENTRY_PAGES = ["latest.json", "index.html", "index.html.gz", "index.html.br"]


class World:
    """The clean tree, the state of its root after each cut, both secret keys, and a copy to tamper with."""

    def __init__(self, folder, bin_dir):
        self.bin, self.folder, self.roots = bin_dir, folder, []
        night = Night(folder / "night", bin_dir, bound=True)
        self.clean, self.tree = night.dir / "public", folder / "tree"
        try:
            night.start("--package", "60")
            wait_for(lambda: (self.clean / "latest.json").exists(), say=night.log)
            for at in (0, 60, 120):
                self.roots.append(self.mutable())
                for i in range(8):
                    night.add(at // 6 + i, at=at)
                if at == 60:
                    night.add(1, seed=3, version=2, previous=self.index_of(night, 1), at=at, reason="captura")
                if at == 120:
                    self.old_key = Key.read(night.dir / "keys/cut.key")
                    night.rotate(8)
                    night.ask("close prueba")
                assert night.cut(at).startswith("ok ")
                night.sign()
        finally:
            night.close()
        self.vkey = (self.clean / "log/vkey").read_text().strip()
        (folder / "policy").write_text(f"log {self.vkey}\nquorum none\n")
        self.log_key, self.cut_key = Key.read(night.dir / "keys/log.key"), Key.read(night.dir / "keys/cut.key")
        shutil.copytree(self.clean, self.tree)
        self.files = sorted(p.relative_to(self.tree).as_posix() for p in self.tree.rglob("*") if p.is_file())

    @staticmethod
    def index_of(night, number):
        key = night.election.actas[number]
        name = f"acta {key['station']}{key['form']}\n".encode()
        return next(i for i, e in enumerate(night.ledger.entries) if name in e)

    def mutable(self):
        """What stands at the root with the present cut."""
        names = [p.relative_to(self.clean).as_posix() for p in self.clean.glob("[a-z]*/index.html*")] + ENTRY_PAGES
        return {name: (self.clean / name).read_bytes() for name in names if (self.clean / name).exists()}

    def bytes(self, path):
        return (self.clean / path).read_bytes()

    def says(self):
        """(the first's verdict, the second's): None when all is well."""
        done = subprocess.run([self.bin / "atalaya-verify", self.tree, "--policy", self.folder / "policy", "--wait", "1"],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, 1, 2), done.stderr
        return (done.stdout + done.stderr if done.returncode else None), verifier.verify(self.tree, self.vkey)

    def tampered(self, changes):
        """Both verdicts on the tree with `changes` (path: bytes, or None to take it away), which are then undone."""
        for path, data in changes.items():
            file = self.tree / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)
            if data is not None:
                file.write_bytes(data)
        said = self.says()
        for path in changes:
            (self.tree / path).unlink(missing_ok=True)
            if (self.clean / path).exists():
                shutil.copy(self.clean / path, self.tree / path)
        return said

    def refused_by_both(self, changes, what):
        first, second = self.tampered(changes)
        assert first and second, f"{what}: atalaya-verify says {first!r}, the second verifier {second!r}"


@pytest.fixture(scope="module")
def world(tmp_path_factory, bin_dir):
    return World(tmp_path_factory.mktemp("second"), bin_dir)


def test_clean(world):
    assert world.says() == (None, None)


@pytest.mark.parametrize("part", range(8))
def test_a_bit_in_every_file_of_every_encoding(world, part):
    dice = random.Random(part)
    for path in world.files[part::8]:
        data = bytearray(world.bytes(path))
        at = dice.randrange(len(data))
        data[at] ^= 1 << dice.randrange(8)
        world.refused_by_both({path: bytes(data)}, f"{path}, byte {at}")


def test_files_cut_short_and_made_longer(world):
    dice = random.Random(1)
    for path in dice.sample(world.files, 25):
        data = world.bytes(path)
        world.refused_by_both({path: data[:dice.randrange(len(data))]}, f"{path} cut short")
        world.refused_by_both({path: data + b"\n"}, f"{path} longer")


def needed(path):
    """Old partial tiles may go, and the keys that who pins a policy does not need; everything else is missed."""
    return not re.search(r"\.p/\d+$|^log/(vkey|cut\.vkey|minisign\.pub)$", path)


def test_files_taken_away(world):
    for path in random.Random(2).sample([p for p in world.files if needed(p)], 40):
        world.refused_by_both({path: None}, f"{path} missing")


def test_files_added(world):
    folders = sorted({str(Path(path).parent) for path in world.files})
    for folder in folders:
        for name in ("index.php",):
            if f"{folder}/{name}" not in world.files:
                world.refused_by_both({f"{folder}/{name}": b"<p>otra cosa\n"}, f"{folder}/{name} added")


def test_files_swapped(world):
    dice = random.Random(3)
    tried = 0
    while tried < 30:
        one = dice.choice(world.files)
        other = dice.choice([p for p in world.files if Path(p).suffix == Path(one).suffix])
        if world.bytes(one) != world.bytes(other):
            world.refused_by_both({one: world.bytes(other), other: world.bytes(one)}, f"{one} and {other} swapped")
            tried += 1


def test_an_old_cut_offered_as_new(world):
    for old in world.roots:
        world.refused_by_both(old, "an old cut")
        world.refused_by_both({"latest.json": old["latest.json"]}, "an old pointer")


# With the keys


def whole_log(world, entries):
    """The tree's log written anew over other entries and signed with the log's own key: changes for tampered()."""
    beside = world.folder / "forged"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    write_log(beside, entries, world.log_key)
    changes = {p: None for p in world.files if p.startswith("log/tile/")}
    changes |= {p.relative_to(beside).as_posix(): p.read_bytes() for p in beside.rglob("*") if p.is_file()}
    return changes


def proof_files(world, entries):
    """Every cut's proof file under the checkpoint of these entries."""
    leaves, found = [leaf(entry) for entry in entries], {}
    for index, entry in enumerate(entries):
        if entry.startswith(b"prep-cut/v1\n"):
            lines = ["c2sp.org/tlog-proof@v1", "extra " + base64.b64encode(entry).decode(), f"index {index}"]
            lines += [base64.b64encode(found).decode() for found in merkle_path(index, leaves)]
            number = entry.split(b"\n")[1].split()[1].decode()
            found[f"log/cut-{number}.tlog-proof"] = "\n".join(lines).encode() + b"\n\n" + world.log_key.checkpoint(leaves)
    return found


def actas(entries):
    return [i for i, entry in enumerate(entries) if entry.startswith(b"prep-acta/v1\n")]


def other_vote(entry):
    """One vote more in the first box that has a number."""
    return re.sub(rb"(\nvotes (?:[NISX] )*)(\d+)", lambda m: m[1] + str(int(m[2]) + 1).encode(), entry, count=1)


@pytest.mark.parametrize("proofs", [False, True], ids=["proofs-left", "proofs-too"])
def test_forked_log(world, proofs):
    """History rewritten under the log's own key: an acta altered, left out, two swapped, one said twice."""
    kept = published(world.clean)
    for at in actas(kept):
        for what in (lambda e: e.__setitem__(at, other_vote(e[at])), lambda e: e.pop(at), lambda e: e.insert(at, e[at]),
                     lambda e: e.__setitem__(slice(at - 1, at + 1), [e[at], e[at - 1]])):
            entries = list(kept)
            what(entries)
            if entries != kept:
                changes = whole_log(world, entries) | (proof_files(world, entries) if proofs else {})
                world.refused_by_both(changes, f"entry {at}, a forked log")


def minisigned(world, data, comment):
    """minisign's prehashed signature, with the key id of the file that stands there."""
    old = base64.b64decode(world.bytes("cut/3/manifest.minisig").split(b"\n")[1])
    signature = world.cut_key.key.sign(hashlib.blake2b(data).digest()).signature
    over_both = world.cut_key.key.sign(signature + comment).signature
    return b"\n".join([b"untrusted comment: signature by " + world.cut_key.name.encode(), base64.b64encode(old[:10] + signature), b"trusted comment: " + comment,
                       base64.b64encode(over_both), b""])


def squeezed(path, plain):
    return gzip.compress(plain, mtime=0) if path.endswith(".gz") else brotli.compress(plain)


def signed_anew(world, pages):
    """The last cut with other pages, everything else in step with them: twins, manifest, files-root, entry, log, proofs, pointer."""
    changes = dict(pages)
    for path in world.files:
        if path.endswith((".gz", ".br")) and path[:-3] in pages:
            changes[path] = squeezed(path, pages[path[:-3]])
    note = world.bytes("cut/3/manifest")
    lines = note[:note.rindex(b"\n\n") + 1].decode().splitlines()
    for i, line in enumerate(lines):
        path = line.split(" ", 2)[-1]
        if path in changes:
            lines[i] = f"{hashlib.sha256(changes[path]).hexdigest()} {len(changes[path])} {path}"
    text = ("\n".join(lines) + "\n").encode()
    changes["cut/3/manifest"] = text + b"\n" + world.cut_key.line(text)
    changes["cut/3/manifest.minisig"] = minisigned(world, changes["cut/3/manifest"], b"forged")
    start = next(i for i, line in enumerate(lines) if line.startswith("files "))
    files = lines[start + 1:start + 1 + int(lines[start].split()[1])]
    entries = published(world.clean)
    at = max(i for i, entry in enumerate(entries) if entry.startswith(b"prep-cut/v1\n"))
    digest = hashlib.sha256(text).hexdigest().encode()
    files_root = root([leaf((line + "\n").encode()) for line in files]).hex().encode()
    entries[at] = re.sub(rb"\nmanifest \w+", b"\nmanifest " + digest, entries[at])
    entries[at] = re.sub(rb"\nfiles-root \w+", b"\nfiles-root " + files_root, entries[at])
    changes |= whole_log(world, entries) | proof_files(world, entries)
    changes["latest.json"] = re.sub(rb'(manifest_sha256":")\w+', rb"\g<1>" + digest, world.bytes("latest.json"))
    return changes


def test_everything_signed_anew_is_accepted_when_nothing_else_changed(world):
    """The forger's tools are right: the same pages, signed again, pass; so what the next test sees is the lie alone."""
    world.tampered({})
    assert world.tampered(signed_anew(world, {"cut/3/jg/index.json": world.bytes("cut/3/jg/index.json")})) == (None, None)


def test_a_total_changed_with_its_page(world):
    """The authority itself publishes another figure, page and data alike, and signs it all: the entries say otherwise."""
    for page in [p for p in world.files if re.match(r"cut/3/[a-z]+/[a-z0-9-]+\.json$", p)]:
        data = world.bytes(page)
        votes = re.search(rb'"figures":\{.*?"votes":(\d+)', data)[1]
        if int(votes) > 0:
            html = world.bytes(page[:-5] + ".html")
            shown = f"{int(votes):,}".encode()
            pages = {page: re.sub(rb'("figures":\{.*?"votes":)\d+', rb"\g<1>" + str(int(votes) + 100).encode(), data),
                     page[:-5] + ".html": html.replace(shown, f"{int(votes) + 100:,}".encode())}
            assert pages[page] != data
            world.refused_by_both(signed_anew(world, pages), f"{page}: another total")


# Keys of the cuts: the third cut's is another than that of those before


def manifest_signed(world, number, key):
    """The manifest of a cut as another key signs it, in both forms."""
    path = f"cut/{number}/manifest"
    note = world.bytes(path)
    text = note[:note.rindex(b"\n\n") + 1]
    signed = text + b"\n" + key.line(text)
    comment = b"%s cut %d" % (key.name.encode(), number)
    public = bytes(key.key.verify_key)
    blob = b"ED" + key.id + key.id + key.key.sign(hashlib.blake2b(signed).digest()).signature
    over_both = key.key.sign(blob[10:] + comment).signature
    sig = b"\n".join([b"untrusted comment: signature by " + key.name.encode(), base64.b64encode(blob), b"trusted comment: " + comment,
                      base64.b64encode(over_both), b""])
    pub = f"untrusted comment: minisign public key of {key.name}\n".encode() + base64.b64encode(b"Ed" + key.id + key.id + public) + b"\n"
    shown = {"log/cut.vkey": key.vkey.encode() + b"\n", "log/minisign.pub": pub}
    return {path: signed, path + ".minisig": sig} | (shown if number == 3 else {})


def test_each_cut_by_the_key_of_its_time(world):
    """The clean tree has two keys; the forger's tools are right: signed again by the key that holds, all is well."""
    assert world.old_key.vkey != world.cut_key.vkey
    for number, key in ((1, world.old_key), (2, world.old_key), (3, world.cut_key)):
        assert world.tampered(manifest_signed(world, number, key)) == (None, None)


def test_a_key_after_its_end_and_one_that_nobody_bound(world):
    world.refused_by_both(manifest_signed(world, 3, world.old_key), "the last cut by the key that had ended")
    stranger = Key(world.cut_key.name, b"\x55" * 32)
    for number in (1, 2, 3):
        world.refused_by_both(manifest_signed(world, number, stranger), f"cut {number} by a key that no entry binds")


def test_a_later_key_signs_what_an_earlier_one_left(world):
    """Lost between the entry of a cut and its signature: the next key signs, the log says what."""
    assert world.tampered(manifest_signed(world, 2, world.cut_key)) == (None, None)


def key_entry(vkey, replaces):
    return f"prep-key/v1\nrole cut\nvkey {vkey}\ntime 2027-06-07T00:00:00Z\nreplaces {replaces}\n".encode()


def test_a_key_entry_that_is_not_in_the_log(world):
    """A bundle with another key in it, and the manifest signed by that one; the checkpoint is as it was."""
    stranger = Key(world.cut_key.name, b"\x55" * 32)
    entries = published(world.clean)
    at = max(i for i, e in enumerate(entries) if e.startswith(b"prep-key/v1\n"))
    entries[at] = key_entry(stranger.vkey, re.search(rb"replaces (\S+)", entries[at])[1].decode())
    changes = {p: d for p, d in whole_log(world, entries).items() if p != "log/checkpoint"} | manifest_signed(world, 3, stranger)
    world.refused_by_both(changes, "a key entry that the checkpoint does not cover")


def test_key_entries_where_none_may_stand(world):
    """With the log's own key in the wrong hands: before the definition is whole, twice the same, one that comes back, one that does
    not follow, and one ahead of the policy."""
    kept = published(world.clean)
    cuts = [i for i, e in enumerate(kept) if e.startswith(b"prep-cut/v1\n")]
    first, second = (i for i, e in enumerate(kept) if e.startswith(b"prep-key/v1\nrole cut\n"))
    stranger = Key(world.cut_key.name, b"\x55" * 32)
    note = b"una politica\n\n\xe2\x80\x94 x AAAA\n"
    policy = (f"prep-policy/v1\nversion 1\nsha256 {hashlib.sha256(note).hexdigest()}\n"
              f"note {base64.b64encode(note).decode()}\n").encode()
    cases = {"before the definition": (1, key_entry(stranger.vkey, "-")),
             "a key that comes back": (len(kept), key_entry(world.old_key.vkey, second)),
             "one that does not follow": (len(kept), key_entry(stranger.vkey, first)),
             "of another name": (len(kept), key_entry(Key("otra.mx", b"\x55" * 32).vkey, second)),
             "a key ahead of the policy": (cuts[0], policy)}
    for what, (at, entry) in cases.items():
        entries = kept[:at] + [entry] + kept[at:]
        world.refused_by_both(whole_log(world, entries) | proof_files(world, entries), what)
