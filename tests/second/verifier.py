#!/usr/bin/python3
"""A second verifier of a published tree, written from docs/formats alone: it shares no code with the programs, so that both
being wrong in the same way is unlikely. `verifier.py FOLDER [LOG-VKEY]` prints what it finds; verify() returns it.

It takes nothing on trust but the log's key: checkpoint, tiles and entries; the key that signs cuts, by the log; each cut's manifest,
place in the chain and three roots, with every total recounted; every file in every encoding; what is missing, and what is foreign."""
import base64
import gzip
import hashlib
import json
import re
import struct
import sys
from pathlib import Path

import brotli
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

import rules

HIDDEN = re.compile(r"(.*/)?\.")  # being made: not part of the tree


class Wrong(Exception):
    pass


def need(held, sentence):
    if not held:
        raise Wrong(sentence)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def tree_root(hashes):
    """RFC 6962, by levels: a last node without a sibling goes up as it is."""
    level = list(hashes)
    while len(level) > 1:
        level = [sha(b"\1", *level[i:i + 2]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
    return level[0] if level else sha()


def root_of(leaves):
    return tree_root(sha(b"\0", leaf) for leaf in leaves)


def opened(note, vkey):
    """The text of a signed note whose signature by that key is right; no other line may stand under it."""
    name, key_id, key = re.fullmatch(r"([^+\s]+)\+([0-9a-f]{8})\+(\S+)", vkey.strip()).groups()
    key = base64.b64decode(key, validate=True)
    need(key_id == sha(name.encode(), b"\n", key)[:4].hex() and key[0] == 1, f"{name}: not a verifier key")
    text, _, lines = note.rpartition(b"\n\n")
    need(re.fullmatch(rb"(\xe2\x80\x94 [^ \n]+ [A-Za-z0-9+/=]+\n)+", lines), f"{name}: no signature lines")
    verified = False
    for line in lines.decode().splitlines():
        _, signer, blob = line.split(" ")
        blob = base64.b64decode(blob, validate=True)
        need(signer == name and blob[:4].hex() == key_id, f"{signer}: a signature by an unknown key")
        try:
            VerifyKey(key[1:]).verify(text + b"\n", blob[4:])
            verified = True
        except (BadSignatureError, ValueError):
            raise Wrong(f"{name}: the signature is wrong") from None
    need(verified, f"{name}: not signed")
    return text + b"\n"


class Tree:
    """A folder; remembers which of its files were accounted for."""

    def __init__(self, root):
        self.root, self.known = Path(root), set()

    def read(self, path):
        file = self.root / path
        need(not file.is_symlink() and file.is_file(), f"{path}: missing")
        self.known.add(path)
        return file.read_bytes()

    def foreign(self):
        there = {p.relative_to(self.root).as_posix() for p in self.root.rglob("*") if p.is_symlink() or p.is_file()}
        return sorted(path for path in there - self.known if not HIDDEN.match(path))


def tile_path(level, number, width):
    digits = "%03d" % (number % 1000)
    while number >= 1000:
        number //= 1000
        digits = "x%03d/" % (number % 1000) + digits
    return f"log/tile/{level}/{digits}" + (f".p/{width}" if width < 256 else "")


def read_log(tree, vkey):
    """The entries that the checkpoint speaks of, every tile made again from them."""
    origin, size, root = opened(tree.read("log/checkpoint"), vkey).decode().splitlines()
    need(origin == vkey.split("+")[0], f"a checkpoint of {origin}")
    size, entries = int(size), []
    for number in range(-(-size // 256)):
        width = min(256, size - number * 256)
        data = tree.read(tile_path("entries", number, width))
        while data:
            length, = struct.unpack(">H", data[:2])
            need(len(data) >= 2 + length, f"bundle {number}: torn")
            entries.append(data[2:2 + length])
            data = data[2 + length:]
        need(len(entries) == number * 256 + width, f"bundle {number}: other than {width} entries")
    level, hashes = 0, [sha(b"\0", entry) for entry in entries]
    need(base64.b64encode(tree_root(hashes)).decode() == root, "the entries do not make the checkpoint's root")
    while hashes:
        for number in range(-(-len(hashes) // 256)):
            part = hashes[number * 256:number * 256 + 256]
            need(tree.read(tile_path(level, number, len(part))) == b"".join(part), f"tile {level}/{number}: altered")
        level, hashes = level + 1, [tree_root(hashes[i:i + 256]) for i in range(0, len(hashes) - 255, 256)]
    stale_tiles(tree, entries)
    return entries


def stale_tiles(tree, entries):
    """Partial tiles and bundles of earlier checkpoints must be beginnings of what stands now."""
    for file in (tree.root / "log/tile").rglob("*.p/*"):
        path = file.relative_to(tree.root).as_posix()
        level, digits, width = re.fullmatch(r"log/tile/(\w+)/([x\d/]+)\.p/(\d+)", path).groups()
        first = int(re.sub(r"\D", "", digits)) * 256
        if level == "entries":
            made = b"".join(struct.pack(">H", len(e)) + e for e in entries[first:first + int(width)])
        else:
            below = 256 ** int(level)
            made = b"".join(root_of(entries[i * below:(i + 1) * below]) for i in range(first, first + int(width)))
        need(tree.read(path) == made, f"{path}: not a beginning of what stands now")


def path_of(hashes, index):
    """RFC 6962's PATH: the sibling of the leaf first."""
    if len(hashes) <= 1:
        return []
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    inside, outside = (hashes[:half], hashes[half:]) if index < half else (hashes[half:], hashes[:half])
    return path_of(inside, index % half) + [tree_root(outside)]


def check_proof(tree, path, index, entries, vkey):
    """The tlog-proof of an entry, against the checkpoint within."""
    head, _, checkpoint = tree.read(path).partition(b"\n\n")
    _, size, root = opened(checkpoint, vkey).decode().splitlines()
    hashes = [sha(b"\0", entry) for entry in entries[:int(size)]]
    need(index < len(hashes) == int(size) and base64.b64encode(tree_root(hashes)).decode() == root, f"{path}: another tree")
    lines = ["c2sp.org/tlog-proof@v1", "extra " + base64.b64encode(entries[index]).decode(), f"index {index}"]
    lines += [base64.b64encode(found).decode() for found in path_of(hashes, index)]
    need(head.decode() == "\n".join(lines), f"{path}: does not prove entry {index}")


def check_minisign(tree, path, key, name):
    """minisign's own form of the same signature: prehashed, with a trusted comment."""
    first, blob, trusted, over_both = tree.read(path + ".minisig").decode().splitlines()
    need(first == f"untrusted comment: signature by {name}", f"{path}.minisig: another comment")
    blob = base64.b64decode(blob, validate=True)
    need(blob[:2] == b"ED" and trusted.startswith("trusted comment: "), f"{path}.minisig: another form")
    VerifyKey(key).verify(hashlib.blake2b(tree.read(path)).digest(), blob[10:])
    VerifyKey(key).verify(blob[10:] + trusted[17:].encode(), base64.b64decode(over_both, validate=True))


def public_of(vkey):
    return base64.b64decode(vkey.split("+", 2)[2], validate=True)[1:]


def bound_keys(facts):
    """(index, vkey) of the keys that sign the cuts, in order, as the log binds them (docs/formats/ledger.md, Keys)."""
    keys, cuts, policies, whole = [], 0, 0, 0
    for index, (kind, f) in enumerate(facts):
        if kind == "prep-file/v1":
            whole += int(f["offset"]) + len(base64.b64decode(f["bytes"]) if f["bytes"] != "-" else b"") == int(f["size"])
        elif kind == "prep-key/v1":
            need(whole == int(facts[0][1]["files"]), f"entry {index}: a key before the definition is whole")
            if f["role"] == "cut":
                need(f["replaces"] == (str(keys[-1][0]) if keys else "-"), f"entry {index}: does not replace the newest key")
                need(f["vkey"] not in [vkey for _, vkey in keys], f"entry {index}: a key that has ended comes back")
                need(f["vkey"].split("+")[0] == facts[0][1]["origin"], f"entry {index}: a key of another name")
                keys.append((index, f["vkey"]))
        elif kind == "prep-policy/v1":
            need(policies or cuts or not keys, f"entry {index}: a key stands before the policy")
            policies += 1
        elif kind == "prep-cut/v1":
            need(not keys or int(f["log-size"]) > keys[-1][0], f"entry {index}: the cut does not cover its key")
            cuts += 1
    return keys


def signer_of(tree, keys, index, cut):
    """The key in force at the cut's entry, or a later one that signed what it had left unsigned."""
    name = f"cut/{cut['number']}/manifest"
    line = tree.read(name).rpartition(b"\n\n")[2].decode().splitlines()[0]
    key_id = base64.b64decode(line.split(" ")[2], validate=True)[:4].hex()
    first = max(i for i, (at, _) in enumerate(keys) if at < index)
    found = [vkey for _, vkey in keys[first:] if vkey.split("+")[1] == key_id]
    need(found, f"{name}: signed by a key that the log does not bind for it")
    return found[0]


def check_keys(tree, log_vkey, cut_vkey):
    """The keys that are published are the pinned one and the one that the log binds; minisign's file holds the latter."""
    name, key_id, _ = cut_vkey.split("+", 2)
    blob = base64.b64encode(b"Ed" + bytes.fromhex(key_id) * 2 + public_of(cut_vkey)).decode()
    for path, must in (("log/vkey", log_vkey), ("log/cut.vkey", cut_vkey),
                       ("log/minisign.pub", f"untrusted comment: minisign public key of {name}\n{blob}")):
        need(not (tree.root / path).exists() or tree.read(path).decode() == must + "\n", f"{path}: another key")


def check_policies(tree, policies):
    """Each published version is the log's, whole; the newest stands as log/policy."""
    for policy in policies:
        note, path = base64.b64decode(policy["note"], validate=True), f"log/policy.{policy['version']}"
        text = note[:note.rindex(b"\n\n") + 1]
        need(sha(note).hex() == policy["sha256"], f"policy {policy['version']}: another digest")
        for name, must in [(path, text), (path + ".note", note)] + [("log/policy", text)] * (policy is policies[-1]):
            need(not (tree.root / name).exists() or tree.read(name) == must, f"{name}: altered")


def section(lines, name):
    """The lines of a manifest's section, and what comes after it."""
    word, number = lines[0].split(" ")[:2]
    need(word == name, f"manifest: {name} expected")
    return lines[1:1 + int(number)], lines[1 + int(number):]


def check_file(tree, line):
    digest, size, path = line.split(" ", 2)
    data = tree.read(path)
    if path == "latest.json":
        data = re.sub(rb'("manifest_sha256":")[0-9a-f]{64}', rb"\g<1>" + b"0" * 64, data)
    need(len(data) == int(size) and sha(data).hex() == digest, f"{path}: altered")
    return data


def check_twin(tree, line):
    path = line.split(" ", 2)[2]
    packed = check_file(tree, line)
    plain = gzip.decompress(packed) if path.endswith(".gz") else brotli.decompress(packed)
    need(plain == tree.read(path[:-3]), f"{path}: unpacks to something else")


def check_manifest(tree, cut, previous, vkey, current):
    """Signature, chain, files root; every file of it that has not expired (docs/formats/tree.md). Gives the text's digest."""
    text = opened(tree.read(f"cut/{cut['number']}/manifest"), vkey)
    digest = sha(text).hex()
    need(digest == cut["manifest"], f"cut {cut['number']}: the manifest is not the one in the log")
    lines = text.decode().splitlines()
    need(f"previous-manifest {previous}" in lines, f"cut {cut['number']}: another manifest before it")
    start = next(i for i, line in enumerate(lines) if line.startswith("files "))
    files, rest = section(lines[start:], "files")
    twins, _ = section(rest, "encodings")
    need(root_of((line + "\n").encode() for line in files).hex() == cut["files-root"], f"cut {cut['number']}: files-root")
    mutable = re.compile(r"(latest\.json|index\.html|[^/]+/index\.html)(\.gz|\.br)?$")
    kept = current or (tree.root / f"cut/{cut['number']}/index.html").exists()
    packed = any((tree.root / path).exists() for path in (line.split(" ", 2)[2] for line in files)
                 if path.startswith("package/") and not path.endswith("/SHA256SUMS"))
    for check, listed in ((check_file, files), (check_twin, twins)):
        for line in listed:
            path = line.split(" ", 2)[2]
            sums = path.endswith("/SHA256SUMS") and (tree.root / path).exists()
            stands = (packed or sums) if path.startswith("package/") else kept
            if stands and (current or not mutable.match(path)):
                check(tree, line)
    return digest


def check_cut(election, entries, cut):
    covered = entries[:int(cut["log-size"])]
    records = rules.standing(election, covered)
    order = list(election.actas) + [key for key in records if key not in election.actas]
    state = []
    for key in order:
        record = records.get(key)
        version, leaf = (record["f"]["version"], sha(b"\0", covered[record["index"]]).hex()) if record else ("0", "-")
        state.append(f"prep-state/v1\n{key}\n{version}\n{leaf}\n".encode())
    need(root_of(state).hex() == cut["state-root"], f"cut {cut['number']}: state-root")
    need(root_of(rules.totals_leaves(election, records)).hex() == cut["totals-root"], f"cut {cut['number']}: totals-root")


def check_data(tree, election, entries, cut):
    """The figures in the JSON beside the pages, where the cut's body still stands."""
    covered = entries[:int(cut["log-size"])]
    sums = rules.tally(election, rules.standing(election, covered))
    for (contest, area), found in sums.items():
        name = "index" if area[0] == "entity" else "%s-%02d" % area
        path = f"cut/{cut['number']}/{contest}/{name}.json"
        if election.has_page(contest, area) and (tree.root / path).exists():
            data = json.loads(tree.read(path))
            said = {key.replace("_", "-"): number for key, number in data["figures"].items()}
            for key in rules.COUNTS:
                need(key not in said or said[key] == found[key], f"{path}: {key}")
            for row in data["columns"]:
                said = found[row["code"]] if found["counted"] or area[0] == "entity" else None
                need(row["votes"] == said, f"{path}: {row['code']}")


def check_rows(tree, entries, cut):
    """Each row of the tables of actas names the place in the log of the entry that stands."""
    index = {f["acta"]: i for i, (kind, f) in enumerate(map(rules.fields, entries[:int(cut["log-size"])]))
             if kind == "prep-acta/v1"}
    page = tree.root / f"cut/{cut['number']}/actas.html"
    pages = [page] if page.exists() else sorted((tree.root / f"cut/{cut['number']}").glob("*/actas.html"))
    for chunk in {m for p in pages for m in re.findall(r"chunk/([0-9a-f]{64}\.html)", p.read_text())}:
        for key, row in re.findall(r'<tr id="(\w[\w-]*)"(?: class="\w+")?>(.*?)</tr>', tree.read(f"chunk/{chunk}").decode()):
            at = re.search(r"<td>(\d+)(?: <small>v\d+</small>)?</td>$", row)
            need((int(at[1]) if at else None) == index.get(key), f"chunk/{chunk}: the row of {key}")


def check_images(tree, entries):
    """Images that stand there are what an entry promised; one may still be on its way."""
    for kind, f in map(rules.fields, entries):
        digest, _, size = f.get("image", "-").partition(" ")
        for path in (f"acta/{digest}.jpg", f"acta/{digest}.png"):
            if kind == "prep-acta/v1" and (tree.root / path).exists():
                data = tree.read(path)
                need(len(data) == int(size) and sha(data).hex() == digest, f"{path}: altered")


def next_package(path, named, cut):
    """A package is made beside the cuts; the next one names it."""
    found = re.match(r"package/(\d+)/", path)
    return bool(found) and named < int(found[1]) <= cut


def verify(root, log_vkey=None):
    """The first thing that is wrong, as a sentence; None: all is well."""
    tree = Tree(root)
    try:
        log_vkey = log_vkey or tree.read("log/vkey").decode().strip()
        entries = read_log(tree, log_vkey)
        facts = [rules.fields(entry) for entry in entries]
        keys = bound_keys(facts)
        cuts = [(index, f) for index, (kind, f) in enumerate(facts) if kind == "prep-cut/v1"]
        need(keys and cuts, "the log binds no key for its cuts, or has none")
        check_keys(tree, log_vkey, signer_of(tree, keys, *cuts[-1]))
        election, previous = rules.Election(entries), "-"
        need(election.origin == log_vkey.split("+")[0], f"an election of {election.origin}")
        latest = json.loads(tree.read("latest.json"))
        need(latest["cut"] == int(cuts[-1][1]["number"]), f"cut {latest['cut']} is offered, not the log's last")
        for index, cut in cuts:
            check_cut(election, entries, cut)
            key = signer_of(tree, keys, index, cut)
            previous = check_manifest(tree, cut, previous, key, index == cuts[-1][0])
            check_data(tree, election, entries, cut)
            check_rows(tree, entries, cut)
            check_minisign(tree, f"cut/{cut['number']}/manifest", public_of(key), key.split("+")[0])
            check_proof(tree, f"log/cut-{cut['number']}.tlog-proof", index, entries, log_vkey)
        need(latest["manifest_sha256"] == previous, "latest.json names another manifest")
        notices = [index for index, (kind, _) in enumerate(facts) if kind == "prep-notice/v1"]
        if notices and (tree.root / "log/notice.tlog-proof").exists():
            check_proof(tree, "log/notice.tlog-proof", notices[-1], entries, log_vkey)
        check_policies(tree, [f for kind, f in facts if kind == "prep-policy/v1"])
        check_images(tree, entries[:int(cuts[-1][1]["log-size"])])
        named = (latest["package"] or {"number": -1})["number"]
        foreign = [path for path in tree.foreign() if latest["last"] or not next_package(path, named, latest["cut"])]
        need(not foreign, f"{foreign[:1]}: foreign")
    except (Wrong, BadSignatureError, ValueError, KeyError, IndexError, AttributeError, OSError, brotli.error, EOFError) as error:
        return f"{type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    found = verify(*sys.argv[1:3])
    print(found or "well")
    sys.exit(found is not None)
