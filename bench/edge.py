#!/usr/bin/python3
"""atalaya-edge beside the floor and Debian's nginx, h2o, haproxy and lighttpd: what one request costs the server in
processor time of its own (user and system, from the kernel's accounting in nanoseconds), one worker on one core, the load
from the other. A peer runs in two tunings (bench/peers) and the better one counts.

`bench/edge.py [--json FILE] [--work NAME …] [--rounds 9]`. Every round asks all servers in a shuffled order;
the first is thrown away, medians count. As root it makes a network namespace of its own with one congestion control for all.
Nothing leaves loopback. Instructions in user mode a request (perf) stand beside as the figure that does not depend on the
machine's other work."""
import argparse
import json
import os
import random
import re
import shutil
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

CONTROL = "reno"  # what a namespace may choose; on loopback nothing is lost, so it only must be the same for all
PAGES = {"cut/0/b100.html": 100, "cut/0/b4k.html": 4096, "cut/0/b64k.bin": 65536, "cut/0/b1m.bin": 1 << 20,
         "package/0/b1m.bin": (1 << 20) + 2}  # other bytes than the cut's: what is the same is kept once
# name, path, connections, extra header, bound beside the floor, beside nginx, beside the best peer
WORKS = {
    "100 B": ("cut/0/b100.html", 64, None, 1.15, 0.72, 1.0),
    "4 KiB": ("cut/0/b4k.html", 64, None, 1.15, 0.72, 1.0),
    "64 KiB": ("cut/0/b64k.bin", 64, None, None, None, 1.05),
    "1 MiB in a cut": ("cut/0/b1m.bin", 16, None, None, None, 1.05),
    "1 MiB package": ("package/0/b1m.bin", 16, None, None, None, 1.05),
    "connection": ("cut/0/b100.html", 64, "Connection: close", None, 1 / 1.1, None),
}


def own_namespace():
    """Where nobody else's packets are and the congestion control is ours to choose."""
    if os.geteuid() == 0 and "EDGE_BENCH_NS" not in os.environ and shutil.which("unshare") and shutil.which("ip"):
        os.environ["EDGE_BENCH_NS"] = "1"
        os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])
    if "EDGE_BENCH_NS" in os.environ:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        Path("/proc/sys/net/ipv4/tcp_congestion_control").write_text(CONTROL)
    return Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()


def make_tree(root):
    tree = Tree(root)
    tree.cut(foreign={name: os.urandom(size // 2).hex().encode() for name, size in PAGES.items()},
             package={"number": 0, "path": "package/0/", "time": "2027-06-07T02:00:00Z"})
    return tree


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pin(core):
    return ["taskset", "-c", str(core)] if shutil.which("taskset") and os.cpu_count() > 1 else []


class Server:
    def __init__(self, name, peer, command, port, pages=PAGES):
        self.name, self.peer, self.port, self.pages = name, peer, port, pages
        self.process = subprocess.Popen([*pin(0), *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while not self.answers():
            if time.monotonic() > end or self.process.poll() is not None:
                sys.exit(f"bench: {name} does not answer")
            time.sleep(0.05)

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                s.settimeout(2)
                s.sendall(b"GET /cut/0/b100.html HTTP/1.1\r\nHost: a\r\n\r\n")
                return b" 200 OK" in s.recv(4096)
        except OSError:
            return False

    def pids(self):
        found = [self.process.pid]
        for pid in found:
            found += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return found

    def cpu(self):
        """Microseconds on a processor of all threads of all its processes."""
        return sum(int((task / "schedstat").read_text().split()[0])
                   for pid in self.pids() for task in Path(f"/proc/{pid}/task").iterdir()) / 1000

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


class Floor:
    """One floor a size: it knows nothing but its answer."""

    def __init__(self, folder):
        self.binary = Path(folder) / "floor"
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", self.binary, REPO / "bench/floor.c"], check=True)

    def server(self, size):
        port = free_port()
        return Server("floor", "floor", [self.binary, port, size], port)


def peers(folder, tree):
    programs = {"nginx": ["nginx", "-c", "{conf}"], "h2o": ["h2o", "-c", "{conf}"], "haproxy": ["haproxy", "-db", "-f", "{conf}"],
                "lighttpd": ["lighttpd", "-D", "-f", "{conf}"]}
    for name, command in programs.items():
        if shutil.which(name) is None and not Path("/usr/sbin", name).exists():
            print(f"-- {name} is not installed: not measured")
            continue
        for tuning in ("plain", "tuned"):
            port, conf = free_port(), Path(folder) / f"{name}-{tuning}.conf"
            text = (REPO / f"bench/peers/{name}-{tuning}.conf").read_text()
            for key, value in {"dir": folder, "port": port, "root": tree.root}.items():
                text = text.replace("{%s}" % key, str(value))
            conf.write_text(text)
            program = shutil.which(name) or f"/usr/sbin/{name}"
            pages = {k: v for k, v in PAGES.items() if name != "haproxy" or v <= 4096}
            yield Server(f"{name} {tuning}", name, [program, *(w.format(conf=conf) for w in command[1:])], port, pages)


def wrk(server, path, connections, header):
    """Requests answered in a second."""
    command = [*pin(1), "wrk", "-t1", f"-c{connections}", "-d1s", *(["-H", header] if header else []),
               f"http://127.0.0.1:{server.port}/{path}"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out:
        sys.exit(f"bench: {server.name} did not answer 200:\n{out}")
    return int(re.search(r"(\d+) requests in", out)[1])


def cost(server, path, connections, header):
    before = server.cpu()
    requests = wrk(server, path, connections, header)
    return (server.cpu() - before) / requests


def better_tunings(servers, cost_of):
    """Of each peer the tuning that costs less here; asking twice also warms them. Who has one tuning is only warmed."""
    best = {}
    for server in servers:
        alone = sum(other.peer == server.peer for other in servers) == 1
        figure = min(cost_of(server) for _ in range(1 if alone else 2))
        if server.peer not in best or figure < best[server.peer][0]:
            best[server.peer] = (figure, server)
    return [server for _, server in best.values()]


def by_peer(rows, counts):
    """What is kept of a work: of each peer the median, the spread, and every round's figure, rounds in their order."""
    return {s.peer: {"cpu_us": statistics.median(v), "tuning": s.name, "spread": [min(v), max(v)], "rounds": v, "instructions": counts.get(s)}
            for s, v in rows.items()}


def ratio(row, what, beside, bound):
    """Ours beside another's: by the medians, which is judged, and how far single rounds lie apart."""
    ours, other = (row["servers"][name] for name in ("atalaya-edge", beside))
    figure = ours["cpu_us"] / other["cpu_us"]
    pairs = [a / b for a, b in zip(ours["rounds"], other["rounds"])]
    row.setdefault("ratios", []).append({"beside": what, "ratio": round(figure, 3), "spread": [round(min(pairs), 3), round(max(pairs), 3)],
                                         "bound": round(bound, 3), "held": figure <= bound})


def show_ratios(row):
    for r in row.get("ratios", []):
        print(f"  {'ok ' if r['held'] else 'NO '} {r['ratio']:.3f} × {r['beside']} (≤ {r['bound']}; single rounds {r['spread'][0]:.2f}–{r['spread'][1]:.2f})",
              flush=True)


def show_all(result, began):
    """The verdict, a line each."""
    print(f"\n{result['bench']}: after {time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f}")
    for row in result["rows"]:
        for r in row.get("ratios", []):
            print(f"  {'ok ' if r['held'] else 'NO '} {row['work']}: {r['ratio']:.3f} × {r['beside']} (≤ {r['bound']})")


def can_count():
    """Not every machine lets its guests see the processor's counters; bench/edge_instructions.py counts everywhere."""
    if shutil.which("perf") is None:
        return False
    seen = subprocess.run(["perf", "stat", "-x,", "-e", "instructions:u", "true"], capture_output=True, text=True).stderr
    return re.search(r"^\d+,,instructions", seen, re.M) is not None


def instructions(server, path, connections, header):
    """In user mode, a request; None where perf cannot count."""
    pids = ",".join(map(str, server.pids()))
    perf = subprocess.Popen(["perf", "stat", "-x,", "-e", "instructions:u", "-p", pids], stderr=subprocess.PIPE, text=True)
    time.sleep(0.1)
    requests = wrk(server, path, connections, header)
    perf.send_signal(signal.SIGINT)
    found = re.search(r"^(\d+),,instructions", perf.communicate()[1], re.M)
    return int(found[1]) / requests if found else None


def measure(servers, floor, name, rounds):
    path, connections, header, *_ = WORKS[name]
    work = (path, connections, header)
    beside = [] if header else [floor.server(PAGES[path])]
    taking = better_tunings([s for s in servers if path in s.pages] + beside, lambda server: cost(server, *work))
    rows = {s: [] for s in taking}
    try:
        for _ in range(rounds):
            for server in random.sample(taking, len(taking)):
                rows[server].append(cost(server, *work))
        counts = {s: instructions(s, *work) for s in taking} if can_count() else {}
    finally:
        for server in beside:
            server.stop()
    return {"work": name, "servers": by_peer(rows, counts)}


def judge(row):
    """The ratios that have a bound, and whether they hold."""
    _, _, _, floor, nginx, peer = WORKS[row["work"]]
    costs = {k: v["cpu_us"] for k, v in row["servers"].items()}
    best = min((k for k in costs if k not in ("atalaya-edge", "floor")), key=costs.get, default=None)
    for what, beside, bound in (("floor", "floor", floor), ("nginx", "nginx", nginx), (f"{best}, the best peer", best, peer)):
        if bound and beside in costs and "atalaya-edge" in costs:
            ratio(row, what, beside, bound)


def show(row):
    print(f"\n{row['work']}: µs of the server's processor a request")
    for name, v in sorted(row["servers"].items(), key=lambda kv: kv[1]["cpu_us"]):
        count = f"{v['instructions']:9,.0f} instructions:u" if v["instructions"] else ""
        rate = f"{1e6 / v['cpu_us']:9,.0f} a processor second" if row["work"] == "connection" else ""
        print(f"  {v['tuning']:16} {v['cpu_us']:8.2f}   ({v['spread'][0]:.2f}–{v['spread'][1]:.2f})  {rate}{count}")
    show_ratios(row)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", nargs="*", choices=list(WORKS), default=list(WORKS))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", nargs="*", help="names of servers")
    parser.add_argument("--bin", type=Path, default=Path(os.environ.get("ATALAYA_BIN_DIR", REPO / "build/bin")))
    arguments = parser.parse_args()
    control, began = own_namespace(), time.monotonic()
    result = {"bench": "edge", "congestion_control": control, "rows": []}
    with tempfile.TemporaryDirectory() as folder:
        tree = make_tree(Path(folder) / "public")
        os.chmod(folder, 0o755)
        port = free_port()
        servers = [Server("atalaya-edge", "atalaya-edge", [arguments.bin / "atalaya-edge", "--listen", f"127.0.0.1:{port}", "--tree", tree.root,
                                                           "--role", "results", "--name", "bench", "--vkey", tree.signer.vkey, "--hits", Path(folder) / "hits",
                                                           "--packs", Path(folder) / "packs"], port)]
        try:
            servers += peers(folder, tree)
            if arguments.only:
                servers = [s for s in servers if s.peer in arguments.only or s.name in arguments.only]
            floor = Floor(folder)
            print(f"one worker each on core 0, wrk on core 1, {control}, {arguments.rounds} rounds")
            for name in arguments.work:
                row = measure(servers, floor, name, arguments.rounds)
                judge(row)
                show(row)
                result["rows"].append(row)
            show_all(result, began)
        finally:
            for server in servers:
                server.stop()
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
