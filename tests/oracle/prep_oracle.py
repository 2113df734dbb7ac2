"""An independent reading of a PREP database: the same questions as `atalaya check-csv`, answered by other code.

Written from the LEEME of 2024 and Anexo 13 alone, with exact integers and Python's csv module; it shares nothing with
the C sources. The mutation test (tests/it/test_check_csv.py) compares every figure of the two.
"""

import csv
import datetime
import io
import re
import sys
from collections import Counter

ROW_NAMES = {
    "station_key": "CLAVE_CASILLA", "acta_key": "CLAVE_ACTA", "entity_id": "ID_ENTIDAD ID_ESTADO",
    "entity": "ENTIDAD ESTADO",
    "district": "ID_DISTRITO_LOCAL DISTRITO_LOCAL ID_DISTRITO_FEDERAL ID_DISTRITO",
    "district_name": "DISTRITO DISTRITO_FEDERAL", "borough_id": "ID_ALCALDIA ID_MUNICIPIO",
    "borough": "ALCALDIA MUNICIPIO DEMARCACION", "section": "SECCION", "number": "ID_CASILLA", "type": "TIPO_CASILLA",
    "extension": "EXT_CONTIGUA", "location": "UBICACION_CASILLA", "form": "TIPO_ACTA",
    "leftover": "TOTAL_BOLETAS_SOBRANTES NUM_BOLETAS_SOBRANTES BOLETAS_SOBRANTES",
    "voters": "TOTAL_PERSONAS_VOTARON PERSONAS_VOTARON TOTAL_CIUDADANOS_VOTARON",
    "reps_voted": "TOTAL_REP_PARTIDO_CI_VOTARON", "drawn": "TOTAL_VOTOS_SACADOS NUM_BOLETAS_EXTRAIDAS",
    "written": "TOTAL_VOTOS_ASENTADO TOTAL_VOTOS_ASENTADOS",
    "computed": "TOTAL_VOTOS_CALCULADO TOTAL_VOTOS_CALCULADOS TOTAL_VOTOS", "nominal": "LISTA_NOMINAL",
    "reps": "REPRESENTANTES_PP_CI REPRESENTANTES", "observations": "OBSERVACIONES",
    "counted": "CONTABILIZADA CONTABILIZADAS", "transport": "MECANISMOS_TRASLADO MECANISMO_TRASLADO CRYT",
    "image": "CODIGO_INTEGRIDAD SHA", "received": "FECHA_HORA_ACOPIO HORA_ACOPIO",
    "captured": "FECHA_HORA_CAPTURA HORA_CAPTURA", "verified": "FECHA_HORA_VERIFICACION HORA_REGISTRO",
    "origin": "ORIGEN", "means": "DIGITALIZACION", "document": "TIPO_DOCUMENTO", "collated": "COTEJADA",
}
FIELD_OF = {name: field for field, names in ROW_NAMES.items() for name in names.split()}
VOTES = {"NO_REGISTRADAS", "NO_REGISTRADOS", "NULOS", "VOTOS_NULOS"}
NOT_VOTES = re.compile(r"ID_|CLAVE_|FECHA_|HORA_|TOTAL_|NUM_|NUMERO_|CODIGO|NOMBRE_|LISTA_|PORCENTAJE_|TIPO_|BOLETAS_|"
                       r"PERSONAS_|CIUDADANOS_|OBSERVACION|ESTATUS|CABECERA|ACTAS_|CIRCUNSCRIP|SECCION|CASILLA|RUTA_|URL_|"
                       r"UBICACION|DIGITALIZA|MECANISMO")
FIGURES = {
    "expected": "ACTAS_ESPERADAS", "registered": "ACTAS_REGISTRADAS",
    "outside": "ACTAS_FUERA_CATALOGO ACTAS_FUERA_DE_CATALOGO", "captured": "ACTAS_CAPTURADAS",
    "captured_pct": "PORCENTAJE_ACTAS_CAPTURADAS", "pending": "ACTAS_POR_CAPTURAR",
    "counted": "ACTAS_CONTABILIZADAS ACTAS_COMPUTADAS",
    "counted_pct": "PORCENTAJE_ACTAS_CONTABILIZADAS PORCENTAJE_ACTAS_COMPUTADAS",
    "inconsistent_pct": "PORCENTAJE_ACTAS_CON_INCONSISTENCIAS PORCENTAJE_ACTAS_INCONSISTENCIAS",
    "not_counted": "ACTAS_NO_CONTABILIZADAS",
    "nominal": "LISTA_NOMINAL_ACTAS_CONTABILIZADAS LISTA_NOMINAL_ACTAS_CONTABILZADAS",
    "nominal_captured": "LISTA_NOMINAL_ACTAS_CAPTURADAS", "votes": "TOTAL_VOTOS_C_CS", "votes_total": "TOTAL_VOTOS",
    "votes_s": "TOTAL_VOTOS_S_CS",
    "participation": "PORCENTAJE_PARTICIPACION_CIUDADANA PARTICIPACION_CIUDADANA",
}
FIGURE_OF = {name: figure for figure, names in FIGURES.items() for name in names.split()}
PERCENTS = {"captured_pct", "counted_pct", "inconsistent_pct", "participation"}
NONE = {"", "-", "--", "N/A", "n/a"}
STATES = (("ILEGIBLE", "illegible"), ("SIN DATO", "blank"), ("SIN ACTA", "no acta"))


def trim(text):
    return text.strip(" \t\n\r'")


def name_of(cell):
    name = cell.strip(" \t'\"\xa0")[:64].replace(" ", "_")
    return "".join(c.upper() if "a" <= c <= "z" else c for c in name)


def number(text, digits=9):
    return int(text) if re.fullmatch(r"[0-9]{1,%d}" % digits, text) else None


def vote(raw):
    """A number, or the state of a cell without one; "invalid" counts as blank."""
    text = trim(raw)
    if text in NONE:
        return "none"
    for word, state in STATES:
        if text.upper().startswith(word):
            return state
    value = number(text, 6)
    return "invalid" if value is None else value


def moment(raw):
    """datetime, None for none, "broken"."""
    text = trim(raw)
    if text in NONE:
        return None
    match = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4}) (\d\d):(\d\d)(?::(\d\d))?[ \t']*(\(UTC.*\))?", text, re.I | re.A)
    if not match:
        return "broken"
    day, month, year, hour, minute = (int(match[i]) for i in range(1, 6))
    try:
        return datetime.datetime(year, month, day, hour, minute, int(match[6] or 0)) if year >= 1970 else "broken"
    except ValueError:
        return "broken"


def observations(raw):
    """(set of legends, understood?)"""
    text = trim(raw).upper()
    said, known = set(), trim(raw) in NONE or text == "[]"
    for word, legend in (("EXCEDE", "exceeds"), ("TODOS", "all"), ("ILEGIBLE", "some"), ("SIN DATO", "some"),
                         ("SIN ACTA", "no acta"), ("NO ENTREGADO", "no acta"), ("NO INSTALADA", "no acta"),
                         ("SIN BOLSA", "no acta"), ("SIN SOBRE", "no acta"), ("FUERA DE CAT", "outside"),
                         ("NO IDENTIFICADA", "outside"), ("PROCESO T", None)):
        if word in text:
            known = True
            said |= {legend} - {None}
    return (said - {"some"} if "all" in said else said), known


def truncated(part, whole):
    return part * 1000000 // whole if whole else 0


def rounded(part, whole):
    return (part * 2000000 + whole) // (2 * whole) if whole else 0


def is_rounding(declared, part, whole):
    return whole > 0 and rounded(part, whole) == declared != truncated(part, whole)


def show(percent):
    return "%d.%04d" % divmod(percent, 10000)


class Oracle:
    def __init__(self, data):
        self.found = Counter()
        self.header = {}
        self.read(data)

    # --- the file -----------------------------------------------------------------------------------------------
    def read(self, data):
        if data.startswith(b"\xef\xbb\xbf"):
            data = data[3:]
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
        if text[:4].lower() == "sep=":
            text = re.sub(r"^[^\r\n]*(\r\n|\r|\n)", "", text)
        best = None
        for separator in ",|;\t":
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
            for at, row in enumerate(rows[:64]):
                fields = [FIELD_OF.get(name_of(cell)) for cell in row]
                if (len([f for f in fields if f]) >= 6 and any(name_of(c) in VOTES for c in row)
                        and {"section", "type", "station_key", "acta_key"} & set(fields)):
                    known = len([f for f in fields if f])
                    if best is None or known > best[0]:
                        best = known, rows, at, separator
                    break
        if best is None:
            raise ValueError("no PREP database")
        _, rows, at, separator = best
        ended = text.endswith(("\n", "\r"))
        open_quote = not ended and text.count('"') % 2 == 1
        self.head(rows[:at])
        self.columns(rows[at], rows[at + 1:])
        self.rows(rows[at + 1:], ended, open_quote)
        self.whole()
        self.judge_header()

    def head(self, rows):
        self.summary, values, seen = [], None, 0
        self.cut = None
        for row in rows:
            if not any(trim(cell) for cell in row):
                continue
            figures = [name_of(cell) for cell in row]
            if self.summary and values is None:
                values = row
            elif not self.summary and sum(f in FIGURE_OF for f in figures) >= 3:
                while figures and not trim(row[len(figures) - 1]):
                    figures.pop()
                self.summary = [(row[i].strip(" \t'\n\r"), FIGURE_OF.get(f)) for i, f in enumerate(figures)]
            elif not self.summary and seen < 2:
                seen += 1
                when = moment(row[0])
                if self.cut is None and isinstance(when, datetime.datetime):
                    self.cut = when
        values = list(values or [])
        while values and not trim(values[-1]):
            values.pop()
        self.found["sin-encabezado"] += not self.summary
        if self.summary and rows:
            self.found["resumen-desigual"] += len(values) != len(self.summary) and bool(values)
        self.declared = [trim(v) for v in values] + [""] * len(self.summary)

    def columns(self, names, rows):
        while names and not trim(names[-1]):
            names = names[:-1]
        self.n_columns = len(names)
        sample = [row for row in rows if len(row) >= self.n_columns or not row and self.n_columns == 1][:100]
        self.at, self.votes = {}, []
        cleaned = [name_of(name) for name in names]
        for i, name in enumerate(cleaned):
            self.found["columna-duplicada"] += bool(name) and name in cleaned[:i]
            field = FIELD_OF.get(name)
            if field:
                self.at.setdefault(field, i)
                continue
            odd = sum(vote(row[i]) == "invalid" for row in sample)
            if name in VOTES or (name and not NOT_VOTES.match(name) and odd * 2 <= len(sample)):
                self.votes.append(i)

    def rows(self, rows, ended, open_quote):
        self.count = 0
        self.sums = {side: Counter() for side in ("published", "ruled")}
        self.extra = Counter()
        self.keys, self.images = set(), set()
        self.constant = {}
        self.copies = {"asentado-copia-sobrantes": [], "representantes-copia-votaron": []}
        for i, row in enumerate(rows):
            last = i == len(rows) - 1
            if not any(trim(cell) for cell in row):
                continue
            if last and (open_quote or (not ended and len(row) < self.n_columns)):
                self.found["archivo-cortado"] += 1
            elif len(row) < self.n_columns or any(trim(c) for c in row[self.n_columns:]):
                self.found["fila-desigual"] += 1
            elif not any(trim(self.cell(row, f)) for f in ("acta_key", "station_key", "section", "type")):
                self.found["fila-sin-identificacion"] += 1
            else:
                self.row(row)

    def cell(self, row, field):
        return row[self.at[field]] if field in self.at else ""

    # --- one acta -----------------------------------------------------------------------------------------------
    def row(self, row):
        found, has = self.found, self.at
        text = lambda field: trim(self.cell(row, field))
        self.count += 1
        cells = [vote(row[i]) for i in self.votes]
        found["celda-invalida"] += cells.count("invalid")
        numbers = [c for c in cells if isinstance(c, int)]
        total = sum(numbers)
        said, known = observations(self.cell(row, "observations"))
        found["observacion-desconocida"] += not known
        flag = None
        if "counted" in has:
            flag = int(text("counted")) if text("counted") in ("0", "1", "2") else 0
            found["contabilizada-valor"] += text("counted") not in ("0", "1", "2")
        no_acta = "no acta" in cells or "no acta" in said
        outside = flag == 2 or ("outside" in said and flag != 1)
        kind = text("type") if len(text("type")) == 1 else "?"
        special, mode = kind == "S", kind in "MAP"
        nominal, reps = number(text("nominal")), number(text("reps"))
        bound = None
        if nominal is not None and not special and (mode or reps is not None):
            bound = nominal + (0 if mode else min(reps, 65535))
        ruled = {"outside"} if outside else set()
        if no_acta:
            ruled.add("no acta")
        elif not numbers:
            ruled.add("all")
        elif {"illegible", "blank", "invalid"} & set(cells):
            ruled.add("some")
        if not outside and (total > bound if bound is not None else "exceeds" in said):
            ruled.add("exceeds")
        valid = 2 if outside else 0 if ruled & {"exceeds", "all", "no acta"} else 1

        shown = flag if flag is not None else 1 if numbers else 0
        legends = said if "observations" in has else ruled
        self.add("published", 2 if outside else shown, legends, total, special, nominal or 0, row)
        if flag is None:
            self.add("ruled", 2 if outside else shown, legends, total, special, nominal or 0, row)
        else:
            self.add("ruled", valid, ruled, total, special, nominal or 0, row)
        if not outside:
            self.extra["special rows"] += special
            self.extra["nominal special"] += (nominal or 0) if special and shown == 1 else 0
            self.extra["nominal captured"] += nominal or 0
            if flag == 0 and valid == 1:
                found["no-contabilizada-sin-motivo"] += 1
            if flag == 1 and valid == 0:
                found["contabilizada-que-excede" if "exceeds" in ruled else
                      "contabilizada-sin-acta" if "no acta" in ruled else "contabilizada-sin-dato-legible"] += 1
        if "observations" in has and known and said != ruled and not {"exceeds", "outside"} & said & ruled:
            found["observacion-difiere"] += 1
        if "computed" in has:
            value = number(text("computed"))
            found["total-calculado-difiere"] += value != total if value is not None else bool(numbers) and not no_acta
        found["lista-nominal-especial"] += special and (nominal or 0) > 0
        self.facts(row, cells, total, no_acta, outside, ruled, bound)
        self.identity(row, text, kind, mode, outside)
        self.image_and_times(row, text, flag, no_acta, outside, mode)
        self.patterns(row, reps)

    def add(self, side, counted, legends, total, special, nominal, row):
        sums = self.sums[side]
        if counted == 2:
            sums["outside"] += 1
            return
        sums["captured"] += 1
        sums["inconsistent"] += bool(legends & {"exceeds", "all", "some"})
        if counted != 1:
            sums["not_counted"] += 1
            return
        sums["counted"] += 1
        sums["nominal"] += 0 if special and side == "ruled" else nominal
        sums["votes"] += total
        sums["special"] += total if special else 0

    def facts(self, row, cells, total, no_acta, outside, ruled, bound):
        found = self.found
        found["fuera-de-catalogo"] += outside
        found["sin-acta"] += no_acta
        if no_acta:
            return
        found["excede-lista-nominal"] += "exceeds" in ruled and bound is not None
        found["todos-ilegibles-o-sin-dato"] += "all" in ruled
        found["algun-campo-ilegible-o-sin-dato"] += "some" in ruled
        written, drawn, voters, reps = (vote(self.cell(row, f)) for f in ("written", "drawn", "voters", "reps_voted"))
        found["total-asentado-difiere"] += isinstance(written, int) and written != total
        found["sacados-difiere"] += isinstance(drawn, int) and drawn != total
        if isinstance(voters, int) and isinstance(drawn, int) and (isinstance(reps, int) or reps in ("none", "invalid")):
            found["votantes-difiere"] += voters + (reps if isinstance(reps, int) else 0) != drawn

    def identity(self, row, text, kind, mode, outside):
        found, has = self.found, self.at
        if outside:
            return
        found["tipo-casilla"] += "type" in has and (len(text("type")) != 1 or kind not in "BCESMAPUV")
        if "number" in has:
            fine = re.fullmatch("[0-9]{1,2}", text("number")) or (mode and text("number") in NONE)
            found["id-casilla"] += not fine
        found["modalidad-con-seccion"] += mode and number(text("section")) is not None
        key = text("station_key")
        if "station_key" in has:
            parts = re.fullmatch("([0-9]{2})([0-9]{4})(.)([0-9]{2})([0-9]{2})", key, re.S)
            fine = parts is not None and (len(text("type")) != 1 or parts[3] == text("type"))
            for group, field in ((1, "entity_id"), (2, "section"), (4, "number"), (5, "extension")):
                value = number(text(field))
                fine = fine and (value is None or value == int(parts[group]))
            found["clave-casilla"] += not fine
        if {"acta_key", "station_key", "form"} <= set(has):
            acta, form = text("acta_key"), text("form")
            rest = acta[len(key):]
            zeros = len(rest) - len(form)
            fine = acta.startswith(key) and rest.endswith(form) and zeros >= 0 and set(rest[:zeros]) <= {"0"}
            found["clave-acta"] += not fine
        me = text("acta_key") if "acta_key" in has else tuple(
            text(f) for f in ("entity_id", "entity", "district", "district_name", "section", "type", "extension",
                              "number", "form"))
        if me not in NONE:
            found["clave-repetida"] += me in self.keys
            self.keys.add(me)

    def image_and_times(self, row, text, flag, no_acta, outside, mode):
        found, has = self.found, self.at
        image = text("image")
        if "image" in has and image in NONE:
            found["contabilizada-sin-imagen"] += flag == 1
        elif "image" in has and not re.fullmatch("[0-9a-fA-F]{64}", image):
            found["codigo-de-integridad"] += 1
        elif "image" in has:
            found["sin-acta-con-datos"] += no_acta
            found["imagen-repetida"] += image.lower() in self.images
            self.images.add(image.lower())
        times = [moment(self.cell(row, f)) if f in has else None for f in ("received", "captured", "verified")]
        found["hora-formato"] += times.count("broken")
        missing = any(f in has and t is None for f, t in zip(("received", "captured", "verified"), times))
        found["hora-faltante"] += missing and not outside and not no_acta
        received, captured, verified = (None if t == "broken" else t for t in times)
        found["captura-antes-de-acopio"] += bool(received and captured and captured < received)
        found["verificacion-antes-de-captura"] += bool(captured and verified and verified < captured)
        if self.cut:
            limit = self.cut + datetime.timedelta(seconds=60)
            found["hora-posterior-al-corte"] += any(t and t >= limit for t in (received, captured, verified))
        document = text("document")
        wrong = (document == "ACTA PREP" and mode) or (document == "ACTA UE" and "UE" not in text("form").upper())
        found["tipo-documento"] += wrong and not outside

    def patterns(self, row, reps):
        for field in ("extension", "location", "transport", "origin", "means", "document"):
            if field in self.at:
                self.constant.setdefault(field, set()).add(self.cell(row, field))
        written, leftover, voted = (vote(self.cell(row, f)) for f in ("written", "leftover", "reps_voted"))
        if isinstance(written, int) and isinstance(leftover, int):
            self.copies["asentado-copia-sobrantes"].append((written, leftover))
        if reps is not None and isinstance(voted, int):
            self.copies["representantes-copia-votaron"].append((reps, voted))

    def whole(self):
        self.found["sin-filas"] += self.count == 0
        for values in self.constant.values():
            if len(values) == 1 and trim(min(values)) not in NONE and self.count >= 100:
                self.found["columna-constante"] += 1
        for rule, pairs in self.copies.items():
            if len(pairs) >= 100 and all(a == b for a, b in pairs) and sum(a != 0 for a, _ in pairs) >= 10:
                self.found[rule] = len(pairs)

    # --- the header ---------------------------------------------------------------------------------------------
    def judge_header(self):
        declared = {}
        for (name, figure), raw in zip(self.summary, self.declared):
            value, decimals = self.parse(figure, raw)
            declared.setdefault(figure, value)
        expected = declared.get("expected")
        if expected is None and declared.get("pending") is not None:
            expected = declared["pending"] + self.sums["published"]["captured"]
        no_special = declared.get("votes_total") is not None
        for (name, figure), raw in zip(self.summary, self.declared):
            value, decimals = self.parse(figure, raw)
            if figure in PERCENTS and value is not None:
                self.found["porcentaje-formato"] += decimals != 4
                self.found["porcentaje-redondeado"] += self.was_rounded(figure, value, expected)
            self.judge_figure(name, figure, value, raw, expected, declared, no_special)
        special = self.sums["published"]["special"]
        with_s, without = declared.get("votes"), declared.get("votes_s")
        if with_s is not None and without is not None and with_s > without:
            taken = with_s - without
            self.found["s-cs-resta-actas"] += taken != special and taken <= self.extra["special rows"] < special

    def parse(self, figure, text):
        if figure in PERCENTS:
            match = re.fullmatch(r"([0-9]+)(?:\.([0-9]*))?[ ]*%?", text)
            if not match or len(match[1]) + len(match[2] or "") > 12 or (match[2] or "")[4:].strip("0"):
                return None, 0
            decimals = match[2] or ""
            return int(match[1]) * 10000 + int((decimals + "0000")[:4]), len(decimals)
        if re.fullmatch(r"[0-9]{1,18}|[0-9]{1,3}(,[0-9]{3})+", text):
            return int(text.replace(",", "")), 0
        return None, 0

    def compute(self, figure, side, expected, declared, last):
        s = self.sums[side]
        share = lambda part: None if expected is None else truncated(part, expected)
        if figure == "pending":
            base = declared.get("expected")
            return base - s["captured"] if base is not None and base >= s["captured"] else None
        return {
            "registered": s["captured"] + s["outside"], "outside": s["outside"], "captured": s["captured"],
            "captured_pct": share(s["captured"]), "counted": s["counted"], "counted_pct": share(s["counted"]),
            "inconsistent_pct": share(s["inconsistent"]),
            "not_counted": s["not_counted"] + (s["outside"] if last else 0), "nominal": s["nominal"],
            "nominal_captured": self.extra["nominal captured"], "votes": s["votes"], "votes_total": s["votes"],
            "votes_s": s["votes"] - s["special"],
            "participation": truncated(s["votes"] - (0 if last else s["special"]), s["nominal"]),
        }.get(figure)

    def judge_figure(self, name, figure, value, raw, expected, declared, no_special):
        primary_last = no_special and figure == "participation"
        computed = self.compute(figure, "published", expected, declared, primary_last)
        ruled = self.compute(figure, "ruled", expected, declared, primary_last)
        alternative = False
        if figure is None or figure == "expected" or computed is None:
            ok = figure != "expected" or (value is not None and value >= self.sums["published"]["captured"])
        else:
            ok = value == computed
            other = self.compute(figure, "published", expected, declared, True)
            s = self.sums["published"]
            near = figure == "participation" and value is not None and value == rounded(s["votes"], s["nominal"])
            if not ok and (value is not None and value == other or near):
                alternative = not primary_last
                ok, computed = value == other, other
                ruled = self.compute(figure, "ruled", expected, declared, True)
        self.found["encabezado-difiere"] += not ok
        if figure == "participation" and not no_special and not (ok and not alternative):
            part, whole = declared.get("votes"), declared.get("nominal")
            own = (value is not None and part is not None and whole
                   and value in (truncated(part, whole), rounded(part, whole)))
            self.found["participacion-con-especiales"] += bool(alternative or own)
        form = show if figure in PERCENTS else int
        self.header[name] = {"computed": None if computed is None else form(computed), "ok": ok}
        if ruled is not None and ruled != computed:
            self.header[name]["by_rule"] = form(ruled)

    def was_rounded(self, figure, value, expected):
        s = self.sums["published"]
        if figure == "participation":
            shares = [(s["votes"] - s["special"], s["nominal"]), (s["votes"], s["nominal"])]
            if any(truncated(*share) == value for share in shares):
                return False
            return any(is_rounding(value, *share) for share in shares)
        if not expected or max(value, expected) >= 1 << 32:
            return False
        candidates = [(n, expected) for n in (value * expected // 1000000, value * expected // 1000000 + 1)]
        if any(truncated(*share) == value for share in candidates):
            return False
        return any(is_rounding(value, *share) for share in candidates)

    def report(self):
        return {"rows": self.count, "header": self.header, "findings": {k: v for k, v in self.found.items() if v}}


def examine(data):
    return Oracle(data).report()


if __name__ == "__main__":
    import json
    with open(sys.argv[1], "rb") as handle:
        json.dump(examine(handle.read()), sys.stdout, indent=1)
