#!/usr/bin/python3
"""Floods of whole requests: over kept connections, over new ones, and of requests that are never a hit (rows 1, 2, 6 and 21). An
independent probe must be answered rightly and in time, and no bad request may cost the edge more than a good one.

`drills/edge_flood.py [--small] [--json FILE]`. Loopback only; three minutes at full size."""
import random
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from edge_kit import Edge, Probe, calm, drills_main, median, settles  # noqa: E402

# Every kind is a Lua expression of i, a number, for a whole request, beside a good request of the same sort: as many bytes, as new to the edge, over a
# connection of the same life. 4,096 of each are made before the load begins, so that one costs whoever sends it as much as another; else
# a load that comes more slowly costs the edge more wakes an answer, and the drill would measure that.
MANY = 4096
KEPT = {
    "random query": ('get("/cut/0/index.html?x=" .. i)', "good query"),
    "unknown path": ('get("/cut/0/no/" .. i)', "good query"),
    "the same unknown path": ('get("/wp-login.php")', "hit"),
    "long target": ('get("/" .. string.rep("a", 1900 - #tostring(i)) .. i)', "as many bytes"),
    # what has to be decoded and resolved, as much of it as is read at all
    "128 escapes": ('get("/" .. string.rep("aaaaaaaaaaa%61", 128) .. string.rep("a", 100) .. i)', "as many bytes"),
    "60 dot segments": ('get("/" .. string.rep("a/../", 30) .. string.rep("b", 1700) .. i)', "as many bytes"),
    # paths that djb2, FNV's cousins and other unkeyed sums of the sort put into one place; "Ez" and "FY" weigh the same
    "colliding paths": ('get("/cut/0/" .. colliding(i))', "good query"),
    "random paths of the same length": ('get("/cut/0/" .. random())', "good query"),
    "unknown host": ('get("/cut/0/index.html", "Host: nobody.example\\r\\n")', "hit"),
    "image that is not there": ('get("/acta/" .. string.format("%064x", i) .. ".jpg")', "image"),
    "range beyond the end": ('get("/cut/0/big.bin", "Host: a\\r\\nRange: bytes=99999999-" .. i .. "99999999\\r\\n")', "range"),
    "many ranges": ('get("/cut/0/index.html", "Host: a\\r\\nRange: bytes=0-1,2-3,4-5,6-7\\r\\n")', "hit"),
    "method that is none of ours": ('"DELETE /cut/0/index.html HTTP/1.1\\r\\nHost: a\\r\\nX: " .. i .. "\\r\\n\\r\\n"', "good query"),
}
ENDING = {
    "no request (400)": ('"GET /cut/0/index.html HTTP/1.1\\r\\nHost: a\\r\\nHost: b\\r\\n\\r\\n"', "last hit"),
    "content (413)": ('get("/cut/0/index.html", "Host: a\\r\\nContent-Length: 5\\r\\n") .. "12345"', "last hit"),
    "target of 2,049 bytes (414)": ('get("/" .. string.rep("a", 2048))', "last hit, as many bytes"),
    "900 dot segments (400)": ('get("/" .. string.rep("./", 900) .. i)', "last hit, as many bytes"),
    "65 fields (431)": ('get("/cut/0/index.html", "Host: a\\r\\n" .. string.rep("X: y\\r\\n", 64))', "last hit, as many fields"),
    "HTTP/2.0 (505)": ('"GET /cut/0/index.html HTTP/2.0\\r\\nHost: a\\r\\n\\r\\n"', "last hit"),
}
GOOD = {
    "hit": 'get("/cut/0/index.html")',
    "good query": 'get("/cut/0/index.html", "Host: a\\r\\nX: " .. i .. "\\r\\n")',  # the page, in bytes that did not come before
    "as many bytes": 'get("/cut/0/index.html", "Host: a\\r\\nX: " .. string.rep("a", 1870) .. i .. "\\r\\n")',
    "image": 'get("/acta/" .. string.rep("ab", 32) .. ".jpg")',
    "range": 'get("/cut/0/big.bin", "Host: a\\r\\nRange: bytes=0-" .. i .. "\\r\\n")',
    "last hit": 'get("/cut/0/index.html", "Host: a\\r\\nConnection: close\\r\\n")',
    "last hit, as many bytes": 'get("/cut/0/index.html", "Host: a\\r\\nConnection: close\\r\\nX: " .. string.rep("a", 2000) .. "\\r\\n")',
    "last hit, as many fields": 'get("/cut/0/index.html", "Host: a\\r\\nConnection: close\\r\\n" .. string.rep("X: y\\r\\n", 62))',
}
SMALL_KINDS = {"random query", "unknown path", "colliding paths", "image that is not there", "no request (400)"}
LUA = """function get(path, fields) return "GET " .. path .. " HTTP/1.1\\r\\n" .. (fields or "Host: a\\r\\n") .. "\\r\\n" end
function colliding(k) local s = "" for _ = 1, 12 do s = s .. (k % 2 == 0 and "Ez" or "FY"); k = math.floor(k / 2) end return s end
function random() local s = "" for _ = 1, 24 do s = s .. string.char(97 + math.random(0, 25)) end return s end
local made, n = {}, 0
function init() math.randomseed(1) for i = 1, MANY do made[i] = REQUEST end end
function request() n = n % MANY + 1 return made[n] end
""".replace("MANY", str(MANY))


def wrk(edge, seconds, connections=64, path="/cut/0/index.html", script=None, *words):
    """Requests answered; with the microseconds of the workers' processor time that each cost."""
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *words]
    command += ["-s", str(script)] if script else []
    before = edge.cpu()
    text = subprocess.run([*command, f"http://127.0.0.1:{edge.port}{path}"], capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    requests = int(re.search(r"(\d+) requests in", text)[1])
    return requests, (edge.cpu() - before) / max(1, requests) * 1e6


def flood(verdict, small, name, least, *words):
    with Edge() as edge:
        quiet, before, descriptors = calm(edge, 2), edge.rss(), edge.descriptors()
        probe = Probe(edge.port, edge.page)
        requests, _ = wrk(edge, 3 if small else 60, 256, "/cut/0/index.html", None, *words)
        probe.stop()
        verdict.load(f"{name}: requests a second", requests / (3 if small else 60), least / (20 if small else 1))
        verdict.survive(probe, quiet, f"{name}: ")
        settles(verdict, edge, before, descriptors, quiet)


def scripts(folder):
    """wrk's script of each kind."""
    found = {}
    for name, request in {**GOOD, **{kind: bad for kind, (bad, _) in {**KEPT, **ENDING}.items()}}.items():
        found[name] = Path(folder) / f"{re.sub('[^a-z0-9]+', '-', name.lower())}.lua"
        found[name].write_text(LUA.replace("REQUEST", request))
    return found


def image(edge):
    """One that is there, as large as the page."""
    folder = edge.tree.root / "acta"
    folder.mkdir()
    (folder / f"{'ab' * 32}.jpg").write_bytes(edge.page)


def bad_requests(verdict, small):
    """No request that is none of ours costs more than one of the same sort that is: pairs, each measured one after the other in a shuffled order, the
    median of what they cost beside each other."""
    with Edge() as edge:
        image(edge)
        quiet, before, descriptors = calm(edge), edge.rss(), edge.descriptors()
        probe, asked = Probe(edge.port, edge.page), {True: [], False: []}
        by_name = scripts(edge.folder.name)
        wrk(edge, 1)
        rounds, bound = (1, 2.0) if small else (5, 1.1)
        pairs = {name: good for name, (_, good) in {**KEPT, **ENDING}.items() if not small or name in SMALL_KINDS}
        costs = {name: [] for name in by_name}
        beside = {name: [] for name in pairs}

        def measure(name):
            """A bad kind and its good one, one after the other; how many bad ones were answered."""
            answered = {}
            for kind in random.sample([name, pairs[name]], 2):
                answered[kind], cost = wrk(edge, 1, script=by_name[kind])
                costs[kind].append(cost)
            beside[name].append(costs[name][-1] / costs[pairs[name]][-1])
            return answered[name]

        for _ in range(rounds):
            for name in random.sample(list(pairs), len(pairs)):
                asked[name in KEPT].append(measure(name))
        for name in pairs if small else ():  # one round among other work of the machine: what is really dear is so each time
            while min(beside[name]) > bound and len(beside[name]) < 5:
                measure(name)
        probe.stop()
        judged = min if small else median
        if not small:
            verdict.must("cost of: colliding paths, beside random ones", median(costs["colliding paths"]) / median(costs["random paths of the same length"]), 1.2)
        for name, good in pairs.items():
            verdict.must(f"cost of: {name}, beside: {good} ({median(costs[good]):.1f} µs)", judged(beside[name]), bound)
        verdict.load("bad requests over kept connections: a second", sum(asked[True]) / len(asked[True]), 500 if small else 5000)
        verdict.load("bad requests that end their connection: a second", sum(asked[False]) / len(asked[False]), 100 if small else 1000)
        verdict.survive(probe, quiet, "bad requests: ")
        settles(verdict, edge, before, descriptors, quiet)


def kept_connections(verdict, small):
    """Requests as fast as they go over 256 connections."""
    flood(verdict, small, "kept connections", 10000)


def new_connections(verdict, small):
    """A connection for each request."""
    flood(verdict, small, "new connections", 4000, "-H", "Connection: close")


DRILLS = {f.__name__: f for f in (kept_connections, new_connections, bad_requests)}

if __name__ == "__main__":
    drills_main(__doc__, "edge_flood", DRILLS)
