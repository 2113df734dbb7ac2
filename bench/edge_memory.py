#!/usr/bin/python3
"""What one connection costs a worker of atalaya-edge in memory of its own: private resident pages before and with 19,000
connections of a kind. The kernel's part (about 4 KiB of slab an end of a socket) is not in it.

`bench/edge_memory.py [--json FILE] [--connections 19000]`. Loopback only, about 20 s."""
import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "drills"))
import edge_kit as kit  # noqa: E402

HALF = b"GET /cut/0/index.html HTTP/1.1\r\nHost: a\r\nUser-Agent: Mozilla/5.0 (slow)\r\nX-a: b\r\n"
KINDS = [("idle keep-alive, after one request", kit.REQUEST, 0.4, 0.1), ("half a head of 84 bytes", HALF, 2.0, 1.0),
         ("connected, not a byte sent", b"", 0.4, 0.1)]


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
    arguments = parser.parse_args()
    most = kit.many_descriptors() - 600
    rows = []
    print(f"{'a connection of a worker, its own memory':40} {'n':>6} {'KiB each':>9} {'bound':>6} {'aim':>5}   worker before/after, KiB")
    for kind, first, bound, aim in KINDS:
        row = measure(kind, first, min(arguments.connections, most))
        rows.append(row)
        print(f"{kind:40} {row['connections']:6} {row['bytes'] / 1024:9.3f} {bound:6} {aim:5}   {row['before_kb']} / {row['after_kb']}", flush=True)
    idle = rows[0]["bytes"]
    print(f"250,000 idle connections by calculation: {idle * 250000 / 2**20:.1f} MiB of the worker's own")
    if arguments.json:
        arguments.json.write_text(json.dumps({"bench": "edge_memory", "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
