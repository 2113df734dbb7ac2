"""A night of night_ledger with the real log over it: atalaya-log makes tiles, checkpoints and proofs of the cuts."""
import base64
import hashlib
import os
import shutil
import struct
import subprocess
from pathlib import Path

from nacl.signing import SigningKey

import oracle
from conftest import wait_for
from night_ledger import SMALL, Night


class LogNight(Night):
    def __init__(self, folder, bin_dir, election=SMALL, env=None, **kwargs):
        """A log is begun before its ledger has entries. `env` is that of all programs."""
        self.env = {**os.environ, **(env or {})}
        (Path(folder) / "keys").mkdir(parents=True, exist_ok=True)
        shutil.copytree(election, Path(folder) / "election")
        subprocess.run([bin_dir / "atalaya-log", "--dir", folder, "--begin"], check=True, capture_output=True, env=self.env)
        super().__init__(folder, bin_dir, election, **kwargs)
        self.log_process = None

    def start(self, *args, **kwargs):
        log = open(self.dir / "run/log.log", "ab")
        self.log_process = subprocess.Popen([self.bin / "atalaya-log", "--dir", self.dir], stderr=log, env=self.env,
                                            **kwargs)
        return super().start(*args, env=self.env, **kwargs)

    def until_proven(self, cut):
        """Waits until the proof of a cut is published, and the checkpoint covers the whole ledger."""
        log, checkpoint = self.dir / "run/log.log", self.dir / "public/log/checkpoint"
        wait_for((self.dir / f"public/log/cut-{cut}.tlog-proof").exists, 20, say=log.read_text)
        wait_for(lambda: int(checkpoint.read_text().split("\n")[1]) == self.ledger.size, 20, say=log.read_text)

    def stop(self):
        super().stop()
        if self.log_process:
            self.log_process.terminate()
            self.log_process.wait(20)
            self.log_process = None


def entries_of(path):
    data, found = path.read_bytes(), []
    while data:
        size = struct.unpack(">H", data[:2])[0]
        found.append(data[2:2 + size])
        data = data[2 + size:]
    return found


def resigned(night, log, entries):
    """A log of these entries whose root is right, signed with the log's own key: what only the authority could make."""
    for path in (log / "tile").rglob("*"):
        if path.is_file():
            path.unlink()
    folder = log / "tile/entries/000.p"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / str(len(entries))).write_bytes(b"".join(struct.pack(">H", len(e)) + e for e in entries))
    root = oracle.tree_root([hashlib.sha256(b"\0" + e).digest() for e in entries])
    key = (night.dir / "keys/log.key").read_text().strip().split("+", 4)
    name, seed = key[2], base64.b64decode(key[4])[1:]
    text = f"{name}\n{len(entries)}\n{base64.b64encode(root).decode()}\n"
    signature = bytes.fromhex(key[3]) + SigningKey(seed).sign(text.encode()).signature
    (log / "checkpoint").write_text(f"{text}\n— {name} {base64.b64encode(signature).decode()}\n")
