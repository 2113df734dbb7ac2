"""A published tree made by hand and signed by an independent implementation (PyNaCl): what mirrors and verifiers are
tested against. It follows docs/formats/tree.md; the pages' contents are of no matter."""
import base64
import hashlib
import json
import struct
from pathlib import Path

from nacl.signing import SigningKey


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Signer:
    def __init__(self, name="prep.example.mx/test", seed=b"\x07" * 32):
        self.name, self.key = name, SigningKey(seed)
        public = b"\x01" + bytes(self.key.verify_key)
        self.id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(public).decode()}"

    def note(self, text):
        signature = base64.b64encode(self.id + self.key.sign(text).signature).decode()
        return text + b"\n" + f"\u2014 {self.name} {signature}\n".encode()


def leaf(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_root(leaves):
    """MTH of RFC 6962."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256().digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return node(tree_root(leaves[:k]), tree_root(leaves[k:]))


def inclusion(index, leaves):
    """PATH of RFC 6962."""
    if len(leaves) <= 1:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if index < k:
        return inclusion(index, leaves[:k]) + [tree_root(leaves[k:])]
    return inclusion(index - k, leaves[k:]) + [tree_root(leaves[:k])]


class Tree:
    """A feed's folder; cut() publishes the next cut into it, and the log that covers its entry."""

    def __init__(self, root, signer=None):
        self.root, self.signer = Path(root), signer or Signer()
        self.log = Signer(seed=b"\x09" * 32)
        self.entries, self.images, self.previous, self.number = [], {}, None, -1
        self.shared, self.held_back = {}, False

    def put(self, path, data):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_name(file.name + "~")  # whole or not at all, as a publisher does it
        beside.write_bytes(data)
        beside.rename(file)

    def add_image(self, data, ending="jpg"):
        name = sha256(data)
        self.put(f"acta/{name}.{ending}", data)
        self.entries.append(f"prep-acta/v1\nacta 090001B0100A02\nimage {name} {len(data)}\nfindings -\n".encode())
        return name

    def bundle(self, number, size):
        part = self.entries[number * 256:min(size, number * 256 + 256)]
        return b"".join(struct.pack(">H", len(e)) + e for e in part)

    def checkpoint(self, leaves):
        return self.log.note(f"{self.log.name}\n{len(leaves)}\n{base64.b64encode(tree_root(leaves)).decode()}\n".encode())

    def publish_log(self):
        """Bundles, tiles and, last, the checkpoint of all entries (fewer than 65,536); proofs of cuts that have none."""
        size, leaves = len(self.entries), [leaf(e) for e in self.entries]
        level = leaves
        for number in range((size + 255) // 256):
            width = min(256, size - number * 256)
            part = "" if width == 256 else f".p/{width}"
            self.put(f"log/tile/entries/{number:03d}{part}", self.bundle(number, size))
        for name in (0, 1):
            for number in range((len(level) + 255) // 256):
                tile = level[number * 256:number * 256 + 256]
                self.put(f"log/tile/{name}/{number:03d}" + ("" if len(tile) == 256 else f".p/{len(tile)}"), b"".join(tile))
            level = [tree_root(level[i:i + 256]) for i in range(0, len(level) // 256 * 256, 256)]
        checkpoint = self.checkpoint(leaves)
        self.put("log/checkpoint", checkpoint)
        for index, entry in enumerate(self.entries):
            if entry.startswith(b"prep-cut/v1\n"):
                name = f"log/cut-{entry.split()[2].decode()}.tlog-proof"
                if not (self.root / name).exists():
                    hashes = b"".join(base64.b64encode(h) + b"\n" for h in inclusion(index, leaves))
                    self.put(name, b"c2sp.org/tlog-proof@v1\nextra " + base64.b64encode(entry) +
                             f"\nindex {index}\n".encode() + hashes + b"\n" + checkpoint)

    def cut(self, pages=None, chunks=(), foreign=None, twins=None, alter=None, log=True, wrong={}, **pointer):
        """Publishes cut `number`+1. `pages` are files below cut/{n}/; `foreign` are extra manifest files; `twins` are
        the encodings, "index.html.gz" and the like; `alter` changes the manifest's text before it is signed; `wrong` are
        files that are written otherwise than the manifest has them, each with what makes it wrong; without `log` the cut is
        shown before any checkpoint covers its entry."""
        self.number += 1
        n = self.number
        time = f"2027-06-07T{2 + n // 60:02d}:{n % 60:02d}:00Z"
        files = {f"cut/{n}/{k}": v for k, v in (pages or {"index.html": f"<p>corte {n}".encode()}).items()}
        files |= {f"chunk/{sha256(c)}.html": c for c in chunks}
        files |= {"index.html": f"<p>portada del corte {n}".encode()}
        files |= foreign or {}
        latest = {"format": 1, "cut": n, "path": f"cut/{n}/", "time": time, "next": None, "last": False, "drill": True,
                  "log_size": len(self.entries), "manifest_sha256": "0" * 64, "package": None,
                  "contests": {"jg": {"expected": 10, "captured": n, "counted": n, "votes": 100 * n}}}
        latest |= pointer
        zeroed = json.dumps(latest, separators=(",", ":")).encode()
        named = files | {"latest.json": zeroed}
        lines = [f"{sha256(v)} {len(v)} {k}" for k, v in sorted(named.items())]
        twin_lines = [f"{sha256(v)} {len(v)} {k}" for k, v in sorted((twins or {}).items())]
        text = "\n".join(["prep-manifest/v1", "origin " + self.signer.name, f"cut {n}", "time " + time,
                          f"log-size {len(self.entries)}", "previous-manifest " + (self.previous or "-"),
                          f"files {len(lines)}", *lines, f"encodings {len(twin_lines)} -", *twin_lines, ""]).encode()
        text = alter(text) if alter else text
        self.previous = sha256(text)
        self.entries.append(f"prep-cut/v1\nnumber {n}\ntime {time}\nmanifest {self.previous}\n".encode())
        for path, data in (files | (twins or {})).items():
            if not path.startswith(".."):
                self.put(path, wrong.get(path, lambda right: right)(data))
        self.put(f"cut/{n}/manifest", self.signer.note(text))
        self.put("latest.json", wrong.get("latest.json", lambda right: right)(zeroed.replace(b"0" * 64, self.previous.encode())))
        if log and not self.held_back:
            self.publish_log()
        return n
