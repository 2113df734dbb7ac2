#!/usr/bin/python3
"""atalaya-edge beside Debian's nginx-light, one worker each, over the same tree on loopback: requests a second, and the
processor time that one request costs the server (the figure that counts where server and client share the cores).

`bench/edge.py [--json FILE] [--seconds 1.5] [--rounds 5] [--connections 32]`. Rounds of the two servers take turns, the
first is thrown away, medians are printed. Nothing leaves 127.0.0.1; about a minute."""
import argparse
import gzip
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO / "tests/it"))
from signed_tree import Tree  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")


def page(size):
    """A totals page in shape: rows of a table, until it has the size."""
    rows, number = [], 7
    while sum(map(len, rows)) < size - 300:
        number = (number * 1103515245 + 12345) % (1 << 31)
        rows.append(f"<tr><th>Candidatura {number % 97}</th><td>{number % 1000000:,}</td><td>{number % 10000 / 100:.4f} %</td></tr>\n")
    return ("<!doctype html><html lang=es><meta charset=utf-8><title>PREP</title><table>" + "".join(rows) + "</table>").encode()[:size]


def make_tree(root):
    tree = Tree(root)
    pages = {"index.html": page(14_000), "small.html": page(700), "big.html": page(64_000)}
    twins = {f"cut/0/{k}.gz": gzip.compress(v, 9, mtime=0) for k, v in pages.items()}
    tree.cut(pages, twins=twins)
    return tree


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, name, command, port):
        self.name, self.port = name, port
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while not self.answers():
            if time.monotonic() > end or self.process.poll() is not None:
                sys.exit(f"bench: {name} does not answer")
            time.sleep(0.05)

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                s.settimeout(2)
                s.sendall(b"GET /cut/0/index.html HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                return b" 200 OK" in s.recv(4096)
        except OSError:
            return False

    def pids(self):
        found = [self.process.pid]
        for pid in found:
            found += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return found

    def cpu(self):
        """Seconds of processor time of all its processes."""
        ticks = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICK

    def memory(self):
        """Kilobytes of its own, shared pages by share (needs the right to look: root)."""
        total = 0
        for pid in self.pids():
            try:
                total += int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])
            except (OSError, TypeError):
                return None
        return total

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


def wrk(port, path, header, connections, seconds):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-H", header, f"http://127.0.0.1:{port}{path}"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(f"bench: wrk saw errors on {path}:\n{out}")
    return int(re.search(r"(\d+) requests in", out)[1]), float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])


CASES = [("totals page, 14 KB, gzip twin", "/cut/0/index.html", "Accept-Encoding: gzip"),
         ("totals page, 14 KB, plain", "/cut/0/index.html", "X-None: 1"),
         ("700 B", "/cut/0/small.html", "X-None: 1"),
         ("64 KB, plain", "/cut/0/big.html", "X-None: 1")]


def measure(servers, case, arguments):
    name, path, header = case
    rows = {server.name: [] for server in servers}
    for turn in range(arguments.rounds + 1):
        for server in servers if turn % 2 == 0 else servers[::-1]:
            before = server.cpu()
            requests, rate = wrk(server.port, path, header, arguments.connections, arguments.seconds)
            if turn > 0:
                rows[server.name].append((rate, (server.cpu() - before) / requests * 1e6))
    row = {"case": name}
    for server in servers:
        row[server.name] = {"requests_s": round(statistics.median(r for r, _ in rows[server.name])),
                            "cpu_us": round(statistics.median(c for _, c in rows[server.name]), 2)}
    row["cpu_ratio"] = round(row["atalaya-edge"]["cpu_us"] / row["nginx"]["cpu_us"], 2)
    row["rate_ratio"] = round(row["atalaya-edge"]["requests_s"] / row["nginx"]["requests_s"], 2)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--bin", type=Path, default=Path(os.environ.get("ATALAYA_BIN_DIR", REPO / "build/bin")))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tree = make_tree(Path(folder) / "public")
        os.chmod(folder, 0o755)
        ports = [free_port(), free_port()]
        conf = (REPO / "bench/peers/nginx-edge.conf").read_text()
        for key, value in {"dir": folder, "port": ports[1], "root": tree.root}.items():
            conf = conf.replace("{%s}" % key, str(value))
        Path(folder, "nginx.conf").write_text(conf)
        servers = [Server("atalaya-edge", [arguments.bin / "atalaya-edge", "--listen", f"127.0.0.1:{ports[0]}", "--tree", tree.root,
                                           "--role", "results", "--name", "bench", "--vkey", tree.signer.vkey], ports[0]),
                   Server("nginx", ["/usr/sbin/nginx", "-c", f"{folder}/nginx.conf"], ports[1])]
        try:
            result = {"bench": "edge", "rows": [measure(servers, case, arguments) for case in CASES],
                      "memory_kb": {s.name: s.memory() for s in servers}}
        finally:
            for server in servers:
                server.stop()
    print(f"{'one worker each, ' + str(arguments.connections) + ' connections':34} {'edge/s':>9} {'nginx/s':>9} "
          f"{'edge µs':>8} {'nginx µs':>9} {'cpu ratio':>9}")
    for row in result["rows"]:
        ours, theirs = row["atalaya-edge"], row["nginx"]
        print(f"{row['case']:34} {ours['requests_s']:9,} {theirs['requests_s']:9,} {ours['cpu_us']:8.2f} {theirs['cpu_us']:9.2f} "
              f"{row['cpu_ratio']:9.2f}")
    print("memory, KB: " + ", ".join(f"{k} {v}" for k, v in result["memory_kb"].items()))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
