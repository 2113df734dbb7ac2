"""TLS at the edge, over real sockets: versions, names, kinds of keys, tickets, a certificate that changes under load, a role that
alone holds the key, and what handshakes that never end cost."""
import datetime
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from process_kit import name_of
from test_edge import PAGE, edge, tree  # noqa: F401


def certificate(folder, name, host, kind="ec"):
    """A self-signed pair of files: (cert, key)."""
    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime(2026, 1, 1)
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=20000))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), False).sign(key, hashes.SHA256()))
    cert_path, key_path = folder / f"{name}.crt", folder / f"{name}.key"
    for path, data in ((cert_path, made.public_bytes(serialization.Encoding.PEM)),
                       (key_path, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                    serialization.NoEncryption()))):
        new = path.with_suffix(".new")
        new.write_bytes(data)
        new.rename(path)
    return cert_path, key_path


def client(**more):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(more.pop("alpn", ["http/1.1"]))
    for key, value in more.items():
        setattr(context, key, value)
    return context


def dial(port, context=None, host="resultados.example", session=None):
    raw = socket.create_connection(("127.0.0.1", port), timeout=10)
    return (context or client()).wrap_socket(raw, server_hostname=host, session=session)


def ask(s, path="/", extra=""):
    s.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n{extra}\r\n".encode())
    return answer(s)


def answer(s):
    data = b""
    while b"\r\n\r\n" not in data:
        more = s.recv(65536)
        if not more:
            return data, b""
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
    while len(body) < length:
        body += s.recv(65536)
    return head, body


@pytest.fixture
def safe(edge, tree, tmp_path):  # noqa: F811
    """An edge with TLS: the running site, with .tls_port."""

    def begin(*args, certs=None):
        pairs = certs or [certificate(tmp_path, "one", "resultados.example")]
        flags = [word for cert, key in pairs for word in ("--cert", cert, "--key", key)]
        site = edge(tree, "--tls-listen", "127.0.0.1:0", *flags, *args)
        site.until_cut(0)
        if "--workers" in args:  # one may have taken the cut up a moment before the other: all of many connections
            site.until(lambda: all(b'"cut":0,' in site.get("/latest.json")[2] for _ in range(16)))
        site.tls_port = int(site.until(lambda: re.search(r"tls port (\d+)", site.running.text()))[1])
        return site

    return begin


def test_strict_transport_security_is_the_operators(safe, tree, run):  # noqa: F811
    tree.cut({"index.html": PAGE})
    for rule, line in (("max-age=60; includeSubDomains", b"\r\nStrict-Transport-Security: max-age=60; includeSubDomains\r\n"),
                       ("off", None)):
        site = safe("--hsts", rule)
        with dial(site.tls_port) as s:
            head = ask(s)[0]
            assert b" 200 OK" in head and (line in head + b"\r\n" if line else b"Strict-Transport" not in head)
    for wrong in ("", "max-age=", "max-age=1x", "max-age=60;includeSubDomains", "max-age=60; preload", "max-age=1\r\nX: y"):
        done = run("atalaya-edge", "--listen", "127.0.0.1:0", "--tree", tree.root, "--role", "results", "--name", "uno", "--vkey",
                   tree.signer.vkey, "--hsts", wrong)
        assert done.returncode == 2 and "--hsts" in done.stderr


@pytest.mark.sanitize
def test_http_over_tls(safe, tree):  # noqa: F811
    big = os.urandom(300_000)
    tree.cut({"index.html": PAGE, "big.bin": big}, foreign={"package/0/todo.zip": big}, package={
        "number": 0, "path": "package/0/", "time": "2027-06-07T02:00:00Z"})
    site = safe()
    with dial(site.tls_port) as s:
        head, body = ask(s)
        assert b" 200 OK" in head and body == b"<p>portada del corte 0"
        assert b"Strict-Transport-Security: max-age=31536000" in head
        assert s.version() == "TLSv1.3" and s.selected_alpn_protocol() == "http/1.1"
        assert s.cipher()[0] == "TLS_AES_128_GCM_SHA256"
        assert ask(s, "/cut/0/big.bin")[1] == big and ask(s, "/package/0/todo.zip")[1] == big
        s.sendall(b"GET /cut/0/ HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
        data = b""
        while data.count(PAGE) < 20:
            assert (more := s.recv(65536))
            data += more
        assert data.count(b"HTTP/1.1 200 OK") == 20
    assert "strict-transport-security" not in site.get("/")[1], "never in clear"
    old = client(maximum_version=ssl.TLSVersion.TLSv1_2)
    with dial(site.tls_port, old) as s:
        assert s.version() == "TLSv1.2" and b" 200 OK" in ask(s)[0]
    with pytest.raises((ssl.SSLError, OSError)):
        dial(site.tls_port, client(alpn=["spdy/1"]))
    site.until(lambda: site.count("refused_tls") >= 1)


def test_slow_reader_over_tls_gets_every_byte(safe, tree):  # noqa: F811
    big = os.urandom(3_000_000)
    tree.cut({"big.bin": big})
    site = safe()
    with dial(site.tls_port) as s:
        s.sendall(b"GET /cut/0/big.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        data = b""
        while more := s.recv(7001):
            data += more
        assert data.split(b"\r\n\r\n", 1)[1] == big


def test_names_and_kinds_of_keys(safe, tree, tmp_path):  # noqa: F811
    tree.cut({"index.html": PAGE})
    pairs = [certificate(tmp_path, "a", "resultados.example"), certificate(tmp_path, "b", "resultados.example", "rsa"),
             certificate(tmp_path, "c", "instituto.example")]
    site = safe(certs=pairs)
    der = [ssl.PEM_cert_to_DER_cert(cert.read_text()) for cert, _ in pairs]
    for host, sent in (("resultados.example", 0), ("instituto.example", 2), ("nadie.example", 0)):
        with dial(site.tls_port, host=host) as s:
            assert s.getpeercert(True) == der[sent] and b" 200 OK" in ask(s)[0]
    rsa_only = client(maximum_version=ssl.TLSVersion.TLSv1_2)
    rsa_only.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    with dial(site.tls_port, rsa_only) as s:
        assert s.getpeercert(True) == der[1] and b" 200 OK" in ask(s)[0]


def test_tickets_resume_without_a_signature(safe, tree):  # noqa: F811
    tree.cut({"index.html": PAGE})
    site = safe("--workers", "2")
    for n, context in enumerate((client(), client(maximum_version=ssl.TLSVersion.TLSv1_2)), 1):
        with dial(site.tls_port, context) as s:
            ask(s)
            session = s.session
        # this round's handshake, not only the one before: the counts are written now and then
        signed = site.until(lambda n=n: site.count("tls_full") >= n and site.count("tls_signed"))
        for _ in range(8):  # whichever worker gets it
            with dial(site.tls_port, context, session=session) as s:
                assert b" 200 OK" in ask(s)[0] and s.session_reused
                session = s.session
        site.until(lambda n=n: site.count("tls_resumed") >= 8 * n)
        assert site.count("tls_signed") == signed


def test_a_new_certificate_is_taken_up_without_dropping_a_connection(safe, tree, tmp_path):  # noqa: F811
    tree.cut({"index.html": PAGE})
    site = safe()
    kept = dial(site.tls_port)
    before = kept.getpeercert(True)
    failures, served, over = [], [0], threading.Event()

    def load():
        while not over.is_set():
            try:
                with dial(site.tls_port) as s:
                    served[0] += b" 200 OK" in ask(s)[0]
            except OSError as wrong:
                failures.append(wrong)

    thread = threading.Thread(target=load)
    thread.start()
    try:
        certificate(tmp_path, "one", "resultados.example")
        new = ssl.PEM_cert_to_DER_cert((tmp_path / "one.crt").read_text())

        def taken_up():
            with dial(site.tls_port) as s:
                return s.getpeercert(True) == new

        site.until(taken_up)
        (tmp_path / "one.crt").write_text("no es un certificado")  # the old one goes on
        site.until(lambda: "certificates_refused" in site.running.text())
        assert taken_up()
        site.until(lambda: served[0] > 5)
    finally:
        over.set()
        thread.join()
    assert not failures
    assert kept.getpeercert(True) == before and b" 200 OK" in ask(kept)[0]


def test_the_key_is_in_one_role_alone(safe, tree, tmp_path):  # noqa: F811
    tree.cut({"index.html": PAGE})
    cert, key = certificate(tmp_path, "both", "resultados.example")
    cert.write_text(cert.read_text() + key.read_text())  # even when a file holds both
    site = safe("--workers", "2", certs=[(cert, key)])
    with dial(site.tls_port) as s:
        ask(s)
    numbers = serialization.load_pem_private_key(key.read_bytes(), None).private_numbers()
    secret = numbers.private_value.to_bytes(32, "big")
    pem = key.read_bytes().splitlines()[1]
    holders = set()
    for pid in [site.running.pid, *site.children()]:
        name = name_of(pid)
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                low, high = (int(x, 16) for x in line.split()[0].split("-"))
                if " rw" not in line and " r-" not in line or high - low > 64 << 20 or "[v" in line:
                    continue
                try:
                    memory.seek(low)
                    data = memory.read(high - low)
                except OSError:
                    continue
                if secret in data or secret[::-1] in data or pem in data:
                    holders.add(name)
    assert holders == {"edge-keys"}


def test_handshakes_that_never_end_are_ended(safe, tree):  # noqa: F811
    tree.cut({"index.html": PAGE})
    site = safe("--handshake-ms", "3000", "--first-ms", "3000")
    start = time.monotonic()
    hello = bytes.fromhex("1603010200")
    half = [socket.create_connection(("127.0.0.1", site.tls_port)) for _ in range(50)]
    for s in half:
        s.sendall(hello)
    silent = [socket.create_connection(("127.0.0.1", site.tls_port)) for _ in range(50)]
    with dial(site.tls_port) as s:
        assert b" 200 OK" in ask(s)[0]
    assert time.monotonic() - start < 3, "others do not wait until these are ended"
    site.until(lambda: site.count("timeout_handshake") == 50)
    refused = site.count("refused_tls")
    site.until(lambda: site.count("timeout_idle") >= 50)
    for s in half + silent:
        s.close()
    wrong = socket.create_connection(("127.0.0.1", site.tls_port), timeout=5)
    wrong.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    while wrong.recv(100):
        pass
    site.until(lambda: site.count("refused_tls") == refused + 1)


def test_the_keys_role_comes_back(safe, tree):  # noqa: F811
    tree.cut({"index.html": PAGE})
    site = safe()
    os.kill(site.role("edge-keys"), signal.SIGKILL)

    def serves():
        try:
            with dial(site.tls_port) as s:
                return b" 200 OK" in ask(s)[0]
        except OSError:
            return False

    site.until(lambda: site.count("restarts") == 1)
    site.until(serves)


@pytest.mark.sanitize
def test_no_edge_begins_without_a_pair_that_does(tree, run, tmp_path):  # noqa: F811
    """One sentence that names the file, and an end: not a server whose handshakes fail for a reason that stands in a log."""
    cert, key = certificate(tmp_path, "one", "resultados.example")
    _, other = certificate(tmp_path, "two", "resultados.example")
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("no certificate")
    words = ["--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--tree", tree.root, "--role", "results", "--name", "uno", "--vkey", tree.signer.vkey]
    for pair, named in (((cert, tmp_path / "none.key"), "none.key"), ((tmp_path / "none.crt", key), "none.crt"), ((cert, other), "two.key"),
                        ((garbage, key), "garbage.pem"), ((cert, garbage), "garbage.pem")):
        for check in ((), ("--check",)):
            done = run("atalaya-edge", *check, *words, "--cert", pair[0], "--key", pair[1])
            assert done.returncode == 2 and done.stdout == "", done
            assert re.search(rf"certificado y clave .*{named}", done.stderr) and done.stderr.count("\n") == 1, done.stderr
    done = run("atalaya-edge", "--check", *words, "--cert", cert, "--key", key)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_keys_that_went_away_are_an_alarm_and_come_back(safe, tree, tmp_path):  # noqa: F811
    tree.cut({"index.html": PAGE})
    site = safe()
    key, aside = tmp_path / "one.key", tmp_path / "aside"
    key.rename(aside)
    site.running.process.send_signal(signal.SIGHUP)
    site.until(lambda: "reload_failed" in site.running.text())
    assert "one.key" in site.running.text().split("reload_failed")[1]
    site.until(lambda: site.status()["alarm"].startswith("recarga rechazada"))
    with dial(site.tls_port) as s:
        assert b" 200 OK" in ask(s)[0], "the old program goes on, with the key that it holds"
    os.kill(site.role("edge-keys"), signal.SIGKILL)
    site.until(lambda: site.status()["alarm"].startswith("TLS no atiende"))
    assert site.get("/")[0] == 200, "in clear it goes on"
    aside.rename(key)

    def serves():
        try:
            with dial(site.tls_port) as s:
                return b" 200 OK" in ask(s)[0]
        except OSError:
            return False

    site.until(serves, 15)
    site.until(lambda: site.status()["alarm"].startswith("recarga rechazada"))
    site.running.process.send_signal(signal.SIGHUP)
    site.until(lambda: not site.status()["alarm"].startswith("recarga"), 15)


class Hello:
    """A handshake whose bytes move when the test says so."""

    def __init__(self, port, source="127.0.0.1"):
        self.s = socket.create_connection(("127.0.0.1", port), 10, source_address=(source, 0))
        self.come, self.go = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = Hello.context.wrap_bio(self.come, self.go)
        self.done = self.step()

    def step(self):
        try:
            self.tls.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            done = False
        self.s.sendall(self.go.read())
        return done

    def finish(self):
        while not self.done:
            more = self.s.recv(65536)
            assert more, "the server closed in the middle of a handshake"
            self.come.write(more)
            self.done = self.step()
        self.s.close()


def test_a_crowd_behind_one_address_waits_for_its_signatures(safe, tree):  # noqa: F811
    """More than a network may ask for, and more than the channel to the keys holds: nobody is refused, and a newcomer from elsewhere does not
    wait for them."""
    tree.cut({"index.html": PAGE})
    site = safe("--handshake-ms", "20000")
    Hello.context = client()
    with dial(site.tls_port) as s:
        assert b" 200 OK" in ask(s)[0], "the keys have said which certificates there are"
    keys = site.role("edge-keys")
    os.kill(keys, signal.SIGSTOP)
    try:
        crowd = [Hello(site.tls_port) for _ in range(300)]
        gone = crowd[::10]
        for hello in gone:  # some lose patience, asked or not
            hello.s.close()
        site.until(lambda: site.count("accepted") >= 302)
        other = Hello(site.tls_port, "127.5.6.7")
    finally:
        os.kill(keys, signal.SIGCONT)
    other.finish()
    for hello in crowd:
        if hello not in gone:
            hello.finish()
    site.until(lambda: site.count("tls_full") >= 272)
    assert site.count("refused_key_asks") == 0
    with dial(site.tls_port) as s:
        assert b" 200 OK" in ask(s)[0], "and the next is served"


def test_renegotiation_is_refused(safe, tree):  # noqa: F811
    tree.cut({"index.html": PAGE})
    site = safe()
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{site.tls_port}", "-tls1_2"], input=b"R\n", capture_output=True,
                          timeout=10, check=False)
    assert b"no renegotiation" in done.stderr or b"no renegotiation" in done.stdout


@pytest.mark.parametrize("how", ["x-forwarded-for", "forwarded", "proxy"])
def test_behind_a_listed_forwarder(safe, tree, how):  # noqa: F811
    """A forwarder's connections are not counted, so no network answers for the signatures that they wait for."""
    tree.cut({"index.html": PAGE})
    site = safe("--forwarders", "127.0.0.2", "--forwarded", how)
    for n in range(3):
        raw = socket.create_connection(("127.0.0.1", site.tls_port), timeout=10, source_address=("127.0.0.2", 0))
        if how == "proxy":
            raw.sendall(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([203, 0, 113, 7]) + socket.inet_aton("127.0.0.1") + b"\x30\x39\x01\xbb")
        with client().wrap_socket(raw, server_hostname="resultados.example") as s:
            assert b" 200 OK" in ask(s, "/cut/0/", "X-Forwarded-For: 203.0.113.7\r\nForwarded: for=203.0.113.7\r\n")[0]
    assert site.count("restarts") == 0


def shaken_in_memory(port, alpn):
    """(socket, SSLObject, take): what the object wants to send is had by take(), so that it can be altered first."""
    raw = socket.create_connection(("127.0.0.1", port), timeout=10)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    s = client(alpn=[alpn]).wrap_bio(incoming, outgoing, server_hostname="resultados.example")
    while True:
        try:
            s.do_handshake()
            return raw, s, outgoing.read
        except ssl.SSLWantReadError:
            raw.sendall(outgoing.read())
            incoming.write(raw.recv(65536))


REQUESTS = {"http/1.1": b"GET /cut/0/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "h2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0" + b"\0\0\4\1\5\0\0\0\1\x82\x87\x84\xbe"}


@pytest.mark.sanitize
@pytest.mark.parametrize("alpn", REQUESTS)
@pytest.mark.parametrize("after", ["bad record", "alert", "end without a good-bye", "good-bye"])
def test_a_request_and_the_end_of_the_line_at_once(safe, tree, alpn, after):  # noqa: F811
    """What cannot be answered any more is given up: the worker goes on to the next, and costs nothing while it is idle."""
    tree.cut({"index.html": PAGE})
    site = safe("--workers", "1")
    worker = site.role("edge-worker")
    for _ in range(3):
        raw, s, take = shaken_in_memory(site.tls_port, alpn)
        take_first = take()
        s.write(REQUESTS[alpn])
        data = take_first + take()
        os.kill(worker, signal.SIGSTOP)  # all that follows is there when it is looked at
        try:
            if after == "good-bye":
                with pytest.raises(ssl.SSLWantReadError):
                    s.unwrap()
                data += take()
            data += {"bad record": b"\x17\3\3\0\x30" + os.urandom(48), "alert": b"\x15\3\3\0\2\2\x28"}.get(after, b"")
            raw.sendall(data)
            if after in ("end without a good-bye", "good-bye"):
                raw.shutdown(socket.SHUT_WR)
        finally:
            os.kill(worker, signal.SIGCONT)
        with dial(site.tls_port) as other:
            assert b" 200 OK" in ask(other)[0]
        raw.close()
    site.until(lambda: site.count("connections") == 0)
    assert site.count("restarts") == 0
