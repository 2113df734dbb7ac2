#!/usr/bin/python3
"""What a lost origin costs: the continuous copy's RPO and RTO.

64 senders, the intake killed in the middle with all its roles and its folder given up for lost. RPO: acknowledged actas that the
copy does not hold, and how long before the loss the oldest of them was acknowledged. RTO: `--restore` from the copy, and from
then until the new intake has acknowledged an acta that came before and one that is new. `bench/copy.py [--json FILE]`"""
import argparse
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO / "tests" / "it"))
sys.path.insert(0, str(REPO / "bench"))
import intake_kit  # noqa: E402
from intake import Sender, bodies  # noqa: E402


def start(bin_dir, night, *args):
    intake = subprocess.Popen([bin_dir / "atalaya-intake", "--dir", night, "--listen", "127.0.0.1:0", *args],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return intake, int(intake.stdout.readline().split("/v1/acta")[0].rsplit(":", 1)[1])


def send_until(port, requests, n):
    """Sends with 64 connections until n are acknowledged; [(moment, request)] in the order of acknowledgement."""
    selector, queue, done = selectors.DefaultSelector(), list(reversed(requests)), []
    for _ in range(64):
        sender = Sender(port)
        sender.request = queue.pop()
        sender.send(sender.request)
        selector.register(sender.socket, selectors.EVENT_READ, sender)
    while len(done) < n:
        for key, _ in selector.select(10):
            key.data.answered()
            done.append((time.monotonic(), key.data.request))
            key.data.request = queue.pop()
            key.data.send(key.data.request)
    return done


def events_in(journal):
    """Entries of the journal's whole records, as docs/formats/copy.md describes them."""
    data = journal.read_bytes()
    at = data.index(b"\n") + 1
    found = []
    while at + 16 <= len(data):
        entry, note = int.from_bytes(data[at:at + 4], "big"), int.from_bytes(data[at + 4:at + 8], "big") & 0x7FFFFFFF  # less the bit of a beginning
        end = at + 16 + entry + note + 32
        if end > len(data):
            break
        found.append(data[at + 16 + entry:at + 16 + entry + note])
        at = end
    return found


def measure(bin_dir, actas, sync):
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/tmp")) as folder:
        night, copy, again = Path(folder) / "night", Path(folder) / "copy", Path(folder) / "again"
        night.mkdir()
        shutil.copytree(intake_kit.ELECTION, night / "election")
        requests = bodies(actas + 200)
        intake, port = start(bin_dir, night, "--copy", copy, *(["--copy-sync"] if sync else []))
        done = send_until(port, requests, actas)
        intake.send_signal(signal.SIGKILL)
        lost_at = time.monotonic()
        intake.wait(10)
        held = set(events_in(copy / "journal"))
        lost = [moment for moment, request in done if request.split(b"\r\n\r\n", 1)[1] not in held]
        begin = time.monotonic()
        subprocess.run([bin_dir / "atalaya-intake", "--restore", copy, "--dir", again], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        restored = time.monotonic()
        intake, port = start(bin_dir, again)
        sender = Sender(port)
        sender.send(requests[0])
        assert sender.socket.recv(65536).startswith(b"HTTP/1.1 200"), "what was acknowledged before is answered as before"
        sender.send(requests[-1])
        sender.answered()
        up = time.monotonic()
        intake.terminate()
        intake.wait(10)
        return {"copy": "sync" if sync else "behind", "acknowledged": len(done), "lost": len(lost),
                "rpo_ms": round((lost_at - min(lost)) * 1000, 1) if lost else 0,
                "restore_ms": round((restored - begin) * 1000), "rto_ms": round((up - begin) * 1000)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=Path, default=REPO / "build" / "bin")
    parser.add_argument("--actas", type=int, default=8000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = [measure(options.bin, options.actas, sync) for sync in (False, True)]
    print(f"{'copy':<8}{'acknowledged':>14}{'lost':>6}{'RPO ms':>9}{'restore ms':>12}{'RTO ms':>9}")
    for row in rows:
        print(f"{row['copy']:<8}{row['acknowledged']:>14}{row['lost']:>6}{row['rpo_ms']:>9}{row['restore_ms']:>12}{row['rto_ms']:>9}")
    if options.json:
        options.json.write_text(json.dumps({"copy": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
