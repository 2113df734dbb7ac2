"""Published cuts against the oracle: ledgers made up at random, every cell, observation, correction and review among them, are
cut by atalaya-cut, and every figure of every area's data must be the one that Python finds."""
import random

import oracle
import pytest
from night_ledger import Night, iso

REASONS = ["not-delivered", "not-installed", "no-bag", "urn"]
LETTER = {state: letter for letter, state in oracle.EMPTY.items()}


@pytest.fixture
def night(tmp_path, bin_dir):
    made = Night(tmp_path / "night", bin_dir)
    yield made
    made.close()


class Writer:
    """Writes acta entries as an intake would, with figures that the dice give."""

    def __init__(self, night, seed):
        self.night, self.dice = night, random.Random(seed)
        self.election = oracle.definition_of([e.decode() for e in night.ledger.entries])
        self.last = {}  # acta -> (index, version, contest)
        self.outside = 0

    def votes(self, contest, boxes, bound):
        """Cells of one sheet: mostly legible; now and then too many votes, or none that can be read."""
        dice, mood = self.dice, self.dice.random()
        scale = max(1, (bound if mood > 0.1 else 4 * bound + 40) // max(1, len(boxes)) * 2)
        cells = []
        for column in contest.columns:
            roll = dice.random()
            if column not in boxes:
                cells.append("N" if roll > 0.01 else str(dice.randrange(5)))
            elif mood > 0.95:
                cells.append(dice.choice("ISN"))
            elif roll < 0.04:
                cells.append(dice.choice("IISSN"))
            else:
                cells.append(str(dice.choice([0, dice.randrange(scale), dice.randrange(scale)])))
        return cells

    def write(self, acta, contest_id, station, area, stated="-"):
        dice, contest = self.dice, self.election.contests[contest_id]
        boxes = contest.boxes(area)
        none = dice.random() < 0.06
        cells = ["X"] * len(contest.columns) if none else self.votes(contest, boxes, station.bound() if station else 500)
        counted, seen, computed = oracle.judge(oracle.cells(" ".join(cells)), none, boxes, contest.columns, station)
        if dice.random() < 0.04:  # an intake that cannot add: the record is set aside
            computed += 1
        index, version, _ = self.last.get(acta, ("-", 0, None))
        at, image = dice.randrange(60, 80000), f"{dice.getrandbits(256):064x} {dice.randrange(1000, 300000)}"
        fields = " ".join(["X"] * 5 if none else [dice.choice(["I", "S", "N", "7", "120"]) for _ in range(5)])
        rows = ["prep-acta/v1", f"acta {acta}", f"stated {stated}", f"contest {contest_id}", f"version {version + 1}",
                f"previous {index}", "centre catd-01", f"reason {'cotejo' if version else '-'}", f"status {counted}",
                f"observations {','.join(seen) or '-'}", f"computed {computed}",
                f"noacta {dice.choice(REASONS) if none else '-'}", f"fields {fields}", "votes " + " ".join(cells),
                "transport -", f"image {'-' if none else image}"]
        if none:
            rows += ["received -", "captured -", "verified -", "origin -", "means -", "document -"]
        else:
            rows += [f"received {iso(at)}", f"captured {iso(at + 60)}", f"verified {iso(at + 90)}", "origin CATD",
                     "means ESCANER", "document ACTA-PREP"]
        rows.append("findings -")
        with self.night.lock:
            self.last[acta] = (self.night.ledger.append("\n".join(rows) + "\n"), version + 1, contest_id)

    def catalogue(self, acta):
        station, contest, _ = self.election.actas[acta]
        area = self.election.acta_areas(acta).get(self.election.contests[contest].area_kind)
        self.write(acta, contest, self.election.stations[station], area)

    def stranger(self):
        self.outside += 1
        acta = f"FC-{self.dice.getrandbits(64):016x}"
        self.write(acta, self.dice.choice(list(self.election.contests)), None, None, stated="090999B0100A02")

    def correct(self):
        acta = self.dice.choice(list(self.last))
        if acta in self.election.actas:
            self.catalogue(acta)
        else:
            self.write(acta, self.last[acta][2], None, None)

    def review(self):
        acta = self.dice.choice(list(self.last))
        with self.night.lock:
            self.night.ledger.append(f"prep-review/v1\nacta {acta}\nentry {self.last[acta][0]}\n"
                                     f"action {self.dice.choice(['hold', 'release'])}\ntime {iso(900)}\nreason cotejo\n")

    def some(self, n):
        expected = [a for a in self.election.actas if a not in self.last]
        self.dice.shuffle(expected)
        for acta in expected[:n]:
            self.catalogue(acta)
            roll = self.dice.random()
            if roll < 0.15:
                self.stranger()
            elif roll < 0.35:
                self.correct()
            elif roll < 0.5:
                self.review()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_figure_of_every_area(night, seed):
    writer = Writer(night, seed)
    public = night.dir / "public"
    night.start("--cadence", "1200", "--package", "86400")
    # A cut of nothing, three on the way, and the declared last one with the special stations in participation.
    for step, n in enumerate([0, 5, 12, 16, 40]):
        writer.some(n)
        if step == 4:
            assert night.ask("close todo-publicado").startswith("ok")
        assert night.cut(1200 * step).startswith("ok"), night.log()
        night.sign()
        assert oracle.compare(public) == []
    log = [e.decode() for e in night.ledger.entries]
    wrong, cuts = oracle.compare_entries(log)
    assert wrong == [] and cuts >= 5
    for f in (oracle.fields_of(e)[1] for e in log if e.startswith("prep-cut/v1\n")):
        assert f["files-root"] == oracle.files_root((public / "cut" / f["number"] / "manifest").read_bytes())
    state = oracle.State(log)
    assert sum(r["version"] > 1 for r in state.records.values()) > 0


@pytest.mark.parametrize("seed", [11, 12])
def test_the_official_database(night, wait_for, seed):
    """The CSV of each contest: its thirteen figures and every row, in a package on the way and in the last one."""
    writer = Writer(night, seed)
    public = night.dir / "public"
    night.start("--cadence", "1200", "--package", "1200")
    for step, n in enumerate([25, 40]):
        writer.some(n)
        if step == 1:
            assert night.ask("close todo-publicado").startswith("ok")
        assert night.cut(1200 * (step + 1)).startswith("ok"), night.log()
        night.sign()
        facts = oracle.json.loads((public / "latest.json").read_text())
        package = public / "package" / str(facts["cut"])  # made in the background, put there whole
        wait_for(package.is_dir, 30, say=night.log)
        state = oracle.State(oracle.entries(public), facts["log_size"])
        for contest, code in (("jg", "GUB"), ("dip", "DIP_LOC"), ("alc", "ALC")):
            path = package / f"EJE_{code}_2027.csv"
            assert oracle.compare_database(path, state, contest, facts["last"]) == []
    assert facts["last"]


def test_the_oracle_sees_a_wrong_figure(night):
    """compare() is no test that cannot fail: one vote more in one file of data, and it says where."""
    writer = Writer(night, 9)
    writer.some(40)
    night.start("--cadence", "1200", "--package", "86400")
    assert night.cut(0).startswith("ok"), night.log()
    night.sign()
    public = night.dir / "public"
    assert oracle.compare(public) == []
    data = next((public / "cut").rglob("district-02.json"))
    text = data.read_text()
    said = oracle.json.loads(text)["figures"]
    data.chmod(0o644)
    data.write_text(text.replace(f'"votes":{said["votes"]}', f'"votes":{said["votes"] + 1}', 1))
    wrong = oracle.compare(public)
    assert wrong and "district-02.json" in wrong[0]
