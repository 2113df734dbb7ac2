#!/usr/bin/python3
"""Attacks on TLS at the edge's shipped settings (rows 13 and 14): whole handshakes as fast as a client makes them, handshakes
that stop half way, records of one byte, greetings that are none; and what testssl.sh finds.

`drills/edge_tls.py [NAME …] [--small] [--json FILE]`. Loopback only; five minutes at full size, most of them testssl.sh's."""
import json
import shutil
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from edge_kit import Edge, Probe, calm, connect_many, drain, drills_main, settles, until  # noqa: E402


def hello():
    """A ClientHello as this machine's OpenSSL writes it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def handshakes(verdict, small):
    """Whole handshakes without tickets, two clients for thirty seconds."""
    seconds = 2 if small else 30
    with Edge(tls=True) as edge:
        quiet, before, descriptors = calm(edge, 2, tls=True), edge.rss(), edge.descriptors()
        cpu, first = edge.cpu(), edge.status()
        probe = Probe(edge.port, edge.page, tls_port=edge.tls_port)
        clients = [subprocess.Popen(["taskset", "-c", "1", "openssl", "s_time", "-new", "-connect", f"127.0.0.1:{edge.tls_port}", "-time", str(seconds)],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
        for client in clients:
            client.wait(seconds + 60)
        probe.stop()
        time.sleep(1.1)
        spent, now = edge.cpu() - cpu, edge.status()
        made = int(now["tls_full"]) - int(first["tls_full"])
        verdict.load("whole handshakes", made, 100 if small else 3000)
        verdict.must("whole handshakes: worker's processor time for one", spent / max(1, made) * 1e6, 2000, "us")
        verdict.must("whole handshakes: questions to the keys that were refused", int(now["refused_key_asks"]), 0)
        verdict.survive(probe, quiet, "whole handshakes: ")
        settles(verdict, edge, before, descriptors, quiet)


def half_handshakes(verdict, small):
    """Half a ClientHello and then nothing: ended after five seconds, without a signature."""
    count = 100 if small else 2500
    options = ["--handshake-ms", "1000"] if small else []
    with Edge(*options, tls=True) as edge:
        quiet, before, descriptors = calm(edge, 2, tls=True), edge.rss(), edge.descriptors()
        time.sleep(1.1)  # the status file is a second old at most
        signed = int(edge.status()["tls_signed"])
        probe = Probe(edge.port, edge.page)
        made = connect_many(edge.tls_port, count, hello()[:200], "127.9.{}.{}")
        verdict.load("half handshakes: connections", len(made), count * 0.99)
        time.sleep(0.5)
        memory = edge.rss() - before
        until(lambda: int(edge.status()["timeout_handshake"]) >= count * 0.95, 20, "half handshakes were not ended")
        probe.stop()
        verdict.must("half handshakes: still open", drain(made), count * 0.05)
        verdict.must("half handshakes: worker's own memory a connection", memory / count / 1024, 50, "KiB")
        verdict.must("half handshakes: signatures made", int(edge.status()["tls_signed"]) - signed, 0)
        verdict.survive(probe, quiet, "half handshakes: ")
        for s in made:
            s.close()
        settles(verdict, edge, before, descriptors, quiet)


def small_records(verdict, small):
    """A ClientHello cut into records of one byte, in segments of one byte; and greetings that are no TLS."""
    count = 30 if small else 1000
    whole = hello()[5:]
    tiny = b"".join(b"\x16\3\1\0\1" + bytes([b]) for b in whole)
    with Edge(tls=True) as edge:
        quiet, before, descriptors = calm(edge, 2, tls=True), edge.rss(), edge.descriptors()
        time.sleep(1.1)  # the status file is a second old at most
        cpu, signed = edge.cpu(), int(edge.status()["tls_signed"])
        probe = Probe(edge.port, edge.page)
        for i in range(count):
            with socket.create_connection(("127.0.0.1", edge.tls_port), 5, source_address=(f"127.9.2.{1 + i % 200}", 0)) as s:
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                try:
                    for at in range(0, 200, 5):
                        s.send(tiny[at:at + 5])
                    s.sendall(tiny[200:])
                except OSError:
                    pass
        verdict.load("records of one byte: connections", count, count)
        refused = int(edge.status()["refused_tls"])
        for i in range(count):
            with socket.create_connection(("127.0.0.1", edge.tls_port), 5) as s:
                try:
                    s.sendall((b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\xff" * 300, b"\x16\3\1\xff\xff" + bytes(300), b"\x80\x2e\1\3\1" + bytes(43))[i % 4])
                    s.recv(100)
                except OSError:
                    pass
        until(lambda: int(edge.status()["refused_tls"]) >= refused + count, 10, "not every greeting that is none was refused")
        probe.stop()
        verdict.must("records of one byte, no TLS: worker's processor time for one", (edge.cpu() - cpu) / (2 * count) * 1e6, 3000, "us")
        verdict.must("records of one byte, no TLS: signatures made", int(edge.status()["tls_signed"]) - signed, count)
        verdict.survive(probe, quiet, "records of one byte, no TLS: ")
        settles(verdict, edge, before, descriptors, quiet)


# What testssl.sh says of the drill's certificate and place, which an institution's own has not.
OURS = {"cert_chain_of_trust": "self-signed", "cert_revocation": "self-signed", "overall_grade": "self-signed: grade T",
        "DNS_CAArecord": "a name on loopback has no DNS"}


def testssl(verdict, small):
    """testssl.sh finds nothing at LOW or above that is ours to mend."""
    program = shutil.which("testssl") or shutil.which("testssl.sh")
    if program is None:
        print("  -- testssl.sh is not installed: not tested")
        return
    with Edge(tls=True) as edge:
        out = Path(edge.folder.name) / "testssl.json"
        words = ["-p", "-S", "-P"] if small else []
        subprocess.run([program, "--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none", "--jsonfile", str(out), *words, f"https://127.0.0.1:{edge.tls_port}/"],
                       capture_output=True, text=True, timeout=600, cwd=edge.folder.name)
        said = json.loads(out.read_text())
        found = [f for f in said if f["severity"] in ("LOW", "MEDIUM", "HIGH", "CRITICAL")]
        verdict.load("testssl.sh: things it looked at", len(said), 10 if small else 100)
        mine = [f for f in found if f["id"].split(" ")[0] not in OURS]
        for f in found:
            print(f"      {f['severity']:8} {f['id']}: {f['finding'][:110]}{'' if f in mine else '  (' + (OURS[f['id'].split(' ')[0]] or 'accepted') + ')'}", flush=True)
        verdict.must("testssl.sh: findings at LOW or above", len(mine), 0)
        verdict.must("testssl.sh: processes that had to be started again", float(edge.status()["restarts"]), 0)


DRILLS = {f.__name__: f for f in (handshakes, half_handshakes, small_records, testssl)}


if __name__ == "__main__":
    drills_main(__doc__, "edge_tls", DRILLS)
