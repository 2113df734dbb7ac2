#!/usr/bin/python3
"""Floods of whole requests: over kept connections, over new ones, and of requests that are never a hit (rows 1, 2, 6 and 21). An
independent probe must be answered rightly and in time, and no bad request may cost the edge more than a good one.

`drills/edge_flood.py [--small] [--json FILE]`. Loopback only; three minutes at full size."""
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from edge_kit import Edge, Probe, calm, drills_main, median, settles  # noqa: E402

LUA = {
    "random query": 'request = function() n = (n or 0) + 1; return wrk.format("GET", "/cut/0/index.html?x=" .. n) end',
    "unknown path": 'request = function() n = (n or 0) + 1; return wrk.format("GET", "/cut/0/no/" .. n) end',
    "long target": 'local long = string.rep("a", 1900); request = function() return wrk.format("GET", "/" .. long) end',
    # 4,096 paths that djb2, FNV's cousins and other unkeyed sums of the sort put into one place; "Ez" and "FY" weigh the same
    "colliding paths": """local n = 0; request = function() n = (n + 1) % 4096; local s, k = "", n
for i = 1, 12 do s = s .. (k % 2 == 0 and "Ez" or "FY"); k = math.floor(k / 2) end
return wrk.format("GET", "/cut/0/" .. s) end""",
    "random paths of the same length": """math.randomseed(1); request = function() local s = ""
for i = 1, 24 do s = s .. string.char(97 + math.random(0, 25)) end
return wrk.format("GET", "/cut/0/" .. s) end""",
    "unknown host": 'wrk.headers["Host"] = "nobody.example"; request = function() return wrk.format("GET", "/cut/0/index.html") end',
    "image that is not there": 'local h = string.rep("ab", 32); request = function() return wrk.format("GET", "/acta/" .. h .. ".jpg") end',
    "range beyond the end": 'wrk.headers["Range"] = "bytes=99999999-"; request = function() return wrk.format("GET", "/cut/0/big.bin") end',
    "many ranges": 'wrk.headers["Range"] = "bytes=0-1,2-3,4-5,6-7"; request = function() return wrk.format("GET", "/cut/0/index.html") end',
}


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


def bad_requests(verdict, small):
    """No request that is none of ours costs more than one that is."""
    with Edge() as edge:
        quiet, before, descriptors = calm(edge), edge.rss(), edge.descriptors()
        probe, asked = Probe(edge.port, edge.page), 0
        scripts = {}
        for name, text in LUA.items():
            scripts[name] = Path(edge.folder.name) / f"{name.replace(' ', '-')}.lua"
            scripts[name].write_text(text)
        wrk(edge, 1)
        rounds = 1 if small else 5
        costs = {name: [] for name in ("hit", *LUA)}
        for _ in range(rounds):
            costs["hit"].append(wrk(edge, 1)[1])
            for name, script in scripts.items():
                requests, cost = wrk(edge, 1, script=script)
                costs[name].append(cost)
                asked += requests
        probe.stop()
        good = median(costs["hit"])
        verdict.must("cost of: colliding paths, beside random ones", median(costs["colliding paths"]) / median(costs["random paths of the same length"]),
                     1.2 if not small else 2.0)
        for name in LUA:
            verdict.must(f"cost of: {name}, beside a hit of 4 KiB", median(costs[name]) / good, 1.1 if not small else 2.0)
        verdict.load("bad requests: a second", asked / len(LUA) / rounds, 500 if small else 5000)
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
