"""A centre of our own against the real atalaya-intake: records spelled and signed by an independent implementation, sent
over loopback, and the ledger and store read back. The election is tests/vectors/election/small."""
import base64
import hashlib
import http.client
import json
import shutil
import socket
import sqlite3
import ssl
import struct
import zlib
from pathlib import Path

from nacl.signing import SigningKey

ELECTION = Path(__file__).resolve().parent.parent / "vectors" / "election" / "small"
PATH, TYPE = "/v1/acta", "application/x-prep-submission"


def columns_of(contest):
    lines = (ELECTION / "columns.csv").read_text().splitlines()[1:]
    return sum(line.split(",")[0] == contest for line in lines)


def catalogue(contest="jg"):
    lines = (ELECTION / "actas.csv").read_text().splitlines()[1:]
    return [station + form for station, its, form in (line.split(",") for line in lines) if its == contest]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Centre:
    """A signer of the election: the n-th has the seed n, n, n ... (tests/vectors/election/README.md)."""

    def __init__(self, name="catd-01", seed=1):
        self.name, self.key = name, SigningKey(bytes([seed]) * 32)
        public = b"\x01" + bytes(self.key.verify_key)
        self.id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]

    def sign(self, text):
        signature = base64.b64encode(self.id + self.key.sign(text).signature).decode()
        return text + b"\n" + f"\u2014 {self.name} {signature}\n".encode()


def record(acta="090001B0100A02", contest="jg", version=1, reason="-", votes=None, fields="300 146 4 150 150", image=b"",
           **other):
    """The text of a note; any line may be replaced by name."""
    cells = votes if votes is not None else [100, 50] + [0] * (columns_of(contest) - 2)
    lines = {
        "election": "ejemplo2027", "centre": "catd-01", "acta": acta, "contest": contest, "version": version,
        "reason": reason, "noacta": "-", "fields": fields, "votes": " ".join(map(str, cells)), "transport": "-",
        "image": f"{sha256(image)} {len(image)}" if image else "-", "received": "2026-06-07T02:31:07Z",
        "captured": "2026-06-07T02:40:00Z", "verified": "2026-06-07T02:44:10Z", "origin": "CATD", "means": "ESCANER",
        "document": "ACTA-PREP",
    }
    lines.update(other)
    return "prep-submission/v1\n".encode() + "".join(f"{k} {v}\n" for k, v in lines.items()).encode()


def submission(centre=None, image=b"", **fields):
    centre = centre or Centre()
    return centre.sign(record(image=image, **fields)) + image


def png(seed=0, width=8, height=8):
    """A small valid PNG, another one for each seed."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes((seed + x * y + x) % 256 for x in range(width)) for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
            chunk(b"tEXt", b"seed\0" + str(seed).encode()) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def jpeg(seed=0, width=16, height=16):
    """The structure of a baseline JPEG; the entropy-coded bytes are noise, as nothing decodes them here."""
    def segment(code, data):
        return bytes([0xff, code]) + struct.pack(">H", len(data) + 2) + data

    noise = hashlib.sha256(str(seed).encode()).digest().replace(b"\xff", b"\xff\x00")
    return (b"\xff\xd8" + segment(0xe0, b"JFIF\0\1\1\0\0\1\0\1\0\0") + segment(0xdb, bytes([0] + [1] * 64)) +
            segment(0xc0, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0") +
            segment(0xc4, bytes(17) + b"") + segment(0xda, b"\1\1\0\0\x3f\0") + noise + b"\xff\xd0" + noise +
            b"\xff\xd9")


class Intake:
    """A night's folder and the intake that runs on it."""

    def __init__(self, start, wait_for, folder, args=(), env=None):
        self.begin, self.wait_for, self.dir, self.args, self.env = start, wait_for, Path(folder), list(args), env
        self.tls = "--cert" in self.args
        if not (self.dir / "election").exists():
            shutil.copytree(ELECTION, self.dir / "election")
        self.program, self.port = None, 0

    def start(self, listen="127.0.0.1:0"):
        self.program = self.begin("atalaya-intake", "--dir", self.dir, "--listen", listen, *self.args, env=self.env)
        self.wait_for(lambda: "/v1/acta" in self.program.text() or self.program.ended(), say="it does not listen")
        assert not self.program.ended(), self.program.text()
        self.port = int(self.program.text().split("/v1/acta")[0].rsplit(":", 1)[1])
        self.wait_for(self.ready, say=lambda: self.program.text())
        return self

    def ready(self):
        """The store is open: until then senders wait."""
        try:
            return self.control("size").startswith("ok ")
        except OSError:
            return False

    def stop(self, **how):
        code = self.program.stop(**how)
        text = self.program.text()
        assert "Sanitizer" not in text and "runtime error" not in text, text
        return code

    def connect(self, timeout=10):
        if not self.tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        context = ssl._create_unverified_context()
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=context)

    def socket(self, timeout=10):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def post(self, body, connection=None, headers=None, path=PATH, method="POST"):
        """(status, answer) of one submission; (0, {}) when the connection breaks."""
        own = connection or self.connect()
        try:
            own.request(method, path, body=body, headers={"Content-Type": TYPE, **(headers or {})})
            answer = own.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException):
            own.close()
            return 0, {}
        finally:
            if connection is None:
                own.close()

    def post_until_answered(self, body, seconds=20):
        """Sends again until there is an answer that is not 503, as a centre does."""
        found = self.wait_for(lambda: (lambda a: a if a[0] not in (0, 503) else None)(self.post(body)), seconds)
        return found

    def control(self, request):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.settimeout(10)
            s.connect(str(self.dir / "run" / "intake.sock"))
            s.send(request if isinstance(request, bytes) else request.encode())
            return s.recv(70000).decode()

    def entries(self):
        return ledger(self.dir / "ledger")

    def actas(self):
        """[(index, {line: value})] of the acta entries."""
        return [(i, lines(e)) for i, e in enumerate(self.entries()) if e.startswith(b"prep-acta/v1\n")]

    def events(self):
        """The store's events; the intake must have ended."""
        db = sqlite3.connect(self.dir / "store" / "prep.db")
        try:
            return db.execute("SELECT idx, entry, note FROM event ORDER BY idx").fetchall()
        finally:
            db.close()


def ledger(folder):
    found, number = [], 0
    while True:
        name = f"{number:03d}" if number < 1000 else f"x{number // 1000:03d}/{number % 1000:03d}"
        try:
            data = (Path(folder) / "entries" / name).read_bytes()
        except FileNotFoundError:
            return found
        while len(data) >= 2 and len(data) >= 2 + struct.unpack(">H", data[:2])[0]:
            size = struct.unpack(">H", data[:2])[0]
            found.append(data[2:2 + size])
            data = data[2 + size:]
        number += 1


def lines(entry):
    return dict(line.split(" ", 1) for line in entry.decode().splitlines()[1:])
