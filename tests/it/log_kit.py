"""What a checker and a forger of logs need: trees, notes and proofs of our own making."""
import base64
import hashlib
import struct
from pathlib import Path

from nacl.signing import SigningKey


def checkpoint_size(public):
    try:
        return int((Path(public) / "log/checkpoint").read_text().splitlines()[1])
    except OSError:
        return -1


def leaf(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root(leaves):
    """MTH of RFC 6962."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256().digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:k]), root(leaves[k:]))


def path(index, leaves):
    """PATH of RFC 6962."""
    if len(leaves) <= 1:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if index < k:
        return path(index, leaves[:k]) + [root(leaves[k:])]
    return path(index - k, leaves[k:]) + [root(leaves[:k])]


def entries_of(data):
    found = []
    while data:
        size = struct.unpack(">H", data[:2])[0]
        found.append(data[2:2 + size])
        data = data[2 + size:]
    return found


def bundle_of(entries):
    return b"".join(struct.pack(">H", len(e)) + e for e in entries)


def published(public):
    """The entries that a tree's checkpoint covers (fewer than 1,000 bundles)."""
    size, found = checkpoint_size(public), []
    for bundle in range((size + 255) // 256):
        name = Path(public) / f"log/tile/entries/{bundle:03}"
        width = min(256, size - bundle * 256)
        partial = Path(f"{name}.p/{width}")
        found += entries_of((partial if width < 256 and partial.exists() else name).read_bytes())[:width]
    return found


class Key:
    """A key in Go's private form, or fresh from a seed; signs notes (type 1) and cosigns checkpoints (type 4)."""

    def __init__(self, name, seed, kind=1):
        self.name, self.key, self.kind = name, SigningKey(seed), kind
        public = bytes([kind]) + bytes(self.key.verify_key)
        self.id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(public).decode()}"

    @classmethod
    def read(cls, file):
        _, _, name, _, secret = Path(file).read_text().strip().split("+", 4)
        return cls(name, base64.b64decode(secret)[1:])

    def line(self, text, time=0):
        if self.kind == 1:
            signature = self.key.sign(text).signature
        else:
            signature = struct.pack(">Q", time) + self.key.sign(b"cosignature/v1\ntime %d\n" % time + text).signature
        return f"\u2014 {self.name} {base64.b64encode(self.id + signature).decode()}\n".encode()

    def checkpoint(self, leaves):
        text = f"{self.name}\n{len(leaves)}\n{base64.b64encode(root(leaves)).decode()}\n".encode()
        return text + b"\n" + self.line(text)


def write_log(public, entries, key):
    """Puts a whole log of these entries into a tree: bundles, tiles, checkpoint. What a key in the wrong hands could publish."""
    folder = Path(public) / "log"
    leaves = [leaf(e) for e in entries]
    level, hashes = 0, leaves
    names = {}
    for bundle in range((len(entries) + 255) // 256):
        part = entries[bundle * 256:bundle * 256 + 256]
        names[f"tile/entries/{bundle:03}" + ("" if len(part) == 256 else f".p/{len(part)}")] = bundle_of(part)
    while hashes:
        for tile in range((len(hashes) + 255) // 256):
            part = hashes[tile * 256:tile * 256 + 256]
            names[f"tile/{level}/{tile:03}" + ("" if len(part) == 256 else f".p/{len(part)}")] = b"".join(part)
        hashes = [root(hashes[i:i + 256]) for i in range(0, len(hashes) // 256 * 256, 256)]
        level += 1
    for name, data in names.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "checkpoint").write_bytes(key.checkpoint(leaves))
