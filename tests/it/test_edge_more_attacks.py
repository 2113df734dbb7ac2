"""Drills of TLS, of HTTP/2 frames and of misfortunes in small: the same attacks, bounds and verdicts, with fewer connections and seconds."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "drills"))
import edge_frames  # noqa: E402
import edge_kit  # noqa: E402
import edge_misfortunes  # noqa: E402
import edge_tls  # noqa: E402


def judge(verdict):
    """A machine that does other things answers late: time alone fails the full drill, not this one."""
    failed = [row for row in verdict.rows if not row["passed"]]
    assert [row for row in failed if row["unit"] not in ("ms", "us", "s") or row["figure"] > 5000 * (row["unit"] != "s") + 10 * (row["unit"] == "s")] == []
    assert verdict.rows


DRILLS = [(edge_tls.DRILLS, name) for name in ("handshakes", "half_handshakes", "small_records")]
DRILLS += [(edge_misfortunes.DRILLS, name) for name in ("full_disk", "no_places")]


@pytest.mark.parametrize("drills,name", DRILLS, ids=[name for _, name in DRILLS])
def test_the_edge_survives(drills, name, bin_dir, monkeypatch):
    monkeypatch.setattr(edge_kit, "BIN", bin_dir)
    verdict = edge_kit.Verdict(name)
    drills[name](verdict, True)
    judge(verdict)


@pytest.mark.parametrize("name", ["rapid reset", "CONTINUATION without end", "made to reset: upper case", "bombs and stalls"])
def test_the_edge_survives_frames(name, bin_dir, monkeypatch):
    """Each flood's counter alone is in test_h2.py; here with the probe."""
    monkeypatch.setattr(edge_kit, "BIN", bin_dir)
    verdict = edge_kit.Verdict(name)
    edge_frames.DRILLS[name](verdict, True)
    judge(verdict)
