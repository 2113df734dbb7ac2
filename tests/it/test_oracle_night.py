"""A whole night of the real programs, from the feeder to the mirrors, against the oracle."""
import oracle
import pytest


@pytest.mark.slow
def test_a_night_and_its_mirrors(run, tmp_path):
    night = tmp_path / "night"
    done = run("atalaya-night", "--dir", night, "--scale", "small", "--speed", "max", "--once", "--listen", "127.0.0.1:0",
               "--images", "0", "--cut-s", "1200", "--package-s", "43200", "--quiet", seconds=300)
    assert done.returncode == 0, done.stdout + done.stderr
    for tree in ("public", "mirror-1/public", "mirror-2/public"):
        assert oracle.compare(night / tree) == []
    wrong, cuts = oracle.compare_entries(oracle.entries(night / "public"))
    assert wrong == [] and cuts >= 70
    latest = oracle.json.loads((night / "public" / "latest.json").read_text())
    assert latest["last"]
    state = oracle.State(oracle.entries(night / "public"), latest["log_size"])
    package = night / "public" / "package" / str(latest["cut"])
    for contest, code in (("jg", "GUB"), ("dip", "DIP_LOC"), ("alc", "ALC")):
        assert oracle.compare_database(package / f"CDMX_{code}_2027.csv", state, contest, True) == []
