"""A synthetic city: the same bytes for a seed, and images that an OCR program can read."""
import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


def make(run, where, *args):
    done = run("atalaya-city", "--out", where, *args)
    assert done.returncode == 0, done.stderr
    return where


def tree(folder):
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_seed_gives_the_same_bytes(run, tmp_path):
    one = make(run, tmp_path / "one", "--scale", "small", "--seed", "5")
    two = make(run, tmp_path / "two", "--scale", "small", "--seed", "5")
    other = make(run, tmp_path / "other", "--scale", "small", "--seed", "6")
    assert tree(one) == tree(two)
    assert tree(one) != tree(other)
    assert all(p.stat().st_mode & 0o777 == 0o600 for p in (one / "keys/centres").iterdir())


def test_the_city_has_its_true_shape(run, tmp_path):
    city = make(run, tmp_path / "city", "--expected", str(tmp_path / "expected.json"), "--json")
    with open(city / "election/actas.csv") as f:
        contests = [row["contest"] for row in csv.DictReader(f)]
    assert (contests.count("jg"), contests.count("dip"), contests.count("alc")) == (13503, 13547, 13491)
    expected = json.loads((tmp_path / "expected.json").read_text())
    for contest in expected["contests"].values():
        assert sum(contest["columns"].values()) == contest["votes"]
        assert 93 <= 100 * contest["captured"] / contest["expected"] <= 95.5


@pytest.mark.parametrize("args", [[], ["--out"], ["--out", "x", "--scale", "huge"], ["--out", "x", "--seed", "-1"],
                                  ["--out", "x", "--images", "2"], ["--out", "x", "--opening", "today"], ["--out", "x", "y"]])
def test_bad_usage_is_refused(run, tmp_path, args):
    done = run("atalaya-city", *args, cwd=tmp_path)
    assert done.returncode == 2 and done.stderr
    assert not list(tmp_path.iterdir())


class Intake(BaseHTTPRequestHandler):
    """Takes submissions as an intake would, checks nothing, keeps all. Refuses the first tries of some."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        with server.lock:
            tries = server.tries[body] = server.tries.get(body, 0) + 1
            number = len(server.tries)
        if tries == 1 and number % 10 == 3:
            return self.close_now()
        if tries == 1 and number % 10 == 7:
            return self.say(503, b'{"result":"refused","rule":"full"}')
        with server.lock:
            server.bodies.append(body)
        return self.say(201, b'{"result":"stored"}')

    def close_now(self):
        self.close_connection = True
        self.connection.close()

    def say(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


@pytest.fixture
def intake():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Intake)
    server.daemon_threads = True
    server.lock, server.tries, server.bodies = threading.Lock(), {}, []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


class Feeder:
    """atalaya-replay, driven as the night's parent does."""

    def __init__(self, bin_dir, city, port, *args):
        self.process = subprocess.Popen([str(bin_dir / "atalaya-replay"), "--dir", str(city), "--intake", f"127.0.0.1:{port}",
                                         "--control", "0", *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)

    def until(self, moment):
        self.process.stdin.write(f"until {moment}\n")
        self.process.stdin.flush()
        words = self.process.stdout.readline().split()
        return dict(zip(words[::2], words[1::2]))

    def end(self):
        self.process.stdin.close()
        return self.process.wait(20)


def split(body):
    """The note's fields and the image of a submission."""
    text = body.split(b"\n\n", 1)[0].decode()
    fields = dict(line.split(" ", 1) for line in text.split("\n")[1:])
    size = 0 if fields["image"] == "-" else int(fields["image"].split()[1])
    return fields, body[len(body) - size:] if size else b""


def test_the_feeder_sends_everything_whatever_happens(bin_dir, run, tmp_path, intake):
    city = make(run, tmp_path / "city", "--scale", "small", "--images", "0")
    feeder = Feeder(bin_dir, city, intake.server_address[1])
    early = feeder.until("2027-06-07T03:00:00Z")
    assert early["done"] == "no" and early["sent"] == early["acknowledged"]
    late = feeder.until("2027-06-08T02:00:00Z")
    assert late["done"] == "yes" and late["refused"] == "0"
    assert feeder.end() == 0
    expected = json.loads((city / "run/expected.json").read_text())
    assert int(late["acknowledged"]) == expected["records"] == len(intake.bodies) == len(set(intake.bodies))
    assert any(tries > 1 for tries in intake.tries.values())
    versions = {}
    for body in intake.bodies:
        fields, _ = split(body)
        if fields["acta"] in versions and fields["acta"] != "-":
            assert int(fields["version"]) == versions[fields["acta"]] + 1
        versions[fields["acta"]] = int(fields["version"])


def read_gray(jpeg):
    """(width, rows) of a JPEG, through libjpeg's own tool."""
    pgm = subprocess.run(["djpeg", "-grayscale", "-pnm"], input=jpeg, capture_output=True, check=True).stdout
    _, size, _, pixels = pgm.split(b"\n", 3)
    width, height = map(int, size.split())
    return [pixels[y * width:(y + 1) * width] for y in range(height)]


def read_boxes(jpeg, rows, digits, where):
    """What tesseract reads in the column of vote boxes."""
    gray = read_gray(jpeg)
    left, top, width, height = 331, 226, 26 * digits + 8, 36 * rows + 6
    part = b"".join(line[left:left + width] for line in gray[top:top + height])
    where.write_bytes(b"P5\n%d %d\n255\n" % (width, height) + part)
    done = subprocess.run(["tesseract", str(where), "-", "--psm", "6", "--dpi", "150", "-c",
                           "tessedit_char_whitelist=0123456789"], capture_output=True, text=True, check=True,
                          env={**os.environ, "OMP_THREAD_LIMIT": "1"})
    return done.stdout.split()


def test_images_can_be_read(bin_dir, run, tmp_path, intake):
    for tool in ("tesseract", "djpeg"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    city = make(run, tmp_path / "city", "--scale", "small", "--images", "1")
    feeder = Feeder(bin_dir, city, intake.server_address[1])
    assert feeder.until("2027-06-08T02:00:00Z")["done"] == "yes"
    feeder.end()
    read = boxes = images = 0
    for body in intake.bodies:
        fields, image = split(body)
        assert not image or hashlib.sha256(image).hexdigest() == fields["image"].split()[0]
        votes = fields["votes"].split()
        plain = all(v.isdigit() and int(v) < 1000 for v in votes) and fields["version"] == "1" and fields["contest"] == "jg"
        if not image or not plain or images == 24:
            continue
        images += 1
        found = read_boxes(image, len(votes), 3, tmp_path / "boxes.pgm")
        boxes += len(votes)
        read += sum(int(a) == int(b) for a, b in zip(found, votes)) if len(found) == len(votes) else 0
    assert images == 24
    assert read >= 0.95 * boxes, f"{read} of {boxes} boxes"


def replay(run, tmp_path, database):
    done = run("atalaya-city", "--out", tmp_path / "replay", "--input", database, "--images", "0",
               "--expected", tmp_path / "expected.json")
    assert done.returncode == 0, done.stderr
    return json.loads((tmp_path / "expected.json").read_text())["contests"]


def test_a_real_tally_is_replayed_whole(run, shared, tmp_path):
    (contest,) = replay(run, tmp_path, shared / "data/cdmx2024/bd-gobierno.csv").values()
    assert contest["votes"] == 5516482 and contest["captured"] == contest["counted"] == 13384


def test_a_real_drill_is_replayed_by_the_rules(run, shared, tmp_path):
    """The rules' figures, which are not the published ones: four actas without a legible figure were counted there."""
    (contest,) = replay(run, tmp_path, shared / "data/simulacro2024/20240512_2120_PREP_GUB_CDMX.zip").values()
    assert (contest["captured"], contest["counted"], contest["not_counted"], contest["no_acta"]) == (13424, 13198, 226, 79)
    assert (contest["votes"], contest["nominal"]) == (9715984, 9875169)


DATABASE = """sep=|
ELECCION DE PRUEBA
07/06/2027 23:00 (UTC-6)

ID_ENTIDAD|DISTRITO_LOCAL|SECCION|ID_CASILLA|TIPO_CASILLA|EXT_CONTIGUA|UBICACION_CASILLA|TIPO_ACTA|SOL|LUNA|MAR|SOL_LUNA|CSP_1|\
NO_REGISTRADAS|NULOS|LISTA_NOMINAL|REPRESENTANTES_PP_CI|OBSERVACIONES|CONTABILIZADA|FECHA_HORA_CAPTURA
09|001|0001|01|B|00|01|A02|10|20|30|5|4|0|1|100|2|--|1|07/06/2027 20:10:00 (UTC-6)
09|001|0001|01|B|00|01|A02|1|1|1|1|1|1|1|100|2|--|1|07/06/2027 20:20:00 (UTC-6)
09|002|0002|01|C|00|02|A02|90|20|30|5|4|0|1|100|2|EXCEDE LISTA NOMINAL|0|07/06/2027 21:10:00 (UTC-6)
09|002|0002|02|C|00|02|A02|ILEGIBLE|20|SIN DATO|5|4|0|1|100|2|ALGUN CAMPO ILEGIBLE O SIN DATO|1|07/06/2027 21:11:00 (UTC-6)
09|002|0003|01|S|00|01|A02E|10|20|30|5|4|0|1|0|0|--|1|07/06/2027 21:12:00 (UTC-6)
09|N/A|N/A|N/A|M|00|01|A01|10|20|30|5|4|0|1|500|0|--|1|07/06/2027 21:13:00 (UTC-6)
09|001|0009|01|B|00|01|A02|SIN ACTA|SIN ACTA|SIN ACTA|SIN ACTA|SIN ACTA|SIN ACTA|SIN ACTA|100|0|SIN ACTA POR CASILLA NO INSTALADA|0|N/A
09|001|9999|01|B|00|01|0|1|1|1|1|1|1|1|0|0|FUERA DE CATALOGO|2|07/06/2027 22:13:00 (UTC-6)
"""


@pytest.mark.parametrize("change", [lambda t: t, lambda t: t.replace("\n", "\r"), lambda t: "\ufeff" + t.replace("\n", "\r\n"),
                                    lambda t: t.replace("sep=|\n", "").replace("|", ",")])
def test_a_database_of_any_dialect(bin_dir, run, tmp_path, intake, change):
    (tmp_path / "base.csv").write_bytes(change(DATABASE).encode())
    (contest,) = replay(run, tmp_path, tmp_path / "base.csv").values()
    assert contest["columns"] == {"SOL": 31, "LUNA": 81, "MAR": 91, "SOL_LUNA": 21, "CSP_1": 17, "NO_REGISTRADAS": 1, "NULOS": 5}
    assert (contest["captured"], contest["counted"], contest["out_of_catalogue"], contest["no_acta"]) == (7, 5, 1, 1)
    with open(tmp_path / "replay/election/candidacies.csv") as f:
        assert [row["columns"] for row in csv.DictReader(f)] == ["SOL+LUNA+SOL_LUNA", "MAR", "CSP_1"]
    feeder = Feeder(bin_dir, tmp_path / "replay", intake.server_address[1])
    assert feeder.until("2027-06-08T02:15:00Z")["sent"] == "1"
    assert feeder.until("2027-06-09T00:00:00Z") == {"sent": "8", "acknowledged": "8", "refused": "0", "done": "yes"}
    assert feeder.end() == 0
    assert len({split(body)[0]["acta"] for body in intake.bodies}) == 8


@pytest.mark.parametrize("text", ["", "nothing\n", "a,b,c\n1,2,3\n", DATABASE.split("\n09")[0] + "\n", "PK\x03\x04 broken"])
def test_what_is_no_database_is_refused(run, tmp_path, text):
    (tmp_path / "base.csv").write_text(text)
    done = run("atalaya-city", "--out", tmp_path / "replay", "--input", tmp_path / "base.csv")
    assert done.returncode == 2 and "atalaya-city: " in done.stderr
    assert not (tmp_path / "replay/election").exists()


def ledger_actas(folder):
    """The acta entries of a night's ledger, as dictionaries, in order."""
    for bundle in sorted((folder / "ledger").rglob("*")):
        if not bundle.is_file():
            continue
        data, at = bundle.read_bytes(), 0
        while at + 2 <= len(data):
            size = int.from_bytes(data[at:at + 2], "big")
            if at + 2 + size > len(data):
                break  # it is being written
            kind, *lines = data[at + 2:at + 2 + size].decode().split("\n")
            at += 2 + size
            if kind == "prep-acta/v1":
                yield dict(line.split(" ", 1) for line in lines if " " in line)


def test_a_real_intake_takes_the_whole_night(bin_dir, run, start, wait_for, tmp_path):
    """Everything is stored, and the ledger's last versions add up to what the feeder said it would send."""
    city = make(run, tmp_path / "city", "--scale", "small", "--images", "0.2")
    intake = start("atalaya-intake", "--dir", city, "--listen", "127.0.0.1:0")
    line = wait_for(lambda: next((x for x in intake.text().splitlines() if "http://" in x), None), 20)
    feeder = Feeder(bin_dir, city, int(line.split(":")[2].split("/")[0]))
    half = feeder.until("2027-06-07T10:00:00Z")
    assert half["sent"] == half["acknowledged"] and half["done"] == "no"
    again = Feeder(bin_dir, city, int(line.split(":")[2].split("/")[0]))
    assert again.until("2027-06-07T10:00:00Z") == half  # the same bytes twice change nothing
    again.end()
    whole = feeder.until("2027-06-08T02:00:00Z")
    assert whole["refused"] == "0" and whole["done"] == "yes" and feeder.end() == 0
    assert intake.stop() == 0
    expected = json.loads((city / "run/expected.json").read_text())
    last, entries = {}, 0
    for acta in ledger_actas(city):
        last[acta["acta"]] = acta
        entries += 1
    assert entries == int(whole["acknowledged"]) == expected["records"]
    for contest, figures in expected["contests"].items():
        actas = [a for a in last.values() if a["contest"] == contest]
        assert sum(a["status"] == "1" for a in actas) == figures["counted"]
        assert sum(a["status"] == "2" for a in actas) == figures["out_of_catalogue"]
        assert sum(int(a["computed"]) for a in actas if a["status"] == "1") == figures["votes"]


def test_an_intake_that_dies_is_waited_for(bin_dir, run, start, wait_for, free_ports, tmp_path):
    """Killed in the middle and started again: nothing is lost, nothing is there twice."""
    city = make(run, tmp_path / "city", "--scale", "small", "--images", "0")
    (port,) = free_ports(1)
    intake = start("atalaya-intake", "--dir", city, "--listen", f"127.0.0.1:{port}")
    wait_for(lambda: "http://" in intake.text(), 20)
    feeder = Feeder(bin_dir, city, port)
    assert feeder.until("2027-06-07T06:00:00Z")["refused"] == "0"
    feeder.process.stdin.write("until 2027-06-08T02:00:00Z\n")
    feeder.process.stdin.flush()
    stored = lambda: sum(1 for _ in ledger_actas(city))
    before = stored()
    wait_for(lambda: stored() > before, 20)
    intake.stop(signal.SIGKILL)
    intake = start("atalaya-intake", "--dir", city, "--listen", f"127.0.0.1:{port}")
    words = feeder.process.stdout.readline().split()
    answer = dict(zip(words[::2], words[1::2]))
    assert answer["done"] == "yes" and answer["refused"] == "0" and feeder.end() == 0
    assert intake.stop() == 0
    actas = [(a["acta"], a["version"]) for a in ledger_actas(city)]
    assert len(actas) == len(set(actas)) == int(answer["acknowledged"]) == 172
