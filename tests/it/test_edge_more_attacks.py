"""Drills of TLS, of HTTP/2 frames and of misfortunes in small: the same attacks, bounds and verdicts, with fewer connections and seconds."""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "drills"))
import edge_flood  # noqa: E402
import edge_frames  # noqa: E402
import edge_halfopen  # noqa: E402
import edge_kit  # noqa: E402
import edge_misfortunes  # noqa: E402
import edge_tls  # noqa: E402


def judge(verdict):
    """A machine that does other things answers late: time alone fails the full drill, not this one."""
    failed = [row for row in verdict.rows if not row["passed"]]
    assert [row for row in failed if row["unit"] not in ("ms", "us", "s") or row["figure"] > 5000 * (row["unit"] != "s") + 10 * (row["unit"] == "s")] == []
    assert verdict.rows


DRILLS = [(edge_tls.DRILLS, name) for name in ("handshakes", "half_handshakes", "small_records")]
DRILLS += [(edge_misfortunes.DRILLS, name) for name in ("killed", "stalled_reader", "full_disk", "no_places", "no_descriptors", "clock_jumps", "no_memory")]
DRILLS += [(edge_flood.DRILLS, name) for name in ("kept_connections", "new_connections", "bad_requests")]
BY_WRK = {"killed", "stalled_reader", "full_disk", "kept_connections", "new_connections", "bad_requests"}


@pytest.mark.parametrize("drills,name", DRILLS, ids=[name for _, name in DRILLS])
def test_the_edge_survives(drills, name, bin_dir, monkeypatch):
    if name in BY_WRK and shutil.which("wrk") is None:
        pytest.skip("wrk, which asks, is not installed")
    monkeypatch.setattr(edge_kit, "BIN", bin_dir)
    monkeypatch.setattr(edge_misfortunes, "BIN", bin_dir)
    verdict = edge_kit.Verdict(name)
    drills[name](verdict, True)
    if not verdict.rows:
        pytest.skip("this machine does not give what it needs: the drill says what")
    judge(verdict)


def test_the_edge_survives_half_open_connections(bin_dir, tmp_path):
    """In a namespace of its own, so a process of its own."""
    if os.geteuid() != 0 or shutil.which("ip") is None or subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode != 0:
        pytest.skip("no namespace can be made here")
    out = tmp_path / "rows.json"
    done = subprocess.run([sys.executable, edge_halfopen.__file__, "--small", "--json", out], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "ATALAYA_BIN_DIR": str(bin_dir)})
    assert out.exists(), done.stdout + done.stderr
    verdict = edge_kit.Verdict("half_opened")
    verdict.rows = json.loads(out.read_text())["rows"]
    judge(verdict)


@pytest.mark.parametrize("name", ["rapid reset", "CONTINUATION without end", "made to reset: upper case", "bombs and stalls"])
def test_the_edge_survives_frames(name, bin_dir, monkeypatch):
    """Each flood's counter alone is in test_h2.py; here with the probe."""
    monkeypatch.setattr(edge_kit, "BIN", bin_dir)
    verdict = edge_kit.Verdict(name)
    edge_frames.DRILLS[name](verdict, True)
    judge(verdict)
