"""Reads segments of hits as docs/formats/hits.md says, and nothing else of the house."""
import hashlib
import ipaddress
import socket
import struct
from pathlib import Path

KINDS = ["plane", "protocol", "method", "path", "decision", "reason", "http", "tls"]


def address(raw):
    return str(ipaddress.ip_address(raw[12:]) if raw[:12] == b"\0" * 10 + b"\xff\xff" else ipaddress.ip_address(raw))


def read_segment(path):
    data = Path(path).read_bytes()
    if len(data) < 96:
        return []  # opened this moment: its head is on the way
    assert data[:16] == b"atalaya-hits/1\n\0"
    names, blocks, at = {}, [], 96
    while len(data) - at >= 8 and len(data) - at >= struct.unpack_from("<I", data, at + 4)[0]:
        length = struct.unpack_from("<I", data, at + 4)[0]
        block = data[at:at + length]
        assert block[:4] == b"HBLK" and hashlib.sha256(block[:-8]).digest()[:8] == block[-8:]
        seen, lost, cost, size = struct.unpack_from("<4Q", block, 24)
        n_words, n_rows, n_records, rate = struct.unpack_from("<4I", block, 296)
        where = 312
        for _ in range(n_words):
            kind, n, ident = struct.unpack_from("<BBH", block, where)
            names[KINDS[kind], ident] = block[where + 4:where + 4 + n].decode()
            where += 4 + n
        rows = []
        for _ in range(n_rows):
            bits, refused, requests, row_cost, row_bytes = struct.unpack_from("<B3xIQQQ", block, where + 16)
            rows.append((address(block[where:where + 16]), bits, requests, refused, row_cost, row_bytes))
            where += 48
        records = []
        for _ in range(n_records):
            time_ms, = struct.unpack_from("<q", block, where)
            body, one_cost, weight, sport, dport, status, tls, prints = struct.unpack_from("<QIIHHHHH", block, where + 40)
            ids = dict(zip(KINDS, block[where + 66:where + 72]))
            records.append({"time_ms": time_ms, "source": address(block[where + 8:where + 24]), "bytes": body,
                            "dest": address(block[where + 24:where + 40]), "cost": one_cost, "rate": weight,
                            "sport": sport, "dport": dport, "status": status, "worker": block[where + 79], "http": prints, "tls": names["tls", tls] if tls else None,
                            **{k: names[k, v] for k, v in ids.items()}})
            where += 80
        assert where == length - 8
        blocks.append({"seen": seen, "lost": lost, "cost": cost, "bytes": size, "rate": rate, "rows": rows,
                       "records": records, "decisions": struct.unpack_from("<8Q", block, 56),
                       "statuses": struct.unpack_from("<6Q", block, 120)})
        at += length
    return blocks


def read_folder(folder):
    return [block for path in sorted(Path(folder).glob("*.hits")) for block in read_segment(path)]


def seen(folder):
    return sum(block["seen"] + block["lost"] for block in read_folder(folder))


def by_source(blocks):
    out = {}
    for block in blocks:
        for net, bits, requests, *_ in block["rows"]:
            out[net, bits] = out.get((net, bits), 0) + requests
    return out


def ask(port, source, path="/", times=1):
    """So many requests on one connection from that loopback address; the source port and the statuses."""
    with socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(source, 0)) as sock:
        sport, statuses = sock.getsockname()[1], []
        reader = sock.makefile("rb")
        for _ in range(times):
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            status = int(reader.readline().split()[1])
            length = 0
            while (line := reader.readline().strip()) != b"":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            statuses.append((status, len(reader.read(length))))
    return sport, statuses
