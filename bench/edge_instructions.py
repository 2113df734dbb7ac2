#!/usr/bin/python3
"""Instructions in user mode that one HTTP/1.1 request costs atalaya-edge, the floor and nginx: callgrind's count, which does
not depend on what else the machine does. Each server runs under valgrind twice, with few and with many requests over one
connection; the difference counts. The jail is off here (valgrind needs calls of its own).

`bench/edge_instructions.py [--json FILE] [--functions]`. Loopback only, about half a minute."""
import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import edge as bench  # noqa: E402

os.environ["ATALAYA_JAIL"] = "off"
BROWSER = ("User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
           "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: es-MX,es;q=0.8,en-US;q=0.5,en;q=0.3\r\n"
           "Accept-Encoding: gzip, deflate\r\nDNT: 1\r\nConnection: keep-alive\r\nUpgrade-Insecure-Requests: 1\r\nSec-Fetch-Dest: document\r\n"
           "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Site: none\r\nSec-Fetch-User: ?1\r\nPriority: u=0, i\r\n")
WORKS = {"100 B, bare": ("cut/0/b100.html", "", 200), "4 KiB, bare": ("cut/0/b4k.html", "", 200), "4 KiB, a browser's head": ("cut/0/b4k.html", BROWSER, 200),
         "304": ("cut/0/b4k.html", "If-None-Match: {etag}\r\n", 304), "404": ("cut/0/nada", "", 404), "404, random query": ("cut/0/x?{n}", "", 404)}


def load(port, path, fields, status, n):
    with socket.create_connection(("127.0.0.1", port), 60) as s:
        s.sendall(b"GET /cut/0/b4k.html HTTP/1.1\r\nHost: a\r\n\r\n")
        tag = re.search(rb'(?i)etag: ("[^"]*")', s.recv(65536))
        time.sleep(0.1)
        s.setblocking(False)
        try:
            s.recv(65536)
        except BlockingIOError:
            pass
        s.setblocking(True)
        fields = fields.replace("{etag}", tag[1].decode() if tag else "x")
        for i in range(n):
            s.sendall(f"GET /{path.replace('{n}', str(i))} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n".encode())
            data = b""
            while b"\r\n\r\n" not in data:
                data += s.recv(65536)
            head, _, body = data.partition(b"\r\n\r\n")
            assert int(head.split()[1]) == status, head
            left = int((re.search(rb"(?i)content-length: (\d+)", head) or [0, 0])[1]) - len(body)
            while status != 304 and left > 0:
                left -= len(s.recv(65536))


def counted(command, port, work, n, folder):
    for old in Path(folder).glob("cg.*"):
        old.unlink()
    server = bench.Server("under callgrind", "", ["valgrind", "-q",  "--tool=callgrind", "--trace-children=yes",
                                                  f"--callgrind-out-file={folder}/cg.%p", *os.environ.get("CALLGRIND", "").split(), *command], port)
    load(port, *work, n)
    server.stop()
    outs = list(Path(folder).glob("cg.*"))
    ours = [out for out in outs if "serve_http1.c" in out.read_text()]  # of an edge, the worker
    totals = {out: re.search(r"^(?:totals|summary): (\d+)", out.read_text(), re.M) for out in ours or outs}
    return {out: int(total[1]) for out, total in totals.items() if total}


def cost(command, port, work, folder):
    few, many = counted(command, port, work, 50, folder), counted(command, port, work, 1050, folder)
    return (sum(many.values()) - sum(few.values())) / 1000, max(many, key=many.get)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--functions", action="store_true", help="where atalaya-edge spends them")
    parser.add_argument("--only", nargs="*", default=["floor", "atalaya-edge", "nginx"])
    parser.add_argument("--work", nargs="*", choices=list(WORKS), default=list(WORKS))
    arguments = parser.parse_args()
    if shutil.which("valgrind") is None:
        sys.exit("bench: valgrind is not installed")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        tree = bench.make_tree(Path(folder) / "public")
        port = bench.free_port()
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", f"{folder}/shim.so", bench.REPO / "bench/openat2_shim.c"], check=True)
        os.environ["LD_PRELOAD"] = f"{folder}/shim.so"
        conf = (bench.REPO / "bench/peers/nginx-tuned.conf").read_text().replace("{dir}", folder).replace("{port}", str(port))
        Path(folder, "nginx.conf").write_text(conf.replace("{root}", str(tree.root)) + "\nmaster_process off;\n")
        edge = [bench.REPO / "build/bin/atalaya-edge", "--listen", f"127.0.0.1:{port}", "--tree", tree.root, "--role", "results", "--name", "b",
                "--vkey", tree.signer.vkey, "--hits", Path(folder) / "hits", "--packs", Path(folder) / "packs"]
        commands = {"floor": [bench.Floor(folder).binary, port, 100], "atalaya-edge": edge, "nginx": ["/usr/sbin/nginx", "-c", f"{folder}/nginx.conf"]}
        print(f"{'instructions:u a request':28}" + "".join(f"{k:>14}" for k in arguments.only))
        for name in arguments.work:
            row = {"work": name}
            for server in arguments.only:
                if server == "floor" and WORKS[name][2] != 200:
                    continue
                row[server], out = cost(commands[server], port, WORKS[name], folder)
                if server == "atalaya-edge" and arguments.functions:
                    text = subprocess.run(["callgrind_annotate", "--auto=no", str(out)], capture_output=True, text=True).stdout
                    print("\n".join(text.split("file:function")[1].splitlines()[:40]))
            print(f"{name:28}" + "".join(f"{row.get(k, float('nan')):14,.0f}" for k in arguments.only), flush=True)
            rows.append(row)
    if arguments.json:
        arguments.json.write_text(json.dumps({"bench": "edge_instructions", "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
