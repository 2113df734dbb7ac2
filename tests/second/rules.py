"""The rules of the count once more, from docs/formats and docs/decisions alone: what the totals leaves of a cut must be.
Part of the second verifier (verifier.py); nothing of the programs or of the other oracles is used."""
import base64
import configparser
import csv
import io
from collections import defaultdict
from fractions import Fraction

COUNTS = ["expected", "captured", "counted", "not-counted", "out-of-catalogue", "inconsistent", "no-acta", "in-review",
          "urban-counted", "not-urban-counted", "nominal-counted", "votes", "votes-special"]
PRECEDENCE = ["exceeds", "all-empty", "illegible", "blank", "no-acta", "out-of-catalogue"]


def fields(entry):
    """A canonical entry: its type, and its lines by name (the last of a name)."""
    first, *rest = entry.decode("ascii").rstrip("\n").split("\n")
    return first, dict(line.partition(" ")[::2] for line in rest)


class Election:
    def __init__(self, entries):
        files = defaultdict(bytes)
        for kind, f in map(fields, entries):
            if kind == "prep-file/v1":
                files[f["name"]] += base64.b64decode(f["bytes"]) if f["bytes"] != "-" else b""
        table = {name[:-4]: list(csv.DictReader(io.StringIO(data.decode()))) for name, data in files.items() if name.endswith("csv")}
        ini = configparser.ConfigParser(interpolation=None, delimiters="=", inline_comment_prefixes=";")
        ini.optionxform = str
        ini.read_string(files["election.ini"].decode())
        self.origin = ini["election"]["origin"]
        self.contests = {name.split()[1]: ini[name] for name in ini.sections() if name.startswith("contest ")}
        self.areas = [(row["kind"], int(row["id"])) for row in table["areas"]]
        self.columns = {c: [row for row in table["columns"] if row["contest"] == c] for c in self.contests}
        self.shares = {(row["contest"], row["column"], row["area"]): row for row in table["shares"]}
        self.candidacies = table["candidacies"]
        self.stations = {row["key"]: row for row in table["stations"]}
        self.sections = sorted({int(key[2:6]) for key in self.stations} - {0})
        self.actas = {row["station"] + row["form"]: row for row in table["actas"]}

    def areas_of(self, acta):
        """What an acta of the catalogue counts in: the whole, and unless it is for the proportional lists, its areas and section."""
        station, found = self.stations[acta["station"]], [("entity", 0)]
        if acta["form"] not in self.contests[acta["contest"]].get("proportional_forms", "").split("+"):
            found += [(kind, int(station[kind])) for kind in ("district", "borough") if station[kind]]
            found += [("section", int(acta["station"][2:6]))]
        return found

    def boxes(self, contest, area):
        """Codes that the actas of that area of the contest's kind have (None: any area)."""
        codes = {row["code"] for row in self.columns[contest] if row["kind"] in ("write_in", "null")}
        for row in self.candidacies:
            if row["contest"] == contest and (row["area"] == "*" or area is None or row["area"] == "%s:%d" % area):
                codes |= set(row["columns"].split("+"))
        return codes

    def has_page(self, contest, area):
        kind = self.contests[contest]["area"]
        return area[0] == "entity" or area[0] in ("district", "borough") and kind in ("entity", area[0])


def special(station):
    return station["key"][6] == "S" or station["key"][6] == "U" and station["nominal"] == "0"


def judged(election, f):
    """(status, observations, computed) that the rules give an acta's entry."""
    cells = f["votes"].split(" ")
    computed = sum(int(cell) for cell in cells if cell.isdigit())
    acta = election.actas.get(f["acta"])
    kind = election.contests[f["contest"]]["area"]
    area = next((a for a in election.areas_of(acta) if a[0] == kind), None) if acta else None
    boxes = election.boxes(f["contest"], area)
    states = {cell for column, cell in zip(election.columns[f["contest"]], cells) if column["code"] in boxes}
    seen = set()
    if f["noacta"] != "-":
        seen.add("no-acta")
    elif not any(cell.isdigit() for cell in states):
        seen.add("all-empty")
    else:
        seen |= {name for cell, name in (("I", "illegible"), ("S", "blank")) if cell in states}
    if acta is None:
        return "2", [o for o in PRECEDENCE if o in seen | {"out-of-catalogue"}], computed
    station = election.stations[acta["station"]]
    list_of = "ballots" if special(station) else "nominal"
    bound = int(station["nominal"]) if acta["station"][6] in "MAP" else int(station[list_of]) + int(station["reps"])
    seen |= {"exceeds"} if computed > bound else set()
    return str(int(not seen & {"exceeds", "all-empty", "no-acta"})), [o for o in PRECEDENCE if o in seen], computed


def standing(election, entries):
    """By acta: its newest entry's index and fields, what the rules say of it, and whether it is set aside."""
    records = {}
    for index, (kind, f) in enumerate(map(fields, entries)):
        if kind == "prep-acta/v1":
            before = records.get(f["acta"])
            if (f["version"], f["previous"]) != ((str(int(before["f"]["version"]) + 1), str(before["index"])) if before else ("1", "-")):
                raise ValueError(f"entry {index}: {f['acta']} does not follow its version before")
            said = (f["status"], [] if f["observations"] == "-" else f["observations"].split(","), int(f["computed"]))
            verdict = judged(election, f)
            records[f["acta"]] = {"index": index, "f": f, "verdict": verdict, "aside": verdict != said}
        elif kind == "prep-review/v1" and records[f["acta"]]["index"] == int(f["entry"]):
            records[f["acta"]]["aside"] = f["action"] == "hold"
    return records


def tally(election, records):
    """Counts and columns by (contest, area)."""
    sums = defaultdict(lambda: defaultdict(int))
    for key, acta in election.actas.items():
        for area in election.areas_of(acta):
            sums[acta["contest"], area]["expected"] += 1
    for key, record in records.items():
        f, (status, observations, computed) = record["f"], record["verdict"]
        acta = election.actas.get(key)
        station = election.stations[acta["station"]] if acta else None
        add = {"in-review": 1} if record["aside"] else {"out-of-catalogue": 1} if status == "2" else {
            "captured": 1, "no-acta": "no-acta" in observations, "not-counted": status == "0", "counted": status == "1",
            "inconsistent": bool({"exceeds", "all-empty", "illegible", "blank"} & set(observations))}
        if add.get("counted"):
            add |= {"urban-counted": station["location"] == "1", "not-urban-counted": station["location"] == "2",
                    "nominal-counted": int(station["nominal"]), "votes": computed, "votes-special": computed * special(station)}
            add |= {row["code"]: int(cell) for row, cell in zip(election.columns[f["contest"]], f["votes"].split(" "))
                    if cell.isdigit()}
        for area in election.areas_of(acta) if acta else [("entity", 0)]:
            for name, number in add.items():
                sums[f["contest"], area][name] += number
    return sums


def shared_out(election, contest, area, votes):
    """Votes by column with the joint ones given to their parties, on the sums of one area ("*": of none)."""
    joint = [row for row in election.columns[contest] if row["kind"] in ("coalition", "common")]
    order = [row["code"] for row in election.columns[contest]]
    given = {code: 0 if code in {row["code"] for row in joint} else votes[code] for code in order}
    for row in joint:
        rule = election.shares.get((contest, row["code"], area)) or election.shares.get((contest, row["code"], "*"))
        members = sorted(row["members"].split("+"), key=lambda m: (-votes[m], order.index(m)))
        total = votes[row["code"]]
        if rule and rule["rule"] == "percent":
            part = {m: int(total * Fraction(p) / 100) for m, p in (x.split("=") for x in rule["shares"].split("+"))}
            part[rule["remainder"]] += total - sum(part.values())
        else:
            rest = total % len(members)
            one_each = rule is not None and rule["rule"] == "equal-each"
            part = {m: total // len(members) + (i < rest if one_each else rest * (i == 0)) for i, m in enumerate(members)}
        for member, number in part.items():
            given[member] += number
    return given


def parties(election, sums, contest, area):
    kind, codes = election.contests[contest]["share_area"], [row["code"] for row in election.columns[contest]]
    if area[0] != "entity" or kind == "entity":
        return shared_out(election, contest, "*" if area[0] == "entity" else "%s:%d" % area, sums[contest, area])
    rest, total = {code: sums[contest, area][code] for code in codes}, defaultdict(int)
    for part in [a for a in election.areas if a[0] == kind] + ["*"]:
        votes = rest if part == "*" else sums[contest, part]
        for code, number in shared_out(election, contest, part if part == "*" else "%s:%d" % part, votes).items():
            total[code] += number
        if part != "*":
            rest = {code: rest[code] - votes[code] for code in codes}
    return total


def totals_leaves(election, records):
    sums, leaves = tally(election, records), []
    for contest in election.contests:
        codes = [row["code"] for row in election.columns[contest]]
        for area in election.areas + [("section", number) for number in election.sections]:
            found = sums[contest, area]
            lines = ["prep-totals/v1", f"contest {contest}", "area %s %d" % area]
            lines += [f"{name} {int(found[name])}" for name in COUNTS]
            lines += [" ".join(["columns"] + [str(found[code]) for code in codes])]
            by_party = parties(election, sums, contest, area) if election.has_page(contest, area) else None
            lines += [" ".join(["parties"] + ([str(by_party[code]) for code in codes] if by_party else ["-"]))]
            leaves.append(("\n".join(lines) + "\n").encode())
    return leaves
