"""The real atalaya-intake on loopback: what is stored, what is refused and with which sentence."""
import hashlib
import os
import signal
import struct

import pytest

from intake_kit import Centre, Intake, catalogue, columns_of, jpeg, lines, png, record, sha256, submission
from process_kit import roles


@pytest.fixture
def intake(start, wait_for, tmp_path):
    return Intake(start, wait_for, tmp_path / "night").start()


def test_a_record_is_stored_and_published(intake):
    image = jpeg(1)
    status, answer = intake.post(submission(image=image))
    assert status == 201 and answer["result"] == "stored"
    assert answer["acta"] == "090001B0100A02" and answer["version"] == 1 and answer["findings"] == []
    entry = lines(intake.entries()[answer["entry"]])
    assert entry["acta"] == "090001B0100A02" and entry["previous"] == "-" and entry["status"] == "1"
    assert entry["computed"] == "150" and entry["centre"] == "catd-01"
    assert entry["image"] == f"{sha256(image)} {len(image)}"
    assert (intake.dir / "images" / sha256(image)[:2] / f"{sha256(image)}.jpg").read_bytes() == image


def test_the_ledger_opens_with_the_definition(intake):
    entries = intake.entries()
    opening = lines(entries[0])
    assert entries[0].startswith(b"prep-open/v1\n") and opening["state"] == "en-ceros" and opening["files"] == "8"
    import base64
    files = {}
    for entry in entries[1:]:
        piece = lines(entry)
        data = b"" if piece["bytes"] == "-" else base64.b64decode(piece["bytes"])
        assert int(piece["offset"]) == len(files.setdefault(piece["name"], b""))
        files[piece["name"]] += data
    listing = ""
    for name, data in files.items():
        assert data == (intake.dir / "election" / name).read_bytes()
        listing += f"{name} {len(data)} {sha256(data)}\n"
    assert sha256(listing.encode()) == opening["definition"]


def test_sending_twice_changes_nothing(intake):
    body = submission(image=png(3))
    first = intake.post(body)
    again = intake.post(body)
    assert first[0] == 201 and again[0] == 200 and first[1] == again[1]
    assert len(intake.actas()) == 1


def test_twice_on_one_connection_at_once(intake):
    """Pipelined: the second is in the same group as the first."""
    body = submission()
    head = (f"POST /v1/acta HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-prep-submission\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()
    with intake.socket() as s:
        s.sendall((head + body) * 3)
        text = b""
        while text.count(b'"result"') < 3:
            more = s.recv(65536)
            assert more, text
            text += more
    assert text.count(b"HTTP/1.1 201") == 1 and text.count(b"HTTP/1.1 200") == 2
    assert len(intake.actas()) == 1


def test_a_correction_points_back(intake):
    one = intake.post(submission())[1]
    two = intake.post(submission(version=2, reason="cotejo", votes=[7] * columns_of("jg")))
    assert two[0] == 201 and two[1]["version"] == 2
    entry = lines(intake.entries()[two[1]["entry"]])
    assert entry["previous"] == str(one["entry"]) and entry["reason"] == "cotejo"


@pytest.mark.parametrize("version,reason,now", [(1, "-", 1), (3, "cotejo", 1)])
def test_a_version_out_of_turn_is_a_conflict(intake, version, reason, now):
    intake.post(submission())
    status, answer = intake.post(submission(version=version, reason=reason, votes=[1] * columns_of("jg")))
    assert status == 409 and answer["rule"] == "version" and answer["version_now"] == now
    assert len(intake.actas()) == 1


def test_a_correction_of_nothing_is_a_conflict(intake):
    status, answer = intake.post(submission(version=2, reason="cotejo"))
    assert status == 409 and answer["version_now"] == 0


@pytest.mark.parametrize("fields,finding", [
    (dict(acta="099999B0100A02"), "fuera-de-catalogo"),
    (dict(acta="-"), "fuera-de-catalogo"),
    (dict(votes=[900] + [0] * (columns_of("jg") - 1), fields="0 900 0 900 900"), "excede-lista-nominal"),
    (dict(fields="300 146 4 150 151"), "total-asentado-difiere"),
    (dict(received="2026-06-07T03:31:07Z"), "horas-en-desorden"),
    (dict(captured="2096-06-07T02:40:00Z", verified="2096-06-07T02:44:10Z"), "hora-futura"),
])
def test_what_breaks_a_rule_is_stored_with_a_finding(intake, fields, finding):
    status, answer = intake.post(submission(image=jpeg(5), **fields))
    assert status == 201, answer
    entry = lines(intake.entries()[answer["entry"]])
    assert entry["findings"].split(",") == answer["findings"]
    assert finding in answer["findings"]


def test_out_of_catalogue_keeps_the_key_as_written(intake):
    text = record(acta="099999B0100A02")
    status, answer = intake.post(Centre().sign(text))
    assert status == 201 and answer["acta"] == "FC-" + hashlib.sha256(text).hexdigest()[:16]
    entry = lines(intake.entries()[answer["entry"]])
    assert entry["stated"] == "099999B0100A02" and entry["status"] == "2" and "out-of-catalogue" in entry["observations"]


def test_a_key_of_another_contest_is_out_of_catalogue(intake):
    status, answer = intake.post(submission(acta=catalogue("dip")[3], contest="jg"))
    assert status == 201 and answer["acta"].startswith("FC-")


def test_a_repeated_image_is_found(intake):
    image = jpeg(8)
    one = intake.post(submission(acta="090001B0100A02", image=image))[1]
    two = intake.post(submission(acta="090001C0100A02", image=image))[1]
    same = intake.post(submission(acta="090001B0100A02", image=image, version=2, reason="recaptura"))[1]
    assert not any("imagen" in f for f in one["findings"] + same["findings"])
    assert any("imagen" in f for f in two["findings"])


def test_no_acta_is_stored(intake):
    n = columns_of("jg")
    status, answer = intake.post(submission(noacta="not-delivered", fields="X X X X X", votes=["X"] * n, received="-",
                                            captured="-", verified="-", origin="-", means="-", document="-"))
    assert status == 201 and lines(intake.entries()[answer["entry"]])["status"] == "0"


def flipped(body):
    at = body.index(b"\n\n") + 40
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]


BIG_TEXT = record() + b"x" * 20000
REFUSED = {
    "empty": (b"", 400, "malformed"),
    "no note": (b"hello", 400, "malformed"),
    "unsigned": (record() + b"\n", 401, "unsigned"),
    "unknown signer": (submission(Centre("catd-99", 9)), 401, "unsigned"),
    "stolen name": (Centre("catd-01", 9).sign(record()), 401, "unsigned"),
    "changed after signing": (submission().replace(b"votes 100", b"votes 900"), 401, "forged"),
    "another centre's name": (Centre("catd-02", 2).sign(record()), 401, "centre"),
    "note too long": (Centre().sign(BIG_TEXT), 413, "too-big"),
    "another election": (submission(election="otra2027"), 400, "election"),
    "unknown contest": (Centre().sign(record().replace(b"contest jg", b"contest sen")), 400, "contest"),
    "a vote too few": (submission(votes=[1] * (columns_of("jg") - 1)), 400, "votes"),
    "negative vote": (submission(votes=[-1] * columns_of("jg")), 400, "malformed"),
    "not an image": (submission(image=b"GIF89a not an image"), 415, "not-an-image"),
    "image cut short": (submission(image=jpeg(1))[:-3], 415, "image-digest"),
    "image with a tail": (submission(image=jpeg(1) + b"<script>"), 415, "not-an-image"),
    "png with a tail": (submission(image=png(1) + b"PK"), 415, "not-an-image"),
    "png with a wrong checksum": (submission(image=png(1)[:-1] + b"x"), 415, "not-an-image"),
    "image of too many points": (submission(image=jpeg(1, width=60000)), 415, "not-an-image"),
    "image of another digest": (submission(image=jpeg(1))[:-len(jpeg(1))] + jpeg(2), 415, "image-digest"),
    "image missing": (submission(image=jpeg(1))[:-len(jpeg(1))], 422, "image-missing"),
    "image not promised": (submission() + jpeg(1), 422, "image-unpromised"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_sentence(intake, name):
    body, status, rule = REFUSED[name]
    got, answer = intake.post(body)
    assert (got, answer["rule"], answer["result"]) == (status, rule, "refused"), answer
    assert len(answer["sentence"]) > 10 and len(answer["sentence_en"]) > 10 and answer["detail"]
    assert intake.actas() == []
    assert intake.post(submission())[0] == 201  # it goes on


def test_other_paths_and_methods(intake):
    assert intake.post(b"", path="/")[0] == 404
    assert intake.post(None, method="GET")[0] == 405
    with intake.socket() as s:  # HEAD is answered by a head alone
        s.sendall(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = s.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 404 ") and answer.endswith(b"\r\n\r\n") and b"Content-Length: 1" in answer
    assert intake.post(submission(), headers={"Content-Type": "text/plain"})[1]["rule"] == "content-type"
    with intake.socket() as s:
        s.sendall(b"POST /v1/acta HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-prep-submission\r\n\r\n")
        assert b" 411 " in s.recv(4096)
    with intake.socket() as s:
        s.sendall(b"POST /v1/acta HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-prep-submission\r\n"
                  b"Content-Length: 99999999\r\n\r\n")
        assert b" 413 " in s.recv(4096)
    with intake.socket() as s:
        s.sendall(b"POST /v1/acta HTTP/1.1\nHost: x\n\n")
        assert b" 400 " in s.recv(4096)


def test_the_largest_image_passes(intake):
    filler = b"\xff\xe2" + struct.pack(">H", 65000) + bytes(64998)
    image = b"\xff\xd8" + filler * 128 + jpeg(4)[2:]
    assert 8 * 1024 * 1024 - 100000 < len(image) <= 8 * 1024 * 1024
    assert intake.post(submission(image=image))[0] == 201


def test_expect_continue(intake):
    body = submission()
    with intake.socket() as s:
        s.sendall(f"POST /v1/acta HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-prep-submission\r\n"
                  f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        assert s.recv(4096).startswith(b"HTTP/1.1 100 ")
        s.sendall(body)
        assert s.recv(4096).startswith(b"HTTP/1.1 201 ")


def test_a_client_that_finishes_writing_first_is_answered(intake):
    import socket
    body = submission()
    with intake.socket() as s:
        s.sendall(f"POST /v1/acta HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-prep-submission\r\n"
                  f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        s.shutdown(socket.SHUT_WR)
        text = b""
        while True:
            more = s.recv(4096)
            if not more:
                break
            text += more
        assert text.startswith(b"HTTP/1.1 201 ")


def test_a_slow_sender_is_dropped_and_others_are_not(start, wait_for, tmp_path):
    intake = Intake(start, wait_for, tmp_path / "night", ["--patience", "1500"]).start()
    with intake.socket() as slow:
        slow.sendall(b"POST /v1/acta HTTP/1.1\r\nHost: x\r\n")
        assert intake.post(submission())[0] == 201
        assert b" 408 " in slow.recv(4096)
    body = submission(acta="090001C0100A02")
    with intake.socket() as slow:
        slow.sendall(f"POST /v1/acta HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-prep-submission\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:100])
        assert b" 408 " in slow.recv(4096)
    assert len(intake.actas()) == 1


def test_past_the_most_connections_the_slowest_goes(start, wait_for, tmp_path):
    intake = Intake(start, wait_for, tmp_path / "night", ["--connections", "4"]).start()
    idle = [intake.socket() for _ in range(6)]
    wait_for(lambda: intake.post(submission())[0] in (200, 201))
    for s in idle:
        s.close()


def test_status_and_size(intake, wait_for, status_of):
    intake.post(submission(acta="-"))
    intake.post(b"nonsense")
    path = intake.dir / "run" / "status" / "intake"
    wait_for(lambda: status_of(path).get("actas_acknowledged") == "1" and status_of(path).get("refused_malformed") == "1")
    found = status_of(path)
    assert found["state"] == "running" and found["alarm"] == "-" and found["actas_refused"] == "1"
    assert int(found["ledger_size"]) == len(intake.entries()) and found["requests"] == "2"
    assert intake.control("size") == f"ok {len(intake.entries())}"


def test_the_night_is_counted_whole_after_a_restart(intake, wait_for, status_of):
    """What the board calls acknowledged is the night's, not the role's."""
    path = intake.dir / "run" / "status" / "intake"
    for i in range(3):
        assert intake.post(submission(acta=f"X{i}"))[0] == 201
    assert intake.post(submission())[0] == 201
    assert intake.post(submission(version=2, reason="cotejo", votes=[7] * columns_of("jg")))[0] == 201
    wait_for(lambda: status_of(path).get("actas_acknowledged") == "5")
    before = status_of(path)["since"], path.stat().st_mtime
    os.kill(wait_for(lambda: roles(intake.program.pid).get("intake-store")), signal.SIGKILL)
    assert intake.post_until_answered(submission(acta="X0"))[0] == 200
    wait_for(lambda: status_of(path).get("actas_repeated") == "1")
    found = status_of(path)
    assert found["actas_acknowledged"] == "5" and found["corrections"] == "1", before


CUT = """prep-cut/v1
number {number}
time 2027-06-07T02:2{number}:00Z
next -
package -
log-size {size}
previous {previous}
last no
manifest {digest}
state-root {digest}
totals-root {digest}
files-root {digest}
contests 0
"""


def test_the_sequencer_takes_only_what_follows(intake):
    size = len(intake.entries())
    answer = intake.post(submission())[1]

    def cut(number, covered, previous):
        return "append\n" + CUT.format(number=number, size=covered, previous=previous, digest="0" * 64)

    assert intake.control(cut(2, size, "-")).startswith("error ")  # number
    assert intake.control(cut(0, 10 ** 6, "-")).startswith("error ")  # log-size
    first = intake.control(cut(0, size, "-"))
    assert first == f"ok {size + 1}"
    assert intake.control(cut(0, size, "-")) == first  # asked again: the same
    assert intake.control(cut(1, size, "-")).startswith("error ")  # previous
    assert intake.control(cut(1, size + 1, size + 1)) == f"ok {size + 2}"
    review = "append\nprep-review/v1\nacta 090001B0100A02\nentry %d\naction hold\ntime 2027-06-07T02:50:00Z\nreason prueba\n"
    assert intake.control(review % answer["entry"]) == f"ok {size + 3}"
    assert intake.control(review % 0).startswith("error ")
    close = "append\nprep-close/v1\ntime 2027-06-08T02:00:00Z\nreason cierre\n"
    assert intake.control(close).startswith("ok ")
    assert intake.control(close.replace("02:00:00", "02:00:01")).startswith("error ")
    assert intake.control("append\n" + intake.entries()[answer["entry"]].decode()).startswith("error ")
    assert intake.control("append\nprep-close/v1\n").startswith("error ")
    assert intake.control("dance").startswith("error ")


def test_tls(start, wait_for, tmp_path):
    import subprocess
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", cert], check=True, capture_output=True)
    intake = Intake(start, wait_for, tmp_path / "night", ["--cert", cert, "--key", key]).start()
    connection = intake.connect()
    image = jpeg(2) [:-2] + b"\xff\xd9"
    assert intake.post(submission(image=image), connection)[0] == 201
    assert intake.post(submission(image=image), connection)[0] == 200
    with intake.socket() as plain:
        plain.sendall(b"POST /v1/acta HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            assert not plain.recv(4096).startswith(b"HTTP/")
        except ConnectionResetError:
            pass
    connection.close()


def test_usage_and_bad_folders_are_sentences(run, tmp_path):
    for args in ([], ["--dir", tmp_path], ["--dir", tmp_path, "--listen", "127.0.0.1:0"],
                 ["--dir", tmp_path, "--listen", "nowhere"], ["--restore", tmp_path, "--dir", tmp_path / "n"],
                 ["--dir", tmp_path, "--listen", "127.0.0.1:0", "--cert", "x"], ["--patience", "1", "--dir", "x"]):
        ended = run("atalaya-intake", *args)
        assert ended.returncode == 2 and ended.stderr.startswith("atalaya-intake: ")
