#!/usr/bin/python3
"""What one connection costs a worker of atalaya-edge in memory of its own: private resident pages before and with 19,000
connections of a kind, 2,000 of those over TLS. The kernel's part (about 4 KiB of slab an end of a socket) is not in it.

`bench/edge_memory.py [--json FILE] [--connections 19000] [--kind WORD …]`. Loopback only, about 40 s."""
import argparse
import json
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "drills"))
import edge_kit as kit  # noqa: E402

HALF = b"GET /cut/0/index.html HTTP/1.1\r\nHost: a\r\nUser-Agent: Mozilla/5.0 (slow)\r\nX-a: b\r\n"
KINDS = [("idle keep-alive, after one request", kit.REQUEST, 0.4, 0.1), ("half a head of 84 bytes", HALF, 2.0, 1.0),
         ("connected, not a byte sent", b"", 0.4, 0.1)]
# HTTP/2's: the preface, SETTINGS, a request of four fields (HPACK), SETTINGS' acknowledgement.
HEAD2 = b"\x82\x87\x04\x11/cut/0/index.html" + b"\x41\x01a"
FIRST2 = (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0" + len(HEAD2).to_bytes(3, "big") + b"\1\5\0\0\0\1" + HEAD2
          + b"\0\0\0\4\1\0\0\0\0")
OVER_TLS = [("idle TLS, after one request", kit.REQUEST, "http/1.1", 14.6, 10), ("idle TLS + HTTP/2, after one request", FIRST2, "h2", 17, 12)]
TLS_MANY = 2000


def handshake(port, protocol, first):
    """A connection that has shaken hands, sent its request and read the answer."""
    context = handshake.context = getattr(handshake, "context", None) or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    s = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10))
    s.sendall(first)
    data = b""
    while b"</p>" not in data[-32:]:
        more = s.recv(65536)
        assert more, data[:100]
        data += more
    return s


def measure_tls(kind, first, protocol, n):
    with tempfile.TemporaryDirectory() as folder:
        pair = Path(folder) / "cert.pem", Path(folder) / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=a", "-days",
                        "3000", "-keyout", pair[1], "-out", pair[0]], check=True, capture_output=True)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        with kit.Edge("--idle-ms", 120000, "--tls-listen", f"127.0.0.1:{port}", "--cert", pair[0], "--key", pair[1],
                      pages={"index.html": b"<p>" + b"x" * 4000 + b"</p>"}) as edge:
            for _ in range(50):
                handshake(port, protocol, first).close()
            before = edge.rss()
            made = [handshake(port, protocol, first) for _ in range(n)]
            kit.until(lambda: int(edge.status()["connections"]) >= n, 10, "connections were lost")
            with_all = edge.rss()
            for s in made:
                s.close()
            kit.until(lambda: int(edge.status()["connections"]) < 100, 10, "connections were not given back")
            time.sleep(5.5)
            after = edge.rss()
    return {"kind": kind, "connections": n, "bytes": (with_all - before) / n, "before_kb": before // 1024, "after_kb": after // 1024}


def measure(kind, first, n):
    with kit.Edge("--idle-ms", 120000, "--head-ms", 60000, "--first-ms", 120000) as edge:
        for _ in range(200):
            kit.ask(edge.port)  # the worker has its working memory
        before = edge.rss()
        made = kit.connect_many(edge.port, n, first)
        kit.until(lambda: int(edge.status().get("connections", 0)) >= len(made), 20, "not all connections were accepted")
        time.sleep(0.5)
        kit.drain(made)
        kit.until(lambda: int(edge.status()["connections"]) >= len(made), 5, "connections were lost")
        with_all = edge.rss()
        for s in made:
            s.close()
        kit.until(lambda: int(edge.status()["connections"]) < 100, 10, "connections were not given back")
        time.sleep(5.5)  # places are given back every five seconds
        after = edge.rss()
    return {"kind": kind, "connections": len(made), "bytes": (with_all - before) / len(made), "before_kb": before // 1024,
            "after_kb": after // 1024}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--connections", type=int, default=19000)
    parser.add_argument("--kind", nargs="*", help="words of the kinds to measure")
    arguments = parser.parse_args()
    most = kit.many_descriptors() - 600
    rows = []
    wanted = [k for k in [*KINDS, *OVER_TLS] if not arguments.kind or any(word in k[0] for word in arguments.kind)]
    print(f"{'a connection of a worker, its own memory':40} {'n':>6} {'KiB each':>9} {'bound':>6} {'aim':>5}   worker before/after, KiB")
    for kind, first, *protocol, bound, aim in wanted:
        n = min(arguments.connections, most)
        row = measure_tls(kind, first, *protocol, min(n, TLS_MANY)) if protocol else measure(kind, first, n)
        rows.append(row)
        print(f"{kind:40} {row['connections']:6} {row['bytes'] / 1024:9.3f} {bound:6} {aim:5}   {row['before_kb']} / {row['after_kb']}", flush=True)
        row["bound_kib"], row["held"] = bound, row["bytes"] / 1024 <= bound
        print(f"  {'ok ' if row['held'] else 'NO '} {row['bytes'] / 1024:.3f} KiB (≤ {bound})", flush=True)
    for row in rows:
        if row["kind"].startswith("idle keep-alive"):
            print(f"250,000 idle connections by calculation: {row['bytes'] * 250000 / 2**20:.1f} MiB of the worker's own")
    if arguments.json:
        arguments.json.write_text(json.dumps({"bench": "edge_memory", "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
