"""Real databases through a whole night: the last cut's figures are those that the rows add up to, by a sum of our own.

The files are looked for in ../shared beside the checkout (or ATALAYA_SHARED); without them the tests skip and say so."""
import csv
import io
import json
import zipfile


VOTES = ("PAN PRI PRD PVEM PT MC MORENA PAN_PRI_PRD PAN_PRI PAN_PRD PRI_PRD PVEM_PT_MORENA PVEM_PT PVEM_MORENA PT_MORENA "
         "NO_REGISTRADAS NULOS").split()


def rows_of(text):
    """The third component: from the line of row names on."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if "SECCION" in line and "LISTA_NOMINAL" in line)
    return list(csv.DictReader(io.StringIO("\n".join(lines[start:]))))


def sums(rows):
    """Votes by column over the rows that the rules count: some vote cell is a number, and not more votes than nominal list and
    representatives. A database without CONTABILIZADA leaves nothing out. Of special tables it does not tell the ballots: there
    its own word counts."""
    totals = dict.fromkeys(VOTES, 0)
    counted = 0
    for row in rows:
        cells = [row[name] for name in VOTES]
        numbers = [int(cell) for cell in cells if cell.isdigit()]
        mode = row["TIPO_CASILLA"] in "MAP"  # tables of a voting mode have no representatives
        bound = int(row["LISTA_NOMINAL"] or 0) + (0 if mode else int(row["REPRESENTANTES_PP_CI"] or 0))
        exceeds = row.get("CONTABILIZADA") != "1" if row["TIPO_CASILLA"] == "S" else sum(numbers) > bound
        if "CONTABILIZADA" in row and (not numbers or exceeds):
            continue
        counted += 1
        for name, cell in zip(VOTES, cells):
            totals[name] += int(cell) if cell.isdigit() else 0
    return totals, counted


def play(start, tmp_path, source):
    folder = tmp_path / "night"
    night = start("atalaya-night", "--dir", folder, "--input", source, "--speed", "max", "--once", "--cut-s", "7200",
                  "--listen", "127.0.0.1:0")
    assert night.process.wait(timeout=400) == 0, night.text()[-3000:]
    public = folder / "public"
    latest = json.loads((public / "latest.json").read_text())
    assert latest["last"]
    contest = next(iter(latest["contests"]))
    area = json.loads((public / latest["path"] / contest / "index.json").read_text())
    for mirror in ("mirror-1", "mirror-2"):
        assert json.loads((folder / mirror / "public/latest.json").read_text()) == latest
    return latest["contests"][contest], area


def columns_of(area):
    return {column["code"]: column["votes"] for column in area["columns"]}


def test_the_district_tally_of_2024(start, tmp_path, shared):
    source = shared / "data/cdmx2024/bd-gobierno.csv"
    totals, counted = sums(rows_of(source.read_text("utf-8")))
    head, area = play(start, tmp_path, source)
    assert (head["counted"], head["votes"]) == (counted, sum(totals.values())) == (13384, 5516482)
    assert {k: v for k, v in columns_of(area).items() if k in totals} == totals


def test_the_drill_of_may_2024(start, tmp_path, shared):
    source = shared / "data/simulacro2024/20240512_2120_PREP_GUB_CDMX.zip"
    with zipfile.ZipFile(source) as archive:
        totals, counted = sums(rows_of(archive.read("CDMX_GUB_2024.csv").decode("utf-8")))
    head, area = play(start, tmp_path, source)
    assert (head["counted"], head["votes"]) == (counted, sum(totals.values()))
    assert {k: v for k, v in columns_of(area).items() if k in totals} == totals
