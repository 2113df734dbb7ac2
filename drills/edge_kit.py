"""What the drills of the edge share: an edge over a small signed tree, many connections from one process, an independent
probe, the verdict, and the program around them. Everything stays on 127.0.0.0/8 and is bounded in connections and seconds."""
import argparse
import hashlib
import json
import os
import re
import resource
import select
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO / "tests/it"))
from process_kit import children, name_of  # noqa: E402
from signed_tree import Tree  # noqa: E402

BIN = Path(os.environ.get("ATALAYA_BIN_DIR", REPO / "build/bin"))
REQUEST = b"GET /cut/0/index.html HTTP/1.1\r\nHost: a\r\n\r\n"
LAST_REQUEST = b"GET /cut/0/index.html HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
SMALL = 8 << 20  # what a worker that had its first work keeps: pages of its allocator


def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Edge:
    """atalaya-edge as it is shipped: no option that weakens or strengthens it unless the drill says so."""

    def __init__(self, *options, pages=None, tls=False, under=(), env=None, listen="127.0.0.1:0"):
        """`under`: a command that starts the program (limits); `env`: what is added to its environment."""
        self.folder = tempfile.TemporaryDirectory()
        if tls:
            cert, key = (Path(self.folder.name) / name for name in ("tls.crt", "tls.key"))
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert,
                            "-days", "90", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                            "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth"], check=True, capture_output=True)
            options = ("--tls-listen", "127.0.0.1:0", "--cert", cert, "--key", key, *options)
        self.tree = Tree(Path(self.folder.name) / "public")
        self.page = ("<!doctype html><title>PREP</title>" + "<p>resultado</p>" * 260).encode()[:4096]
        self.tree.cut({"index.html": self.page, "small.html": b"x" * 100, "big.bin": bytes(range(256)) * 4096, **(pages or {})})
        self.status_file = Path(self.folder.name) / "status"
        self.process = subprocess.Popen(
            [*under, BIN / "atalaya-edge", "--listen", listen, "--tree", self.tree.root, "--role", "results", "--name", "drill",
             "--vkey", self.tree.signer.vkey, "--status", self.status_file, *map(str, options)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **(env or {})})
        self.port = int(re.search(r":(\d+)/", self.process.stdout.readline()).group(1))
        self.tls_port = int(re.search(r"tls port (\d+)", self.process.stdout.readline()).group(1)) if tls else 0
        until(lambda: ask(self.port), 10, "the edge does not answer")
        until(lambda: self.status_file.exists() and "requests" in self.status(), 10, "the edge has no status")
        if tls:
            until(lambda: ask_tls(self.tls_port), 10, "the edge does not answer over TLS")

    def roles(self):
        return {pid: name_of(pid) for pid in children(self.process.pid)}

    def workers(self):
        return [pid for pid, name in self.roles().items() if name == "edge-worker"]

    def status(self):
        return dict(line.split(" ", 1) for line in self.status_file.read_text().splitlines() if " " in line)

    def rss(self):
        """Resident bytes of the workers that are theirs alone."""
        total = 0
        for pid in self.workers():
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += sum(int(n) for n in re.findall(r"^Private_\w+:\s+(\d+)", text, re.M)) * 1024
        return total

    def most(self):
        """Resident bytes of the largest worker at its height, what it shares with others included."""
        return max(int(re.search(r"^VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.M)[1]) for pid in self.workers()) * 1024

    def cpu(self):
        """Seconds of processor time of the workers."""
        return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in self.workers()) / 1e9

    def descriptors(self):
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.workers())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10)
        self.folder.cleanup()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def until(what, seconds, say):
    end = time.monotonic() + seconds
    while not (found := what()):
        if time.monotonic() > end:
            raise SystemExit(f"drill: {say}")
        time.sleep(0.02)
    return found


def whole_answer(s, request):
    s.sendall(request)
    data = b""
    while part := s.recv(65536):
        data += part
    return data


def ask(port, source="127.0.0.1", request=LAST_REQUEST, seconds=2):
    """The whole answer to one request over a connection of its own, or None."""
    try:
        with socket.create_connection(("127.0.0.1", port), seconds, source_address=(source, 0)) as s:
            return whole_answer(s, request)
    except OSError:
        return None


def ask_tls(port, source="127.0.0.1", request=LAST_REQUEST, seconds=5):
    """The same over a new TLS connection with a whole handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection(("127.0.0.1", port), seconds, source_address=(source, 0)) as raw, context.wrap_socket(raw) as s:
            return whole_answer(s, request)
    except OSError:
        return None


class Probe:
    """Ten requests a second, each over a new connection, in turn from twenty addresses that nobody else uses; also says
    whether the bytes are right. A process of its own: what generates the load must not hold it up."""

    def __init__(self, port, body, network="127.77.0", tls_port=0):
        self.process = subprocess.Popen([sys.executable, __file__, str(port), network, hashlib.sha256(body).hexdigest(), str(tls_port)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()  # it asks from here on, however late a busy machine let it begin
        self.times, self.wrong = [], []

    def stop(self):
        said = json.loads(self.process.communicate("", 20)[0])
        self.times, self.wrong = said["times"], said["wrong"]
        return self

    def ms(self, share):
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else float("inf")

    def worst(self):
        return max(self.times, default=float("inf")) * 1000


def probe_main(port, network, sha, tls_port):
    times, wrong, turn, ended = [], [], 0, False
    print("ready", flush=True)
    while not ended:
        began = time.monotonic()
        source = f"{network}.{1 + turn % 20}"
        # ten seconds: what is late is judged as late (V2), not as wrong (V1)
        answer = (ask_tls(tls_port, source, seconds=10) if tls_port and turn % 2 else ask(port, source, seconds=10)) or b""
        took = time.monotonic() - began
        times.append(took)
        head, _, body = answer.partition(b"\r\n\r\n")
        if b" 200 OK" not in head[:20] or hashlib.sha256(body).hexdigest() != sha:
            wrong.append((turn, took, head[:40].decode("latin-1")))
        turn += 1
        ended = bool(select.select([sys.stdin], [], [], max(0.0, 0.1 - took))[0])
    print(json.dumps({"times": times, "wrong": wrong}))


def connect_many(port, n, first=b"", network=None, seconds=30):
    """Up to n connections, opened without waiting for each; `network` "127.9.{}.{}" spreads them over sources. Each sends
    `first`. Returns those that stand."""
    made, pending, end = [], {}, time.monotonic() + seconds
    poll = select.poll()
    opened = 0
    while (opened < n or pending) and time.monotonic() < end:
        while opened < n and len(pending) < 512:
            s = socket.socket()
            s.setblocking(False)
            if network:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind((network.format(1 + opened // 200 % 250, 1 + opened % 200), 0))
            s.connect_ex(("127.0.0.1", port))
            pending[s.fileno()] = s
            poll.register(s, select.POLLOUT)
            opened += 1
        for fd, event in poll.poll(100):
            s = pending.pop(fd)
            poll.unregister(fd)
            try:
                if event & (select.POLLERR | select.POLLHUP):
                    raise OSError
                if first:
                    s.send(first)
                made.append(s)
            except OSError:
                s.close()
    for s in pending.values():
        s.close()
    return made


def drain(connections):
    """Reads what came; the number of connections that are still open."""
    alive = 0
    for s in connections:
        try:
            alive += s.recv(65536) != b""
        except BlockingIOError:
            alive += 1
        except OSError:
            pass
    return alive


# What every attack is judged by (docs/threat-model.md): right bytes, in time, memory back, nobody died, answers as before, load reached.
RULES = ("V1", "V2", "V3", "V4", "V5", "V8")
BUDGET = 512 << 20  # of a worker at its height


class Verdict:
    """Collects figures and what they must be; prints them; the exit code says whether all hold."""

    def __init__(self, name):
        self.name, self.rows, self.judged = name, [], set()

    def must(self, what, figure, limit, unit="", least=False, rule=None):
        good = figure >= limit if least else figure <= limit
        self.rows.append({"what": what, "figure": round(figure, 3), "limit": limit, "unit": unit, "passed": good, "rule": rule})
        self.judged |= {rule}
        sign = "≥" if least else "≤"
        print(f"  {'ok ' if good else 'NO '} {what:58} {figure:12.3f} {unit:6} ({sign} {limit})", flush=True)
        return good

    def survive(self, probe, calm=None, say=""):
        """V1 and V2 of every attack: the probe was answered rightly and in time."""
        self.must(f"{say}probe answered with the right bytes", 100 * (1 - len(probe.wrong) / max(1, len(probe.times))), 99.9, "%", least=True, rule="V1")
        bound = max(5 * calm.ms(0.99), 50.0) if calm else 250.0
        self.must(f"{say}probe p99", probe.ms(0.99), round(max(bound, 50.0), 1), "ms", rule="V2")
        if calm:
            self.must(f"{say}probe p50", probe.ms(0.5), round(max(2 * calm.ms(0.5), 20.0), 1), "ms")
            self.rows[-1]["calm"] = {"p50_ms": round(calm.ms(0.5), 3), "p99_ms": round(calm.ms(0.99), 3), "load": os.getloadavg()[0]}
            print(f"      in calm p50 {calm.ms(0.5):.1f}, p99 {calm.ms(0.99):.1f} ms; load of the machine now {os.getloadavg()[0]:.1f}", flush=True)

    def load(self, what, figure, target, unit=""):
        """V8: an attack that did not reach its size tested nothing, and the drill says so instead of passing."""
        if not self.must(what, figure, target, unit, least=True, rule="V8"):
            self.rows[-1]["not_tested"] = True
            print(f"      not tested: {what}", flush=True)

    def recovers(self, edge, calm, say=""):
        """V5: within five seconds of the end answers come as before it."""
        end, bound = time.monotonic() + 5, max(2 * calm.ms(0.99), 50.0)
        while True:
            probe = Probe(edge.port, edge.page)
            time.sleep(1)
            probe.stop()
            if (probe.ms(0.99) <= bound and not probe.wrong) or time.monotonic() > end:
                break
        self.must(f"{say}probe p99, five seconds after it at the latest", probe.ms(0.99), round(bound, 1), "ms", rule="V5")
        self.must(f"{say}wrong answers then", len(probe.wrong), 0)

    def whole(self, say=""):
        """An attack that was not judged by every rule has not passed; the next one begins anew."""
        missing = [rule for rule in RULES if rule not in self.judged]
        self.must(f"{say}rules that it was not judged by{': ' if missing else ''}{' '.join(missing)}", len(missing), 0)
        self.judged = set()

    def end(self, to=None):
        failed = [r for r in self.rows if not r["passed"]]
        if to:
            Path(to).write_text(json.dumps({"drill": self.name, "rows": self.rows}, indent=1) + "\n")
        untested = sum(r.get("not_tested", False) for r in self.rows)
        print(f"{self.name}: {len(self.rows) - len(failed)} of {len(self.rows)} held" + (f", {untested} not tested" if untested else ""))
        return 1 if failed else 0


def calm(edge, seconds=1.0, tls=False):
    """How the probe is answered while nothing else happens."""
    while True:
        probe = Probe(edge.port, edge.page, tls_port=edge.tls_port if tls else 0)
        time.sleep(seconds)
        if len(probe.stop().times) >= 5 or seconds > 10:
            return probe
        seconds *= 2  # a busy machine starts the probe late, and a calm that was not seen is no measure


def settles(verdict, edge, before, descriptors, quiet, deaths=0):
    """V3, V4, V5: memory and descriptors are back, nobody died but those who were killed, answers come as before; and nothing was left out."""
    until(lambda: edge.descriptors() <= descriptors + 2, 20, "descriptors were not given back")
    until(lambda: edge.rss() < max(before * 1.5, before + SMALL), 11, "memory was not given back")
    verdict.must("worker's own memory afterwards, beyond before", (edge.rss() - before) / 2**20, SMALL / 2**20, "MiB", rule="V3")
    verdict.must("a worker's memory at its height", edge.most() / 2**20, BUDGET / 2**20, "MiB")
    until(lambda: int(edge.status()["restarts"]) >= deaths, 5, "deaths are not counted")
    verdict.must("processes that had to be started again", float(edge.status()["restarts"]), deaths, rule="V4")
    verdict.recovers(edge, quiet)
    verdict.whole()


def drills_main(document, name, drills):
    """The program of a file of drills: those that are named, or all, in full size or --small. A drill is a function of the verdict
    and of whether it is small; the program's end says whether all held."""
    parser = argparse.ArgumentParser(description=document, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *drills], metavar="NAME", help=", ".join(drills))
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    many_descriptors()
    verdict = Verdict(name)
    for drill in arguments.names or drills:
        say = " ".join((drills[drill].__doc__ or "").split()).partition(":")[0].partition(". ")[0].strip(".")
        print(f"== {drill}{': ' if say else ''}{say}", flush=True)
        try:
            drills[drill](verdict, arguments.small)
        except SystemExit as ended:  # until(): what it waited for did not come; the others are run all the same
            verdict.must(f"{drill} came to its end: {ended}", 0, 1, least=True)
            verdict.judged = set()
    sys.exit(verdict.end(arguments.json))


def median(values):
    return statistics.median(values)


if __name__ == "__main__":
    probe_main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
