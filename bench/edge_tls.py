#!/usr/bin/python3
"""atalaya-edge over TLS beside Debian's nginx, h2o, haproxy and lighttpd: HTTP/2 with 32 connections of 32 streams, HTTP/1.1 keep-alive,
and full handshakes (ECDSA P-256, no resumption; a connection, a request, the end). What counts is the server's own processor time,
user and system of all its processes, so the role that holds the key is in it. TLS 1.3 and one cipher for all, because a cipher is no merit
of a server. A peer runs in two tunings (bench/peers) and the better one counts.

`bench/edge_tls.py [--json FILE] [--work NAME …] [--rounds 9]`. Every round asks all servers in a shuffled order, medians count. One
worker on core 0, h2load on core 1. As root it makes a network namespace of its own with one congestion control for all; nothing leaves
loopback."""
import argparse
import json
import os
import random
import re
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import edge as bench  # noqa: E402

PAGE = "cut/0/b4k.html"
CIPHER = "TLS_AES_128_GCM_SHA256"
ROLE_ADDS_US = 10  # to a handshake, beyond the signature itself
# name: h2load's words, requests a round, bound beside nginx, beside h2o; bounds are of the processor time
WORKS = {
    "HTTP/2, 4 KiB": (["-c32", "-m32"], 20000, 0.45, 0.90),
    "HTTP/1.1, 4 KiB": (["--h1", "-c64", "-m1"], 15000, 0.82, 0.85),
    "handshake": (["--h1", "-c400", "-m1"], 400, 1.0, None),
}


def certificate(folder):
    pair = Path(folder) / "cert.pem", Path(folder) / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3000", "-subj",
                    "/CN=localhost", "-keyout", pair[1], "-out", pair[0]], check=True, capture_output=True)
    (Path(folder) / "both.pem").write_text(pair[0].read_text() + pair[1].read_text())
    return pair


class Server(bench.Server):
    """One that is asked over TLS."""

    def answers(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as s, context.wrap_socket(s) as t:
                t.settimeout(2)
                t.sendall(f"GET /{PAGE} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                return b" 200" in t.recv(4096)[:20]
        except OSError:
            return False

    def cpu_of(self, name):
        """Microseconds of those processes that go by a name."""
        return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in self.pids()
                   if Path(f"/proc/{pid}/comm").read_text().strip() == name) / 1000


def edge(binary, tree, pair):
    port = bench.free_port()
    return Server("atalaya-edge", "atalaya-edge", [binary, "--listen", "127.0.0.1:0", "--tls-listen", f"127.0.0.1:{port}", "--cert", pair[0], "--key",
                                                   pair[1], "--tree", tree.root, "--role", "results", "--name", "bench", "--vkey", tree.signer.vkey],
                  port)


def peers(folder, tree):
    programs = {"nginx": ["-c", "{conf}"], "h2o": ["-c", "{conf}"], "haproxy": ["-db", "-f", "{conf}"], "lighttpd": ["-D", "-f", "{conf}"]}
    for name, words in programs.items():
        program = shutil.which(name) or f"/usr/sbin/{name}"
        if not Path(program).exists():
            print(f"-- {name} is not installed: not measured")
            continue
        for tuning in ("tls-plain", "tls-tuned"):
            port, conf = bench.free_port(), Path(folder) / f"{name}-{tuning}.conf"
            text = (bench.REPO / f"bench/peers/{name}-{tuning}.conf").read_text()
            for key, value in {"dir": folder, "port": port, "root": tree.root}.items():
                text = text.replace("{%s}" % key, str(value))
            conf.write_text(text)
            yield Server(f"{name} {tuning[4:]}", name, [program, *(w.format(conf=conf) for w in words)], port)


def load(server, words, requests):
    command = [*bench.pin(1), "h2load", *words, "-n", str(requests), f"--tls13-ciphers={CIPHER}", f"https://127.0.0.1:{server.port}/{PAGE}"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if not re.search(rf" {requests} succeeded", out) or f"Cipher: {CIPHER}" not in out:
        sys.exit(f"bench: {server.name} did not answer everything:\n{out}")


def cost(server, words, requests):
    before = server.cpu()
    load(server, words, requests)
    return (server.cpu() - before) / requests


def instructions(server, words, requests):
    """In user mode, a request; None where perf cannot count."""
    perf = subprocess.Popen(["perf", "stat", "-x,", "-e", "instructions:u", "-p", ",".join(map(str, server.pids()))], stderr=subprocess.PIPE, text=True)
    time.sleep(0.1)
    load(server, words, requests)
    perf.send_signal(signal.SIGINT)
    found = re.search(r"^([1-9]\d*),,instructions", perf.communicate()[1], re.M)
    return int(found[1]) / requests if found else None


def measure(servers, name, rounds):
    words, requests, *_ = WORKS[name]
    taking = bench.better_tunings(servers, lambda server: cost(server, words, requests))
    rows = {s: [] for s in taking}
    keys, bare = [], []
    for _ in range(rounds):
        for server in random.sample(taking, len(taking)):
            before = server.cpu_of("edge-keys")
            rows[server].append(cost(server, words, requests))
            if server.peer == "atalaya-edge" and name == "handshake":
                keys.append((server.cpu_of("edge-keys") - before) / requests)
                bare.append(signature())
    counts = {s: instructions(s, words, requests) for s in taking} if bench.can_count() else {}
    row = {"work": name, "servers": bench.by_peer(rows, counts)}
    if keys:
        row["keys_role_us"] = {"median": statistics.median(keys), "spread": [min(keys), max(keys)]}
    if all(bare) and bare:
        row["signature_us"] = {"median": statistics.median(bare), "spread": [min(bare), max(bare)]}
        row["keys_role_adds_us"] = row["keys_role_us"]["median"] - row["signature_us"]["median"]
    return row


def signature():
    """What one ECDSA P-256 signature costs by itself, in OpenSSL's own benchmark."""
    out = subprocess.run([*bench.pin(0), "openssl", "speed", "-seconds", "1", "-mr", "ecdsap256"], capture_output=True, text=True).stdout
    found = re.search(r"^\+F4:\d+:256:([0-9.e+-]+):", out, re.M)
    rate = float(found[1]) if found else 0.0
    return (rate * 1e6 if rate < 1 else 1e6 / rate) if rate else None


def judge(row):
    _, _, nginx, h2o = WORKS[row["work"]]
    for beside, bound in (("nginx", nginx), ("h2o", h2o)):
        if bound and beside in row["servers"] and "atalaya-edge" in row["servers"]:
            bench.ratio(row, beside, beside, bound)


def show(row):
    print(f"\n{row['work']}: µs of the server's processor each")
    for _, v in sorted(row["servers"].items(), key=lambda kv: kv[1]["cpu_us"]):
        count = f"{v['instructions']:9,.0f} instructions:u" if v["instructions"] else ""
        rate = f"{1e6 / v['cpu_us']:9,.0f} a processor second" if row["work"] == "handshake" else ""
        print(f"  {v['tuning']:16} {v['cpu_us']:8.2f}   ({v['spread'][0]:.2f}–{v['spread'][1]:.2f})  {rate}{count}")
    bench.show_ratios(row)
    if "keys_role_adds_us" in row:
        role, bare, adds = row["keys_role_us"], row["signature_us"], row["keys_role_adds_us"]
        print(f"  {'ok ' if adds <= ROLE_ADDS_US else 'NO '} the role that holds the key: {role['median']:.1f} µs a handshake "
              f"({role['spread'][0]:.1f}–{role['spread'][1]:.1f}), a signature by itself {bare['median']:.1f} ({bare['spread'][0]:.1f}–{bare['spread'][1]:.1f}): "
              f"{adds:.1f} µs more (≤ {ROLE_ADDS_US})", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", nargs="*", choices=list(WORKS), default=list(WORKS))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", nargs="*", help="names of servers")
    parser.add_argument("--bin", type=Path, default=Path(os.environ.get("ATALAYA_BIN_DIR", bench.REPO / "build/bin")))
    arguments = parser.parse_args()
    if shutil.which("h2load") is None:
        sys.exit("bench: h2load is not installed (nghttp2-client)")
    control, began = bench.own_namespace(), time.monotonic()
    result = {"bench": "edge_tls", "congestion_control": control, "rows": []}
    servers = []
    with tempfile.TemporaryDirectory() as folder:
        tree = bench.make_tree(Path(folder) / "public")
        os.chmod(folder, 0o755)
        pair = certificate(folder)
        wanted = arguments.only or ["atalaya-edge", "nginx", "h2o", "haproxy", "lighttpd"]
        try:
            servers.append(edge(arguments.bin / "atalaya-edge", tree, pair))
            servers += peers(folder, tree)
            for server in [s for s in servers if s.peer not in wanted]:
                server.stop()
            servers = [s for s in servers if s.peer in wanted]
            print(f"one worker each on core 0, h2load on core 1, TLS 1.3 {CIPHER}, {control}, {arguments.rounds} rounds")
            for name in arguments.work:
                row = measure(servers, name, arguments.rounds)
                judge(row)
                show(row)
                result["rows"].append(row)
            bench.show_all(result, began)
        finally:
            for server in servers:
                server.stop()
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
