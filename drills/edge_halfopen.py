#!/usr/bin/python3
"""Half-open connections (row 12): SYNs whose senders never answer, from addresses of their own, in a network namespace that the drill makes
for itself. The kernel answers them with cookies and the edge never hears of one; readers come in meanwhile. Then the same with cookies
switched off, which shows what the setting is worth.

`drills/edge_halfopen.py [--small] [--json FILE]`. Needs root; a namespace with one more inside it; bounded in packets and seconds."""
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from edge_kit import Edge, Probe, calm, drills_main, settles, until  # noqa: E402

INSIDE = "ATALAYA_DRILL_NAMESPACE"
SERVER, NEIGHBOUR = "10.99.0.1", "10.99.0.2"
SENDER = """
import socket, struct, sys, time
server, port, n, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
def sum16(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
to, pool = socket.inet_aton(server), []
for i in range(min(n, 20000)):
    source = struct.pack(">BBH", 10, 200, 256 + i)
    tcp = struct.pack(">HHIIBBHHHBBH", 1024 + i * 7 % 60000, port, i * 7919 & 0xFFFFFFFF, 0, 6 << 4, 2, 64240, 0, 0, 2, 4, 1460)
    check = sum16(source + to + struct.pack(">BBH", 0, 6, len(tcp)) + tcp)
    tcp = tcp[:16] + struct.pack(">H", check) + tcp[18:]
    pool.append(struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + source + to + tcp)
begin, sent = time.monotonic(), 0
while sent < n and time.monotonic() < begin + seconds + 5:
    for packet in pool[sent % len(pool):][:200]:
        raw.sendto(packet, (server, 0))
        sent += 1
    time.sleep(max(0.0, begin + seconds * sent / n - time.monotonic()))
print(sent)
"""


def counter(name):
    """One of the kernel's counters of this namespace."""
    lines = [line.split() for line in Path("/proc/net/netstat").read_text().splitlines() if line.startswith("TcpExt:")]
    return int(dict(zip(lines[0], lines[1], strict=True))[name])


def half_open(port):
    """How many connections to the port the kernel keeps that were never finished."""
    return len(re.findall(rf"^\s*\d+: \w+:{port:04X} \w+:\w+ 03 ", Path("/proc/net/tcp").read_text(), re.M))


def setting(name, value):
    Path("/proc/sys/net", name).write_text(f"{value}\n")


class Neighbour:
    """The other end of a cable: a namespace from which the SYNs come, and to which their answers go and are lost."""

    def __init__(self):
        self.process = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo up; exec sleep 300"], stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()
        pid = str(self.process.pid)
        for words in (["ip", "link", "set", "lo", "up"], ["ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", pid],
                      ["ip", "addr", "add", f"{SERVER}/24", "dev", "v0"], ["ip", "link", "set", "v0", "up"],
                      self.inside("ip", "addr", "add", f"{NEIGHBOUR}/24", "dev", "v1"), self.inside("ip", "link", "set", "v1", "up"),
                      self.inside("ip", "link", "set", "lo", "up"), ["ip", "route", "add", "10.200.0.0/16", "via", NEIGHBOUR]):
            subprocess.run(words, check=True)

    def inside(self, *words):
        return ["nsenter", "--net", f"--target={self.process.pid}", *words]

    def flood(self, port, n, seconds):
        return subprocess.Popen(self.inside(sys.executable, "-c", SENDER, SERVER, str(port), str(n), str(seconds)), stdout=subprocess.PIPE, text=True)

    def asks(self, port):
        """A reader on that side, who answers as he should: with a cookie in his hand he comes in."""
        program = f"import socket; s = socket.create_connection(({SERVER!r}, {port}), 5); s.sendall(b'GET /cut/0/small.html HTTP/1.0\\r\\nHost: a\\r\\n\\r\\n'); print(s.recv(99))"
        return "200 OK" in subprocess.run(self.inside(sys.executable, "-c", program), capture_output=True, text=True, timeout=20).stdout

    def end(self):
        self.process.kill()
        self.process.wait()


def with_cookies(verdict, neighbour, n, seconds):
    with Edge(listen="0.0.0.0:0") as edge:
        quiet, before, descriptors = calm(edge), edge.rss(), edge.descriptors()
        accepted, cookies, cpu = int(edge.status()["accepted"]), counter("SyncookiesSent"), edge.cpu()
        probe, flood = Probe(edge.port, edge.page), neighbour.flood(edge.port, n, seconds)
        most, inside = 0, 0
        while flood.poll() is None:
            most = max(most, half_open(edge.port))
            inside += neighbour.asks(edge.port)
        asked = inside
        until(lambda: neighbour.asks(edge.port), 5, "a reader beside them does not come in")
        probe.stop()
        sent, cookies = int(flood.stdout.read()), counter("SyncookiesSent") - cookies
        verdict.load("half-open: SYNs sent", sent, n)
        verdict.load("half-open: answered with a cookie, the queue being full", cookies, n / 4)
        verdict.must("half-open: kept by the kernel at most, of --backlog", most, 4096 + 64)
        verdict.must("half-open: readers from the same cable who came in", asked, 1, least=True)
        verdict.must("half-open: worker's processor time meanwhile", edge.cpu() - cpu, 1.0, "s")
        verdict.must("half-open: connections that the edge heard of, beyond the probe's and those", int(edge.status()["accepted"]) - accepted - len(probe.times) - asked, 30)
        verdict.survive(probe, quiet, "half-open: ")
        settles(verdict, edge, before, descriptors, quiet)


def without_cookies(verdict, neighbour, n, seconds):
    """The other way round: the drill would see it if cookies did nothing."""
    setting("ipv4/tcp_syncookies", 0)
    try:
        with Edge(listen="0.0.0.0:0") as edge:
            subprocess.run(["ip", "tcp_metrics", "flush"], check=True)  # whom the kernel knows from before is let in all the same
            flood = neighbour.flood(edge.port, n, seconds)
            until(lambda: half_open(edge.port) > 1000, 20, "the queue does not fill")
            probe = Probe(edge.port, edge.page)
            flood.wait()
            probe.stop()
            verdict.must("half-open, cookies off: probe's requests that were not answered", len(probe.wrong), 1, least=True)
    finally:
        setting("ipv4/tcp_syncookies", 1)


def half_opened(verdict, small):
    """SYNs from twenty thousand addresses that never answer."""
    if INSIDE not in os.environ or os.geteuid() != 0:
        print("  -- needs root and a namespace: not tested")
        return
    neighbour = Neighbour()
    try:
        setting("ipv4/tcp_syncookies", 1)
        setting("core/somaxconn", 4096)
        with_cookies(verdict, neighbour, *((12_000, 3) if small else (300_000, 20)))
        without_cookies(verdict, neighbour, 12_000, 3)
    finally:
        neighbour.end()


DRILLS = {f.__name__: f for f in (half_opened,)}

if __name__ == "__main__":
    if INSIDE not in os.environ and os.geteuid() == 0:
        os.execvpe("unshare", ["unshare", "--net", sys.executable, __file__, *sys.argv[1:]], {**os.environ, INSIDE: "1"})
    drills_main(__doc__, "edge_halfopen", DRILLS)
