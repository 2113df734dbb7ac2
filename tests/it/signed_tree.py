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


class Tree:
    """A feed's folder; cut() publishes the next cut into it."""

    def __init__(self, root, signer=None):
        self.root, self.signer = Path(root), signer or Signer()
        self.entries, self.images, self.previous, self.number, self.covered = [], {}, None, -1, 0
        self.shared = {}

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

    def log_files(self):
        size, files = len(self.entries), {}
        for number in range(self.covered // 256, (size + 255) // 256):
            whole = (number + 1) * 256 <= size
            name = f"log/tile/entries/{number:03d}" + ("" if whole else f".p/{size % 256}")
            files[name] = self.bundle(number, size)
        return files

    def cut(self, pages=None, chunks=(), foreign=None, twins=None, **pointer):
        """Publishes cut `number`+1. `pages` are files below cut/{n}/; `foreign` are extra manifest files; `twins` are
        the encodings, "index.html.gz" and the like."""
        self.number += 1
        n = self.number
        time = f"2027-06-07T{2 + n // 60:02d}:{n % 60:02d}:00Z"
        self.entries.append(f"prep-cut/v1\nnumber {n}\n".encode())
        files = {f"cut/{n}/{k}": v for k, v in (pages or {"index.html": f"<p>corte {n}".encode()}).items()}
        files |= {f"chunk/{sha256(c)}.html": c for c in chunks}
        files |= {"index.html": f"<p>portada del corte {n}".encode()}
        files |= self.log_files() | (foreign or {})
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
        self.previous = sha256(text)
        self.covered = len(self.entries)
        for path, data in (files | (twins or {})).items():
            if not path.startswith(".."):
                self.put(path, data)
        self.put(f"cut/{n}/manifest", self.signer.note(text))
        self.put("latest.json", zeroed.replace(b"0" * 64, self.previous.encode()))
        return n
