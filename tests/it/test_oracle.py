"""The oracle itself, on the examples that the rules are explained with."""
import json
from pathlib import Path

import oracle
import pytest

SMALL = Path(__file__).resolve().parent.parent / "vectors" / "election" / "small"


@pytest.fixture(scope="module")
def election():
    return oracle.Definition({p.name: p.read_bytes() for p in SMALL.iterdir()})


def columns(contest, **votes):
    return {c: votes.get(c, 0) for c in contest.columns}


def test_the_institutes_example(election):
    jg = election.contests["jg"]
    parties = oracle.share(jg, "*", columns(jg, SOL=42, LUNA=47, MAR=50, SOL_LUNA_MAR=148))
    assert (parties["SOL"], parties["LUNA"], parties["MAR"]) == (91, 96, 100)


def test_a_remainder_of_two(election):
    jg, alc = election.contests["jg"], election.contests["alc"]
    votes = {"SOL": 42, "LUNA": 47, "MAR": 50, "SOL_LUNA_MAR": 149}
    whole = oracle.share(jg, "*", columns(jg, **votes))
    each = oracle.share(alc, "borough:2", columns(alc, **votes))
    assert (whole["SOL"], whole["LUNA"], whole["MAR"]) == (91, 96, 101)
    assert (each["SOL"], each["LUNA"], each["MAR"]) == (91, 97, 100)


def test_a_common_candidacy(election):
    dip = election.contests["dip"]
    parties = oracle.share(dip, "district:1", columns(dip, RIO_BOSQUE_MAR=100))
    assert (parties["RIO"], parties["BOSQUE"], parties["MAR"]) == (54, 26, 20)


def test_percentages_are_truncated():
    assert oracle.truncated(13424, 13495) == "99.4738"
    assert oracle.truncated(2, 3) == "66.6666"
    assert oracle.truncated(1, 0) == "0.0000"


def test_bounds(election):
    stations = election.stations
    assert stations["090001B0100"].bound() == 616
    assert stations["090002S0100"].bound() == 1020
    assert stations["090000M0100"].bound() == 76649
    assert stations["090004U0100"].bound() == 1020


def test_both_digest_and_count_a_city_alike(run, tmp_path):
    """The program writes a definition and prints its digest; the oracle reads the files and makes its own."""
    made = run("atalaya-city", "--out", tmp_path / "night", "--scale", "small", "--images", "0", "--seed", "7", "--json")
    assert made.returncode == 0, made.stderr
    folder = tmp_path / "night" / "election"
    city = oracle.Definition({p.name: p.read_bytes() for p in folder.iterdir()})
    said = json.loads(made.stdout)
    assert said["definition"] == city.digest
    assert (said["stations"], said["actas"]) == (len(city.stations), len(city.actas))
