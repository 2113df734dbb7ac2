"""A night's folder without its other programs: the definition, a ledger, and a sequencer that a cut can talk to.

The sequencer appends what it is given and answers as docs/formats/night.md says; entries are spelled here as
docs/formats/ledger.md does, independently of the C code."""
import base64
import csv
import hashlib
import os
import shutil
import socket
import struct
import subprocess
import threading
from pathlib import Path

from nacl.signing import SigningKey

from conftest import status_of, wait_for

REPO = Path(__file__).resolve().parent.parent.parent
SMALL = REPO / "tests/vectors/election/small"
FILES = ["election.ini", "areas.csv", "columns.csv", "shares.csv", "candidacies.csv", "stations.csv", "actas.csv",
         "signers.csv"]
OPENING = "2027-06-07T02:00:00Z"


def iso(seconds):
    """A moment, seconds after the small election's opening."""
    import datetime
    at = datetime.datetime(2027, 6, 7, 2, 0, 0) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def ms(seconds):
    import datetime
    return int((datetime.datetime(2027, 6, 7, 2, 0, 0, tzinfo=datetime.timezone.utc).timestamp() + seconds) * 1000)


class Election:
    """What the tests need of a definition."""

    def __init__(self, folder):
        self.folder = Path(folder)
        read = lambda name: list(csv.DictReader(open(self.folder / name, encoding="utf-8")))
        self.columns, self.actas, self.stations = {}, read("actas.csv"), {}
        for row in read("columns.csv"):
            self.columns.setdefault(row["contest"], []).append(row)
        for row in read("stations.csv"):
            self.stations[row["key"]] = row
        self.candidacies = read("candidacies.csv")
        self.area, self.ini = {}, {}
        contest = None
        for line in open(self.folder / "election.ini", encoding="utf-8"):
            line = line.split(";")[0].strip()
            if line.startswith("[contest "):
                contest = line[9:-1]
            elif contest and line.split("=")[0].strip() == "area":
                self.area[contest] = line.split("=")[1].strip()
            elif "=" in line and not contest:
                self.ini[line.split("=")[0].strip()] = line.split("=", 1)[1].strip()
        self.forms = {}

    def there(self, contest, station):
        """The codes of the columns on that station's form."""
        at = (contest, station["district"], station["borough"])
        if at not in self.forms:
            self.forms[at] = self.columns_on(contest, station)
        return self.forms[at]

    def columns_on(self, contest, station):
        kind = self.area[contest]
        number = {"entity": "", "district": station["district"], "borough": station["borough"]}[kind]
        codes = {c["code"] for c in self.columns[contest] if c["kind"] in ("write_in", "null")}
        for c in self.candidacies:
            if c["contest"] == contest and (c["area"] == "*" or kind != "entity" and not number or
                                            c["area"] == f"{kind}:{number}"):
                codes |= set(c["columns"].split("+"))
        return codes

    def digest(self):
        lines = "".join(f"{n} {(self.folder / n).stat().st_size} "
                        f"{hashlib.sha256((self.folder / n).read_bytes()).hexdigest()}\n" for n in FILES)
        return hashlib.sha256(lines.encode()).hexdigest()


class Ledger:
    """DIR/ledger, written as the sequencer does."""

    def __init__(self, folder):
        self.folder = Path(folder) / "entries"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.size = 0
        self.entries = []
        self.load()

    def path(self, bundle):
        assert bundle < 1000
        return self.folder / f"{bundle:03}"

    def load(self):
        bundle = 0
        while self.path(bundle).exists():
            data = self.path(bundle).read_bytes()
            while len(data) >= 2:
                size = struct.unpack(">H", data[:2])[0]
                self.entries.append(data[2:2 + size])
                data = data[2 + size:]
            bundle += 1
        self.size = len(self.entries)

    def append(self, entry):
        data = entry if isinstance(entry, bytes) else entry.encode()
        with open(self.path(self.size // 256), "ab") as out:
            out.write(struct.pack(">H", len(data)) + data)
        self.entries.append(data)
        self.size += 1
        return self.size - 1


def opening(election):
    rows = ["prep-open/v1", f"election {election.ini['id']}", f"origin {election.ini['origin']}", "drill yes",
            "time 2027-06-07T00:00:00Z", f"definition {election.digest()}", "rules " + "0" * 64,
            "programs " + "0" * 64, f"files {len(FILES)}", "state en-ceros"]
    yield "\n".join(rows) + "\n"
    for name in FILES:
        data = (election.folder / name).read_bytes()
        for offset in range(0, len(data), 45000):
            piece = base64.b64encode(data[offset:offset + 45000]).decode()
            yield f"prep-file/v1\nname {name}\nsize {len(data)}\noffset {offset}\nbytes {piece}\n"


def acta(election, number, seed=1, version=1, previous="-", at=600, status=None, computed=None, key=None, stated="-",
         reason="-"):
    """The entry of the catalogue's acta `number`, with figures that follow from `seed`."""
    row = election.actas[number]
    station = election.stations[row["station"]]
    there = election.there(row["contest"], station)
    votes, total = [], 0
    for i, column in enumerate(election.columns[row["contest"]]):
        if column["code"] in there:
            value = (number * 7 + i * 13 + seed * 5) % 17
            votes.append(str(value))
            total += value
        else:
            votes.append("N")
    special = int(station["nominal"]) == 0
    bound = int(station["ballots"] if special else station["nominal"]) + int(station["reps"])
    counted, seen = ("2", "out-of-catalogue") if key else ("1", "-") if total <= bound else ("0", "exceeds")
    image = hashlib.sha256(f"{number} {seed}".encode()).hexdigest()
    rows = ["prep-acta/v1", f"acta {key or row['station'] + row['form']}", f"stated {stated}",
            f"contest {row['contest']}", f"version {version}", f"previous {previous}", "centre catd-01",
            f"reason {reason}", f"status {counted if status is None else status}", f"observations {seen}",
            f"computed {total if computed is None else computed}", "noacta -", f"fields 10 {total} 0 {total} {total}",
            "votes " + " ".join(votes), "transport -", f"image {image} 1000", f"received {iso(at)}",
            f"captured {iso(at + 60)}", f"verified {iso(at + 120)}", "origin CATD", "means ESCANER",
            "document ACTA-PREP", "findings -"]
    return "\n".join(rows) + "\n"


class Night:
    """A folder with a ledger, a sequencer thread, a stepped clock, and an atalaya-cut when it is asked for."""

    def __init__(self, folder, bin_dir, election=SMALL, seed=7, begin=-3600, bound=False):
        """`bound`: the opening names the cuts' key, as a night's does."""
        self.dir, self.bin = Path(folder), Path(bin_dir)
        for name in ("run/status", "keys", "ledger"):
            (self.dir / name).mkdir(parents=True, exist_ok=True)
        if not (self.dir / "election").exists():
            shutil.copytree(election, self.dir / "election")
        self.election = Election(self.dir / "election")
        self.ledger = Ledger(self.dir / "ledger")
        self.refuse = None
        self.lock = threading.Lock()
        if self.ledger.size == 0:
            for entry in opening(self.election):
                self.ledger.append(entry)
        self.set_clock(begin)
        vkey = self.key(seed)
        if bound and self.bound() == "-":
            self.bind(vkey)
        self.cut_process = None
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path = self.dir / "run/intake.sock"
        path.unlink(missing_ok=True)
        self.listener.bind(str(path))
        self.listener.listen(16)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def set_clock(self, seconds):
        self.now = seconds
        data = b"PREPCLK1" + struct.pack("<IIqqq", 2, 0, 0, ms(seconds), ms(seconds)) + bytes(24)
        path = self.dir / "run/clock"
        if path.exists():
            with open(path, "r+b") as out:  # the programs have it mapped
                out.write(data)
        else:
            path.write_bytes(data)

    def bound(self):
        """The index of the newest key of the cuts, as `replaces` writes it."""
        found = [i for i, e in enumerate(self.ledger.entries) if e.startswith(b"prep-key/v1\nrole cut\n")]
        return str(found[-1]) if found else "-"

    def bind(self, vkey):
        return self.ledger.append(f"prep-key/v1\nrole cut\nvkey {vkey}\ntime 2027-06-07T00:00:00Z\nreplaces {self.bound()}\n")

    def rotate(self, seed):
        """Another key of the cuts, as a rotation leaves it: entered, then in its place."""
        path = self.dir / "keys/cut.key"
        path.rename(path.with_name("cut.key.old"))
        with self.lock:
            return self.bind(self.key(seed))

    def key(self, seed):
        path = self.dir / "keys/cut.key"
        raw = bytes([seed]) * 32
        public = bytes(SigningKey(raw).verify_key)
        name = self.election.ini["origin"]
        ident = hashlib.sha256(name.encode() + b"\n\x01" + public).hexdigest()[:8]
        if not path.exists():
            path.with_name("cut.key.pub").write_text(f"{name}+{ident}+{base64.b64encode(bytes([1]) + public).decode()}\n")
            path.write_text(f"PRIVATE+KEY+{name}+{ident}+{base64.b64encode(bytes([1]) + raw).decode()}\n")
            path.chmod(0o600)
        return f"{name}+{ident}+{base64.b64encode(bytes([1]) + public).decode()}"

    def serve(self):
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            with link:
                data = link.recv(70000)
                if data.startswith(b"append\n"):
                    entry = data[7:]
                    with self.lock:
                        if self.refuse:
                            link.send(b"error " + self.refuse.encode())
                        elif self.ledger.entries[-1] == entry:
                            link.send(f"ok {self.ledger.size - 1}".encode())
                        else:
                            link.send(f"ok {self.ledger.append(entry)}".encode())

    def add(self, *args, **kwargs):
        with self.lock:
            return self.ledger.append(acta(self.election, *args, **kwargs))

    def start(self, *args, env=None, **kwargs):
        """Starts atalaya-cut; its log goes to run/cut.log."""
        log = open(self.dir / "run/cut.log", "ab")
        self.cut_process = subprocess.Popen([self.bin / "atalaya-cut", "--dir", self.dir, *args], stderr=log,
                                            env={**os.environ, **(env or {})}, **kwargs)
        return self.cut_process

    def stop(self):
        if self.cut_process:
            self.cut_process.terminate()
            self.cut_process.wait(20)
            self.cut_process = None

    def close(self):
        self.stop()
        self.listener.close()

    def sign(self, seconds=20):
        """Runs atalaya-log until a checkpoint covers the whole ledger (before the opening: what comes before the first acta)
        and every cut in it has its proof."""
        import time
        if not (self.dir / "signer/state").exists():
            self.begin_log()
        public, end = self.dir / "public/log", time.monotonic() + seconds
        actas = [i for i, e in enumerate(self.ledger.entries) if e.startswith(b"prep-acta/v1\n")]
        size = actas[0] if actas and self.now < 0 else self.ledger.size
        cuts = [e.split()[2].decode() for e in self.ledger.entries[:size] if e.startswith(b"prep-cut/v1\n")]
        with open(self.dir / "run/log.log", "ab") as log:
            program = subprocess.Popen([self.bin / "atalaya-log", "--dir", self.dir, "--interval", "20"], stderr=log)
        try:
            while not (self.checkpoint_size() == size and
                       all((public / f"cut-{n}.tlog-proof").exists() for n in cuts)):
                assert time.monotonic() < end and program.poll() is None, (self.dir / "run/log.log").read_text()[-2000:]
                time.sleep(0.01)
        finally:
            program.terminate()
            program.wait(10)

    def begin_log(self):
        """A log is begun before its ledger: here in a folder beside it."""
        before = self.dir / "run/before"
        shutil.copytree(self.dir / "election", before / "election")
        (before / "keys").mkdir()
        subprocess.run([self.bin / "atalaya-log", "--dir", before, "--begin"], check=True, stdout=subprocess.DEVNULL)
        for name in ("keys/log.key", "keys/log.key.pub", "signer/state", "public/log/vkey"):
            (self.dir / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(before / name, self.dir / name)
        shutil.rmtree(before)

    def checkpoint_size(self):
        path = self.dir / "public/log/checkpoint"
        return int(path.read_text().splitlines()[1]) if path.exists() else -1

    def ask(self, request, seconds=60):
        """Asks cut.sock; waits for it to be there."""
        import time
        end = time.monotonic() + seconds
        while True:
            link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            link.settimeout(seconds)
            try:
                link.connect(str(self.dir / "run/cut.sock"))
                link.send(request.encode())
                answer = link.recv(70000).decode()
                if answer:
                    return answer
            except (FileNotFoundError, ConnectionRefusedError, ConnectionResetError, BrokenPipeError):
                pass
            finally:
                link.close()
            if time.monotonic() > end or (self.cut_process and self.cut_process.poll() is not None):
                raise AssertionError("atalaya-cut does not answer: " + self.log())
            time.sleep(0.02)

    def cut(self, seconds):
        """The cut of that moment, on the stepped clock."""
        self.set_clock(seconds)
        return self.ask(f"cut {iso(seconds)}")

    def log(self):
        path = self.dir / "run/cut.log"
        return path.read_text() if path.exists() else ""

    def status(self):
        """What the program says of itself, once it says anything."""
        return wait_for(lambda: status_of(self.dir / "run/status/cut"), say=self.log)


def tree(folder):
    """Every regular file below a folder, with its bytes; what begins with a dot is being made."""
    folder, found = Path(folder), {}
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in names:
            path = Path(at) / name
            found[str(path.relative_to(folder))] = path.read_bytes()
    return dict(sorted(found.items()))
