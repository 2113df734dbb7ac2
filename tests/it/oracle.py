"""The rules a second time, in Python and from the written formats alone: a published tree's ledger is read, every acta judged,
every sum and share made again. Nothing here looks at the programs' own figures; compare() holds them against these.
`python3 tests/it/oracle.py TREE` does so for the newest cut of a published tree.

Sources: docs/formats/*.md, docs/decisions/*.md and the LEEME they quote. Fractions are exact; percentages are truncated."""
import base64
import configparser
import csv
import hashlib
import io
import json
import struct
from fractions import Fraction
from pathlib import Path

MODES, SPECIAL_URN = "MAP", "U"
EMPTY = {"I": "illegible", "S": "blank", "N": "na", "X": "no-acta"}
ORDER = ["exceeds", "all-empty", "illegible", "blank", "no-acta", "out-of-catalogue"]


def truncated(part, whole):
    """A percentage with four decimals as text, truncated: "89.0187"."""
    units = 0 if whole == 0 else int(Fraction(part, whole) * 1000000)
    return f"{units // 10000}.{units % 10000:04d}"


# The definition


class Contest:
    def __init__(self, name, section):
        self.id = name
        self.area_kind, self.share_kind = section["area"], section["share_area"]
        self.proportional = [f for f in section.get("proportional_forms", "").split("+") if f]
        self.columns, self.kinds, self.members = [], {}, {}
        self.rules, self.candidacies = {}, []

    def boxes(self, area):
        """The columns of an area's form; area None: of any."""
        there = {c for c in self.columns if self.kinds[c] in ("write_in", "null")}
        for where, columns, _ in self.candidacies:
            if area is None or where in ("*", area):
                there |= set(columns)
        return there


class Station:
    def __init__(self, row):
        self.key, self.type, self.section = row["key"], row["key"][6], int(row["key"][2:6])
        self.district, self.borough = row["district"], row["borough"]
        self.location = int(row["location"])
        self.nominal, self.ballots, self.reps = int(row["nominal"]), int(row["ballots"]), int(row["reps"])
        self.special = self.type == "S" or (self.type == SPECIAL_URN and self.nominal == 0)

    def bound(self):
        if self.type in MODES:
            return self.nominal
        return (self.ballots if self.special else self.nominal) + self.reps

    def areas(self):
        return {k: f"{k}:{v}" for k, v in (("district", self.district), ("borough", self.borough)) if v}


class Definition:
    def __init__(self, files):
        """`files`: name -> bytes."""
        order = ["election.ini", "areas.csv", "columns.csv", "shares.csv", "candidacies.csv", "stations.csv", "actas.csv",
                 "signers.csv"]
        lines = "".join(f"{n} {len(files[n])} {hashlib.sha256(files[n]).hexdigest()}\n" for n in order)
        self.digest = hashlib.sha256(lines.encode()).hexdigest()
        ini = configparser.ConfigParser(inline_comment_prefixes=(";",), interpolation=None, delimiters=("=",))
        ini.optionxform = str
        ini.read_string(files["election.ini"].decode())
        self.id = ini["election"]["id"]
        rows = {n: list(csv.DictReader(io.StringIO(files[n].decode(), newline=""))) for n in order[1:]}
        self.areas = [f"{r['kind']}:{r['id']}" for r in rows["areas.csv"]]
        self.contests = {s.split(" ", 1)[1]: Contest(s.split(" ", 1)[1], ini[s]) for s in ini.sections()
                         if s.startswith("contest ")}
        for r in rows["columns.csv"]:
            contest = self.contests[r["contest"]]
            contest.columns.append(r["code"])
            contest.kinds[r["code"]] = r["kind"]
            contest.members[r["code"]] = r["members"].split("+") if r["members"] else []
        for r in rows["shares.csv"]:
            parts = {k: Fraction(v) / 100 for k, v in (p.split("=") for p in r["shares"].split("+") if p)}
            self.contests[r["contest"]].rules[r["column"], r["area"]] = (r["rule"], parts, r["remainder"])
        for r in rows["candidacies.csv"]:
            self.contests[r["contest"]].candidacies.append((r["area"], r["columns"].split("+"), r["name"]))
        self.stations = {r["key"]: Station(r) for r in rows["stations.csv"]}
        self.actas = {r["station"] + r["form"]: (r["station"], r["contest"], r["form"]) for r in rows["actas.csv"]}

    def acta_areas(self, key):
        """Area of each kind that an acta's votes belong to."""
        station, contest, form = self.actas[key]
        areas = {"entity": "entity:0"}
        if form not in self.contests[contest].proportional:
            areas.update(self.stations[station].areas())
        return areas


# The ledger


def entries(root):
    """All entries below root/log/tile/entries or root itself, in order."""
    base = Path(root)
    if (base / "log" / "tile" / "entries").is_dir():
        base = base / "log" / "tile" / "entries"
    bundles = {}
    for path in base.rglob("*"):
        name = path.relative_to(base).as_posix()
        if not path.is_file() or path.suffix in (".gz", ".br"):
            continue
        tile, _, width = name.partition(".p/")
        index = int(tile.replace("x", "").replace("/", ""))
        width = int(width) if width else 256
        if index not in bundles or bundles[index][0] < width:
            bundles[index] = (width, path)
    found = []
    for index in sorted(bundles):
        width, path = bundles[index]
        data, at, n = path.read_bytes(), 0, 0
        while at < len(data) and n < width:
            (size,) = struct.unpack_from(">H", data, at)
            found.append(data[at + 2:at + 2 + size].decode("ascii"))
            at, n = at + 2 + size, n + 1
        assert n == width, f"{path}: {n} entries, {width} promised"
    return found


def fields_of(entry):
    lines = entry.splitlines()
    return lines[0], dict(line.split(" ", 1) for line in lines[1:])


def definition_of(log):
    files = {}
    for entry in log:
        kind, f = fields_of(entry)
        if kind == "prep-file/v1":
            data = files.setdefault(f["name"], b"")
            assert len(data) == int(f["offset"])
            files[f["name"]] = data + base64.b64decode(f["bytes"])
    return Definition(files)


# The rules


def cells(text):
    return [(int(w), "number") if w not in EMPTY else (0, EMPTY[w]) for w in text.split()]


def judge(votes, no_acta, boxes, columns, station):
    """(counted, observations, computed) of one sheet. `station` None: out of catalogue."""
    computed = sum(v for v, _ in votes)
    states = {state for column, (_, state) in zip(columns, votes) if column in boxes}
    seen = set()
    if no_acta:
        seen.add("no-acta")
    elif "number" not in states:
        seen.add("all-empty")
    else:
        seen |= states & {"illegible", "blank"}
    if station is None:
        seen.add("out-of-catalogue")
    elif computed > station.bound():
        seen.add("exceeds")
    if station is None:
        counted = 2
    else:
        counted = 0 if seen & {"exceeds", "all-empty", "no-acta"} else 1
    return counted, [o for o in ORDER if o in seen], computed


FIGURES = ["expected", "registered", "out_of_catalogue", "captured", "counted", "not_counted", "inconsistent", "no_acta",
           "in_review", "urban_counted", "not_urban_counted", "nominal_counted", "votes", "votes_special"]


class Count:
    def __init__(self, columns):
        self.columns = dict.fromkeys(columns, 0)
        for figure in FIGURES:
            setattr(self, figure, 0)

    def add(self, votes, judged, station, in_review):
        counted, observations, computed = judged
        if in_review:
            self.in_review += 1
            return
        self.registered += 1
        if counted == 2:
            self.out_of_catalogue += 1
            return
        self.captured += 1
        self.no_acta += "no-acta" in observations
        self.inconsistent += bool({"exceeds", "all-empty", "illegible", "blank"} & set(observations))
        if counted == 0:
            self.not_counted += 1
            return
        self.counted += 1
        self.urban_counted += station.location == 1
        self.not_urban_counted += station.location == 2
        self.nominal_counted += 0 if station.special else station.nominal
        self.votes += computed
        self.votes_special += computed if station.special else 0
        for column, (value, _) in zip(self.columns, votes):
            self.columns[column] += value

    def participation(self, last):
        return truncated(self.votes if last else self.votes - self.votes_special, self.nominal_counted)


def share(contest, area, columns):
    """Votes by party of the sums of one area ("*": of none)."""
    parties = {c: v for c, v in columns.items() if contest.kinds[c] not in ("coalition", "common")}
    own = dict(parties)
    for joint, votes in columns.items():
        if contest.kinds[joint] not in ("coalition", "common"):
            continue
        members = sorted(contest.members[joint], key=contest.columns.index)
        rule, parts, last = contest.rules.get((joint, area)) or contest.rules.get((joint, "*")) or ("equal", {}, "")
        if rule == "percent":
            given = {m: int(votes * parts[m]) for m in members}
            given[last] += votes - sum(given.values())
        else:
            strongest = sorted(members, key=lambda m: -own[m])  # stable: ties stay in the order of the acta
            given = dict.fromkeys(members, votes // len(members))
            rest = votes % len(members)
            if rule == "equal":
                given[strongest[0]] += rest
            else:
                for m in strongest[:rest]:
                    given[m] += 1
        for m, v in given.items():
            parties[m] += v
    return parties


class State:
    """What a cut over entries [0, log_size) must say."""

    def __init__(self, log, log_size=None):
        self.election = definition_of(log)
        self.contests = self.election.contests
        self.records, self.reviews = {}, []
        self.corrections = 0
        for index, entry in enumerate(log[:log_size]):
            kind, f = fields_of(entry)
            if kind == "prep-acta/v1":
                self.take(index, f)
            elif kind == "prep-review/v1" and self.records[f["acta"]]["entry"] == int(f["entry"]):
                self.records[f["acta"]]["in_review"] = f["action"] == "hold"
        self.counts = {(c, a): Count(contest.columns) for c, contest in self.contests.items() for a in self.election.areas}
        self.count()

    def take(self, index, f):
        contest = self.contests[f["contest"]]
        inside = f["acta"] in self.election.actas
        station, area = None, None
        if inside:
            station = self.election.stations[self.election.actas[f["acta"]][0]]
            area = self.election.acta_areas(f["acta"]).get(contest.area_kind)
        votes = cells(f["votes"])
        judged = judge(votes, f["noacta"] != "-", contest.boxes(area), contest.columns, station)
        said = (int(f["status"]), [] if f["observations"] == "-" else f["observations"].split(","), int(f["computed"]))
        version = int(f["version"])
        assert version == (self.records[f["acta"]]["version"] + 1 if f["acta"] in self.records else 1)
        self.corrections += version > 1
        self.records[f["acta"]] = {"entry": index, "version": version, "contest": contest.id, "station": station,
                                   "votes": votes, "judged": judged, "no_acta": f["noacta"], "in_review": judged != said}

    def count(self):
        for key, (_, contest, _) in self.election.actas.items():
            for area in self.election.acta_areas(key).values():
                self.counts[contest, area].expected += 1
        for key, r in self.records.items():
            areas = self.election.acta_areas(key).values() if r["station"] else ["entity:0"]
            for area in areas:
                self.counts[r["contest"], area].add(r["votes"], r["judged"], r["station"], r["in_review"])

    def parties(self, contest_id, area):
        """Votes by party: of the whole as the sum over its share areas and of what lies in none."""
        contest, count = self.contests[contest_id], self.counts[contest_id, area]
        if area != "entity:0" or contest.share_kind == "entity":
            return share(contest, "*" if area == "entity:0" else area, count.columns)
        rest = dict(count.columns)
        sums = dict.fromkeys((c for c in contest.columns if contest.kinds[c] not in ("coalition", "common")), 0)
        parts = [a for a in self.election.areas if a.startswith(contest.share_kind + ":")]
        for part in parts:
            columns = self.counts[contest_id, part].columns
            rest = {c: rest[c] - columns[c] for c in rest}
            for party, votes in share(contest, part, columns).items():
                sums[party] += votes
        for party, votes in share(contest, "*", rest).items():
            sums[party] += votes
        return sums


# Held against a published cut


def compare(root, cut=None):
    """Every figure of a published cut's data against this oracle's: a list of sentences, empty when all agree."""
    root = Path(root)
    if cut is None:
        cut = json.loads((root / "latest.json").read_text())["cut"]
    folder = root / "cut" / str(cut)
    facts = json.loads((folder / "cut.json").read_text())
    state = State(entries(root), facts["log_size"])
    wrong, seen = [], 0
    if facts["corrections"] != state.corrections:
        wrong.append(f"corrections: {facts['corrections']}, must be {state.corrections}")
    for (contest, area), count in state.counts.items():
        kind, number = area.split(":")
        name = "index.json" if kind == "entity" else f"{kind}-{int(number):02d}.json"
        path = folder / contest / name
        if path.exists():
            seen += 1
            wrong += compare_area(f"{contest}/{name}", json.loads(path.read_text(), parse_float=str), state, contest, area,
                                  count)
    if seen < len(state.contests):
        wrong.append(f"data of {seen} areas only")
    return wrong


def compare_area(where, said, state, contest_id, area, count):
    wrong = []

    def same(what, found, must):
        if found != must:
            wrong.append(f"{where} {what}: {found}, must be {must}")

    figures, contest = said["figures"], state.contests[contest_id]
    for name in FIGURES:
        if name in figures:
            same(name, figures[name], getattr(count, name))
    same("votes_without_special", figures["votes_without_special"], count.votes - count.votes_special)
    for name in ("captured", "counted", "inconsistent"):
        same(f"{name}_percent", figures[f"{name}_percent"], truncated(getattr(count, name), count.expected))
    if figures["participation_percent"] is not None:
        same("participation", figures["participation_percent"], count.participation(said["last"]))

    def votes(what, row, must):
        if row["votes"] is None:  # nothing speaks yet: never a zero in its place
            same(f"{what} votes unsaid", must, 0)
        else:
            same(f"{what} votes", row["votes"], must)
            same(f"{what} percent", row["percent"], truncated(must, count.votes))

    for row in said["columns"]:
        votes(row["code"], row, count.columns[row["code"]])
    for row in said.get("candidacies", []):
        votes(row["name"], row, sum(count.columns[c] for c in row["columns"]))
    parties = state.parties(contest_id, area)
    for row in said["parties"]:
        votes(f"party {row['code']}", row, parties[row["code"]])
    shown = {row["code"] for row in said["parties"]}
    hidden = [p for p, v in parties.items() if v and p not in shown and contest.kinds[p] in ("party", "independent")]
    same("parties with votes that are not shown", hidden, [])
    same("sum by party", sum(parties.values()), count.votes)
    return wrong


# The roots of a cut (docs/formats/roots.md)


def leaf_hash(text):
    return hashlib.sha256(b"\0" + text.encode("ascii")).digest()


def tree_root(hashes):
    """RFC 6962, 2.1, in its own words."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\1" + tree_root(hashes[:k]) + tree_root(hashes[k:])).digest()


def state_leaves(state, log):
    outside = [key for key in state.records if key not in state.election.actas]  # in the order of their first entry
    for key in [*state.election.actas, *outside]:
        record = state.records.get(key)
        version, digest = (record["version"], leaf_hash(log[record["entry"]]).hex()) if record else (0, "-")
        yield f"prep-state/v1\n{key}\n{version}\n{digest}\n"


def totals_leaf(contest, area, count, parties):
    names = ["expected", "captured", "counted", "not_counted", "out_of_catalogue", "inconsistent", "no_acta", "in_review",
             "urban_counted", "not_urban_counted", "nominal_counted", "votes", "votes_special"]
    lines = ["prep-totals/v1", f"contest {contest.id}", "area " + area.replace(":", " ")]
    lines += [f"{n.replace('_', '-')} {getattr(count, n)}" for n in names]
    lines += ["columns " + " ".join(str(count.columns[c]) for c in contest.columns)]
    lines += ["parties " + ("-" if parties is None else " ".join(str(parties.get(c, 0)) for c in contest.columns))]
    return "\n".join(lines) + "\n"


def totals_leaves(state):
    election = state.election
    sections = sorted({s.section for s in election.stations.values()} - {0})
    for contest in state.contests.values():
        for area in election.areas:
            shown = area == "entity:0" or contest.area_kind in ("entity", area.split(":")[0])
            yield totals_leaf(contest, area, state.counts[contest.id, area],
                              state.parties(contest.id, area) if shown else None)
        counts = {s: Count(contest.columns) for s in sections}
        for key, (station, of, form) in election.actas.items():
            section = election.stations[station].section
            if of == contest.id and section and form not in contest.proportional:
                counts[section].expected += 1
                if key in state.records:
                    r = state.records[key]
                    counts[section].add(r["votes"], r["judged"], r["station"], r["in_review"])
        yield from (totals_leaf(contest, f"section:{s}", counts[s], None) for s in sections)


def compare_roots(state, log, entry):
    _, f = fields_of(entry)
    must = {"state-root": state_leaves(state, log), "totals-root": totals_leaves(state)}
    must = {name: tree_root([leaf_hash(leaf) for leaf in leaves]).hex() for name, leaves in must.items()}
    return [f"cut {f['number']}: {name} {f[name]}, must be {root}" for name, root in must.items() if f[name] != root]


def files_root(manifest):
    """Of a manifest's text: a leaf for each line of its plain files."""
    lines = manifest.decode().split("\n")
    first = next(i for i, line in enumerate(lines) if line.startswith("files ")) + 1
    n = int(lines[first - 1].split(" ")[1])
    return tree_root([leaf_hash(line + "\n") for line in lines[first:first + n]]).hex()


def compare_entries(log):
    """The figures and roots that each cut's own entry carries, against the entries it covers."""
    wrong, cuts = [], 0
    for entry in log:
        if not entry.startswith("prep-cut/v1\n"):
            continue
        cuts += 1
        _, f = fields_of(entry)
        state = State(log, int(f["log-size"]))
        said = [line.split(" ")[1:] for line in entry.splitlines() if line.startswith("figures ")]
        must = [[c, *(str(getattr(state.counts[c, "entity:0"], n)) for n in ("expected", "captured", "counted", "votes"))]
                for c in state.contests]
        if said != must:
            wrong.append(f"cut {f['number']}: {said}, must be {must}")
        wrong += compare_roots(state, log, entry)
    return wrong, cuts


# Held against the official database

LEGENDS = {"exceeds": "EXCEDE LISTA NOMINAL", "all-empty": "TODOS ILEGIBLES O SIN DATO",
           "illegible": "ALGÚN CAMPO ILEGIBLE O SIN DATO", "blank": "ALGÚN CAMPO ILEGIBLE O SIN DATO",
           "out-of-catalogue": "FUERA DE CATÁLOGO"}
NO_ACTA = {"not-delivered": "SIN ACTA POR PAQUETE NO ENTREGADO", "not-installed": "SIN ACTA POR CASILLA NO INSTALADA",
           "no-bag": "SIN ACTA POR PAQUETE ENTREGADO SIN BOLSA", "urn": "SIN ACTA POR CONTINGENCIA DE URNA ELECTRÓNICA"}
WORDS = {"illegible": "ILEGIBLE", "blank": "SIN DATO", "na": "N/A", "no-acta": "SIN ACTA"}


def legend(observations, no_acta):
    seen = [NO_ACTA[no_acta] if o == "no-acta" else LEGENDS[o] for o in observations]
    return ", ".join(dict.fromkeys(seen)) or "--"


def compare_database(path, state, contest_id, last):
    """The official CSV of a contest against the oracle: the thirteen figures and every row. A list of sentences."""
    text = Path(path).read_bytes().decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    count, contest, wrong = state.counts[contest_id, "entity:0"], state.contests[contest_id], []
    header = dict(zip(rows[3], rows[4]))
    must = {
        "ACTAS_ESPERADAS": count.expected, "ACTAS_REGISTRADAS": count.registered,
        "ACTAS_FUERA_CATALOGO": count.out_of_catalogue, "ACTAS_CAPTURADAS": count.captured,
        "PORCENTAJE_ACTAS_CAPTURADAS": truncated(count.captured, count.expected), "ACTAS_CONTABILIZADAS": count.counted,
        "PORCENTAJE_ACTAS_CONTABILIZADAS": truncated(count.counted, count.expected),
        "PORCENTAJE_ACTAS_CON_INCONSISTENCIAS": truncated(count.inconsistent, count.expected),
        "ACTAS_NO_CONTABILIZADAS": count.not_counted, "LISTA_NOMINAL_ACTAS_CONTABILIZADAS": count.nominal_counted,
        "TOTAL_VOTOS_C_CS": count.votes, "TOTAL_VOTOS_S_CS": count.votes - count.votes_special,
        "PORCENTAJE_PARTICIPACION_CIUDADANA": count.participation(last),
    }
    wrong += [f"{n}: {header.get(n)}, must be {v}" for n, v in must.items() if header.get(n) != str(v)]
    found = [dict(zip(rows[6], r)) for r in rows[7:]]
    expected = {k: r for k, r in state.records.items() if r["contest"] == contest_id and not r["in_review"]}
    if len(found) != len(expected):
        wrong.append(f"{len(found)} rows, must be {len(expected)}")
    inside = {r["CLAVE_ACTA"]: r for r in found if r["CONTABILIZADA"] != "2"}
    order = {"M": 0, "A": 1, "P": 1}
    kinds = [order.get(r["TIPO_CASILLA"], 2) if r["CONTABILIZADA"] != "2" else 3 for r in found]
    if kinds != sorted(kinds):
        wrong.append("rows are out of order")
    for key, r in expected.items():
        if r["station"]:
            wrong += compare_row(key, inside.get(key), r, contest)
    return wrong


def compare_row(key, row, record, contest):
    if row is None:
        return [f"{key}: no row"]
    counted, observations, computed = record["judged"]
    station = record["station"]
    must = {c: WORDS.get(s, str(v)) for c, (v, s) in zip(contest.columns, record["votes"])}
    must.update({"CONTABILIZADA": str(counted), "OBSERVACIONES": legend(observations, record["no_acta"]),
                 "TOTAL_VOTOS_CALCULADO": "SIN ACTA" if "no-acta" in observations else str(computed),
                 "LISTA_NOMINAL": str(station.nominal), "CLAVE_CASILLA": station.key, "TIPO_CASILLA": station.type,
                 "REPRESENTANTES_PP_CI": "N/A" if station.type in MODES else str(station.reps)})
    return [f"{key} {n}: {row.get(n)}, must be {v}" for n, v in must.items() if row.get(n) != v]


if __name__ == "__main__":
    import sys

    disagreements = compare(sys.argv[1])
    print("\n".join(disagreements) or "every figure agrees")
    sys.exit(1 if disagreements else 0)
