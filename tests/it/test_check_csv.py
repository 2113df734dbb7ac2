"""atalaya check-csv, the real program, against the oracle and against files that mean harm."""

import io
import json
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "oracle"))
import prep_database  # noqa: E402
import prep_oracle  # noqa: E402

# Told in words only: names that differ from the LEEME's, and what no rule judges.
NOT_COMPARED = {"nombre-de-columna", "cifra-desconocida", "columna-desconocida", "fecha-del-corte"}
CASES, CHUNK, QUICK = 400, 25, 3


@pytest.fixture
def check(bin_dir, tmp_path):
    def run(data, *options, name="base.csv"):
        path = tmp_path / name
        path.write_bytes(data)
        return subprocess.run([str(Path(bin_dir) / "atalaya-check-csv"), *options, str(path)], capture_output=True,
                              timeout=60)
    return run


def shared(name):
    path = Path(os.environ.get("ATALAYA_SHARED", ROOT.parent / "shared")) / "data" / name
    if not path.exists():
        pytest.skip("the real file %s is not here" % name)
    return path.read_bytes()


def database(seed, rows=None):
    """A database whose header is right, then perhaps spoiled."""
    rng = random.Random(seed)
    base = prep_database.Database(rng, rows if rows is not None else rng.choice([0, 1, 7, 40, 130]))
    if rng.random() < 0.6:
        base.other_year()
    state = rng.getstate()
    rng.setstate(state)
    honest = prep_oracle.examine(base.print(random.Random(1)))
    base.declare(honest["header"])
    again = prep_oracle.examine(base.print(random.Random(1)))  # percentages need the expected actas
    expected = base.values[0]
    base.declare(again["header"])
    if base.summary[0] == "ACTAS_ESPERADAS":
        base.values[0] = expected
    return base, rng


def compare(told, data):
    oracle = prep_oracle.examine(data)
    assert told["rows"] == oracle["rows"]
    for name, figure in oracle["header"].items():
        assert {k: told["header"][name].get(k) for k in ("computed", "ok", "by_rule")} == {
            k: figure.get(k) for k in ("computed", "ok", "by_rule")}, name
    assert told["header"].keys() == oracle["header"].keys()
    findings = {f["rule"]: f["count"] for f in told["findings"] if f["rule"] not in NOT_COMPARED}
    assert findings == oracle["findings"]


@pytest.mark.parametrize("chunk", [pytest.param(n, marks=[] if n < QUICK else pytest.mark.slow)
                                   for n in range(CASES // CHUNK)])
def test_mutations_agree_with_the_oracle(check, chunk):
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        base, rng = database(seed)
        base.spoil(rng.choice([0, 0, 1, 2, 5, 20]))
        data = base.print(rng)
        if rng.random() < 0.1:
            data = data[:rng.randint(len(data) * 9 // 10, len(data))]
        done = check(data, "--json")
        try:
            prep_oracle.examine(data)
        except ValueError:
            assert done.returncode == 2, seed
            continue
        assert done.returncode in (0, 1), (seed, done.stderr)
        try:
            compare(json.loads(done.stdout), data)
        except AssertionError:
            print("seed", seed)
            raise


def test_honest_databases_are_accepted_in_every_dialect(check):
    """Only what the generator itself puts in (repeated keys of invented modes) may be found."""
    for seed in range(1000, 1030):
        rng = random.Random(seed)
        base = prep_database.Database(rng, 60)
        for number, row in enumerate(base.rows):
            sheet = dict(zip(base.names, row))
            if sheet["TIPO_CASILLA"] in "MAP":  # one of each number: their keys have no section
                station = sheet["CLAVE_CASILLA"][:7] + "%02d00" % (number + 1)
                row[0], row[1] = station, station + sheet["TIPO_ACTA"]
                row[base.names.index("ID_CASILLA")] = "%02d" % (number + 1)
        for _ in range(2):
            base.declare(prep_oracle.examine(base.print(random.Random(1)))["header"])
            base.values[0] = "77"
        done = check(base.print(rng), "--json")
        told = json.loads(done.stdout)
        errors = [f for f in told["findings"] if f["level"] == "error"]
        assert done.returncode == 0 and not errors, (seed, errors)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["drill", "tally"])
def test_mutations_of_the_real_files(check, name, seed):
    data = drill_csv() if name == "drill" else shared("cdmx2024/bd-gobierno.csv")
    rng = random.Random(seed)
    lines = data.split(b"\n")
    for _ in range(rng.choice([1, 10, 200])):
        at = rng.randrange(7, len(lines) - 1)
        cells = lines[at].split(b",")
        cells[rng.randrange(len(cells))] = rng.choice([b"0", b"ILEGIBLE", b"SIN DATO", b"", b"751", b"2", b"S", b"N/A"])
        lines[at] = b",".join(cells)
    data = b"\n".join(lines)
    compare(json.loads(check(data, "--json").stdout), data)


# --- the real files -------------------------------------------------------------------------------------------------


def drill_csv():
    archive = zipfile.ZipFile(io.BytesIO(shared("simulacro2024/20240512_2120_PREP_GUB_CDMX.zip")))
    return archive.read("CDMX_GUB_2024.csv")


def test_the_drill_is_named_defect_by_defect(check):
    data = shared("simulacro2024/20240512_2120_PREP_GUB_CDMX.zip")
    done = check(data, "--json", name="x")
    told = json.loads(done.stdout)
    header, found = told["header"], {f["rule"]: f for f in told["findings"]}
    assert done.returncode == 1 and told["rows"] == 13424
    wrong = {name: (f["declared"], f["computed"]) for name, f in header.items() if not f["ok"]}
    assert wrong == {
        "PORCENTAJE_ACTAS_CAPTURADAS": ("99.4739", "99.4738"),
        "PORCENTAJE_ACTAS_INCONSISTENCIAS": ("3.8607", "3.8458"),
        "TOTAL_VOTOS_C_CS": (9715234, 9714484),
        "TOTAL_VOTOS_S_CS": (9715192, 9714484 - 30750),
        "PORCENTAJE_PARTICIPACION_CIUDADANA": ("97.9588", "97.6412"),
    }
    rounded = [e["detail"] for e in found["porcentaje-redondeado"]["examples"]]
    assert "99.4738" in rounded[0] and "3.8606" in rounded[1]
    specials = found["s-cs-resta-actas"]
    assert (specials["taken_away"], specials["special_votes"], specials["special_actas_counted"]) == (42, 30750, 41)
    counts = {"asentado-copia-sobrantes": 13292, "clave-acta": 13424, "clave-casilla": 60, "columna-constante": 3,
              "lista-nominal-especial": 43, "contabilizada-sin-dato-legible": 4, "captura-antes-de-acopio": 1335,
              "imagen-repetida": 58, "contabilizada-sin-imagen": 169, "participacion-con-especiales": 1}
    assert {rule: found[rule]["count"] for rule in counts} == counts
    assert found["captura-antes-de-acopio"]["minutes_most"] == 538
    assert found["captura-antes-de-acopio"]["compared"] == 13359
    assert found["imagen-repetida"]["largest_group"] == 58
    assert found["contabilizada-sin-imagen"]["rows_without_image"] == 182
    compare(told, drill_csv())


def test_the_district_tally_is_confirmed_and_its_rounding_refused(check):
    data = shared("cdmx2024/bd-gobierno.csv")
    done = check(data, "--json")
    told = json.loads(done.stdout)
    assert told["header"]["TOTAL_VOTOS"] == {"canonical": "TOTAL_VOTOS", "declared": 5516482, "computed": 5516482, "ok": True}
    share = told["header"]["PORCENTAJE_PARTICIPACION_CIUDADANA"]
    assert (share["declared"], share["computed"], share["ok"]) == ("69.5126", "69.5125", False)
    found = {f["rule"]: f["count"] for f in told["findings"]}
    assert found["porcentaje-redondeado"] == 1 and found["clave-repetida"] == 25
    assert done.returncode == 1
    compare(told, data)


def test_the_template_inside_two_archives(check):
    done = check(shared("simulacro2024/TEMPLATE_20240602_2000_PREP_CDMX.zip"), "--json", name="y")
    told = json.loads(done.stdout)
    assert len(told["databases"]) == 3 and told["rows"] == sum(d["rows"] for d in told["databases"])


# --- files that mean harm ---------------------------------------------------------------------------------------------


def zipped(entries, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


def small_csv():
    return prep_database.Database(random.Random(5), 12).print(random.Random(3))


HARM = {
    "empty": (b"", "vac"),
    "binary": (bytes(random.Random(1).randbytes(5000)), "PREP"),
    "zeros": (b"\0" * 5000, "nulos"),
    "text": (b"hola\n" * 500, "ninguna de las primeras 64"),
    "columns": (b"CLAVE_CASILLA,SECCION,TIPO_CASILLA,NULOS,LISTA_NOMINAL,TIPO_ACTA,ID_CASILLA" + b",X" * 10000 + b"\n",
                "columnas"),
    "parties": (b"CLAVE_CASILLA,SECCION,TIPO_CASILLA,NULOS,LISTA_NOMINAL,TIPO_ACTA,ID_CASILLA,"
                + b",".join(b"P%d" % i for i in range(900)) + b"\n", "columnas de votos"),
    "bomb": (zipped([("a.csv", b"0" * (300 << 20))]), "ZIP bomb"),
    "nested bomb": (zipped([("a.zip", zipped([("b.csv", b"," * (50 << 20))]))]), "ZIP bomb"),
    "deep": (zipped([("a", zipped([("a", zipped([("a", zipped([("a", zipped([("a", b"x")]))]))]))]))]), "deep"),
    "no database": (zipped([("leeme.txt", b"texto"), ("b.txt", b"mas")]), "ninguno de los 2 archivos"),
    "cut zip": (zipped([("a.csv", b"a,b\n" * 1000)])[:60], "cut"),
    "utf-16": ("JEFATURA\nSECCION".encode("utf-16"), "PREP"),
}


@pytest.mark.parametrize("harm", HARM)
def test_harm_is_refused_with_a_sentence(check, harm):
    data, words = HARM[harm]
    done = check(data)
    assert done.returncode == 2 and done.stdout == b""
    assert words in done.stderr.decode() and done.stderr.count(b"\n") == 1


def test_a_database_in_nested_archives_reads_like_the_file(check):
    data = small_csv()
    plain = json.loads(check(data, "--json").stdout)
    nested = json.loads(check(zipped([("leeme.txt", b"x"), ("in.zip", zipped([("b", data)], zipfile.ZIP_STORED))]), "--json",
                              name="z").stdout)
    assert nested["path"] == "in.zip > b"
    assert all(plain[key] == nested[key] for key in ("rows", "header", "findings", "votes"))


def test_cut_anywhere_it_never_crashes_and_never_lies(check):
    data = small_csv()
    for length in range(0, len(data), 97):
        done = check(data[:length], "--json")
        assert done.returncode in (0, 1, 2), (length, done.returncode)
        if done.returncode != 2:
            compare(json.loads(done.stdout), data[:length])


def test_cut_in_mid_row_is_said(check):
    base = prep_database.Database(random.Random(5), 12)
    data = ("JEFATURA\n" + ",".join(base.names) + "\n" + "\n".join(",".join(r) for r in base.rows)).encode()
    done = check(data[:-40])
    assert done.returncode == 1 and "archivo-cortado" in done.stdout.decode()


def test_header_without_rows(check):
    done = check((",".join(prep_database.SUMMARY) + "\n" + ",".join(["0"] * 13) + "\n"
                  + ",".join(prep_database.OFFICIAL) + "\n").encode(), "--json")
    told = json.loads(done.stdout)
    assert told["rows"] == 0 and "sin-filas" in [f["rule"] for f in told["findings"]]


def test_what_a_file_says_cannot_steer_the_terminal(check):
    base = prep_database.Database(random.Random(5), 3)
    base.rows[0][0] = "\x1b[2J\x07evil\x7f"
    base.rows[1][1] = "\u009b31m"
    data = base.print(random.Random(3))
    for options in ([], ["--json"]):
        out = check(data, *options).stdout
        assert b"\x1b" not in out and b"\x07" not in out and "\u009b".encode() not in out


# --- the command line --------------------------------------------------------------------------------------------------


def run(bin_dir, *args):
    return subprocess.run([str(Path(bin_dir) / args[0]), *args[1:]], capture_output=True, text=True, timeout=20)


def test_usage(bin_dir, tmp_path):
    assert run(bin_dir, "atalaya-check-csv").returncode == 2
    assert run(bin_dir, "atalaya-check-csv", "--nope", "x").returncode == 2
    assert run(bin_dir, "atalaya-check-csv", str(tmp_path / "missing")).returncode == 2
    assert run(bin_dir, "atalaya-check-csv", str(tmp_path)).returncode == 2
    assert run(bin_dir, "atalaya-check-csv", "--help").returncode == 0


def test_the_front_runs_verbs_and_names_the_nearest(bin_dir, tmp_path):
    (tmp_path / "a.csv").write_bytes(small_csv())
    direct = run(bin_dir, "atalaya-check-csv", "--json", str(tmp_path / "a.csv"))
    front = run(bin_dir, "atalaya", "check-csv", "--json", str(tmp_path / "a.csv"))
    assert (direct.returncode, direct.stdout) == (front.returncode, front.stdout)
    assert "check-csv" in run(bin_dir, "atalaya", "--help").stdout
    wrong = run(bin_dir, "atalaya", "chek-csv")
    assert wrong.returncode == 2 and "check-csv" in wrong.stderr
    assert run(bin_dir, "atalaya", "../../bin/sh").returncode == 2
    assert run(bin_dir, "atalaya").returncode == 2
    assert run(bin_dir, "atalaya", "check-csv", "--help").stdout.startswith("atalaya check-csv")
