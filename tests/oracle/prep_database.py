"""Invented PREP databases in every published dialect, and ways to spoil them. All from a seed: the same seed, the same
bytes."""

import hashlib

PARTIES = ["ROJO", "AZUL", "VERDE", "PT", "MC", "ROJO_AZUL", "C_VERDE_PT", "CAND_IND_1"]
OFFICIAL = (["CLAVE_CASILLA", "CLAVE_ACTA", "ID_ENTIDAD", "ENTIDAD", "ID_DISTRITO_LOCAL", "SECCION", "ID_CASILLA",
             "TIPO_CASILLA", "EXT_CONTIGUA", "UBICACION_CASILLA", "TIPO_ACTA", "TOTAL_BOLETAS_SOBRANTES",
             "TOTAL_PERSONAS_VOTARON", "TOTAL_REP_PARTIDO_CI_VOTARON", "TOTAL_VOTOS_SACADOS"] + PARTIES
            + ["NO_REGISTRADAS", "NULOS", "TOTAL_VOTOS_ASENTADO", "TOTAL_VOTOS_CALCULADO", "LISTA_NOMINAL",
               "REPRESENTANTES_PP_CI", "OBSERVACIONES", "CONTABILIZADA", "MECANISMOS_TRASLADO", "CODIGO_INTEGRIDAD",
               "FECHA_HORA_ACOPIO", "FECHA_HORA_CAPTURA", "FECHA_HORA_VERIFICACION", "ORIGEN", "DIGITALIZACION",
               "TIPO_DOCUMENTO"])
OTHER_NAMES = {"ID_ENTIDAD": ["ID_ESTADO"], "ENTIDAD": ["ESTADO"],
               "ID_DISTRITO_LOCAL": ["DISTRITO_LOCAL", "ID_DISTRITO_FEDERAL"],
               "TOTAL_PERSONAS_VOTARON": ["PERSONAS_VOTARON"], "NO_REGISTRADAS": ["NO_REGISTRADOS"],
               "TOTAL_VOTOS_CALCULADO": ["TOTAL_VOTOS_CALCULADOS", "TOTAL_VOTOS"],
               "REPRESENTANTES_PP_CI": ["REPRESENTANTES"], "CONTABILIZADA": ["CONTABILIZADAS"],
               "MECANISMOS_TRASLADO": ["MECANISMO_TRASLADO", "CRYT"], "CODIGO_INTEGRIDAD": ["SHA"],
               "FECHA_HORA_ACOPIO": ["HORA_ACOPIO"]}
SUMMARY = ["ACTAS_ESPERADAS", "ACTAS_REGISTRADAS", "ACTAS_FUERA_CATALOGO", "ACTAS_CAPTURADAS",
           "PORCENTAJE_ACTAS_CAPTURADAS", "ACTAS_CONTABILIZADAS", "PORCENTAJE_ACTAS_CONTABILIZADAS",
           "PORCENTAJE_ACTAS_CON_INCONSISTENCIAS", "ACTAS_NO_CONTABILIZADAS", "LISTA_NOMINAL_ACTAS_CONTABILIZADAS",
           "TOTAL_VOTOS_C_CS", "TOTAL_VOTOS_S_CS", "PORCENTAJE_PARTICIPACION_CIUDADANA"]
OTHER_SUMMARIES = [
    ["ACTAS_CAPTURADAS", "ACTAS_POR_CAPTURAR", "PORCENTAJE_ACTAS_CAPTURADAS", "ACTAS_CONTABILIZADAS",
     "ACTAS_NO_CONTABILIZADAS", "PARTICIPACION_CIUDADANA"],
    ["ACTAS_ESPERADAS", "ACTAS_CAPTURADAS", "PORCENTAJE_ACTAS_CAPTURADAS", "ACTAS_COMPUTADAS",
     "PORCENTAJE_ACTAS_COMPUTADAS", "LISTA_NOMINAL_ACTAS_CAPTURADAS", "TOTAL_VOTOS",
     "PORCENTAJE_PARTICIPACION_CIUDADANA"]]
NASTY = ["", " ", "-", "--", "N/A", "0", "1", "2", "007", "999999", "1000000", "4294967296", "-5", "12.5", "1e3", "ILEGIBLE",
         "Ilegible ", "SIN DATO", "SIN ACTA", "sin dato", "'15'", "x", "Ñandú", "A,B", 'dice "sí"', "dos\nlíneas", "\t",
         "EXCEDE LISTA NOMINAL", "['Excede lista nominal', 'Ilegible']", "TODOS ILEGIBLES O SIN DATO",
         "FUERA DE CATÁLOGO", "02/06/2027 25:00:00 (UTC-6)", "31/02/2027 10:00:00 (UTC-6)", "03/06/2027 10:00",
         "03/06/2027 23:59:59 (UTC-6)", "S", "B", "M", "Z", "09", "ACTA UE", "ab" * 32, "AB" * 32, "9" * 40]


def sheet(rng, n):
    """One row by the official names, mostly as it should be."""
    kind = rng.choices("BCESMAP", [40, 40, 4, 6, 3, 4, 3])[0]
    mode = kind in "MAP"
    station = "09%04d%s%02d00" % (n if not mode else 0, kind, n % 90 + 1)
    form = {"M": "A01", "A": "A01VA", "P": "A01PPP", "S": "A02E"}.get(kind, "A02")
    nominal = 0 if kind == "S" else rng.randint(620, 800)
    votes = [rng.choices([0, rng.randint(1, 60)], [1, 5])[0] for _ in range(len(PARTIES) + 2)]
    cells, notice, counted = [str(v) for v in votes], "--", "1"
    fate = rng.random()
    if fate < 0.05:
        cells, notice, counted = ["SIN ACTA"] * len(cells), "SIN ACTA POR PAQUETE NO ENTREGADO", "0"
    elif fate < 0.12:
        for i in rng.sample(range(len(cells)), 3):
            cells[i] = rng.choice(["ILEGIBLE", "SIN DATO"])
        notice = "ALGÚN CAMPO ILEGIBLE O SIN DATO"
    elif fate < 0.15:
        cells, notice, counted = ["SIN DATO"] * len(cells), "TODOS ILEGIBLES O SIN DATO", "0"
    elif fate < 0.19 and kind != "S":
        cells[0], notice, counted = str(nominal + 40), "EXCEDE LISTA NOMINAL", "0"
    elif fate < 0.21:
        notice, counted = "FUERA DE CATÁLOGO", "2"
    total = sum(int(c) for c in cells if c.isdigit())
    gone = "SIN ACTA" in notice
    at = lambda minutes: "02/06/2027 %02d:%02d:%02d (UTC-6)" % (18 + minutes // 60, minutes % 60, n % 60)
    start = rng.randint(0, 200)
    times = ["N/A"] * 3 if gone else [at(start), at(start + rng.randint(0, 30)), at(start + rng.randint(31, 60))]
    image = "N/A" if gone else hashlib.sha256(b"%d %d" % (n, rng.random() < 0.05)).hexdigest()
    written = "SIN ACTA" if gone else str(total + (rng.random() < 0.1))
    return dict(zip(OFFICIAL, [
        station, station + form, "09", "CIUDAD DE MÉXICO", "N/A" if mode else "%03d" % (n % 33 + 1),
        "N/A" if mode else "%04d" % n, "%02d" % (n % 90 + 1), kind, "00", "1" if n % 3 else "2", form,
        "SIN ACTA" if gone else str(rng.randint(0, 300)), "SIN ACTA" if gone else str(total),
        "SIN ACTA" if gone else "0", "SIN ACTA" if gone else str(total)] + cells + [
            written, "SIN ACTA" if gone else str(total), str(nominal), "N/A" if mode else str(rng.randint(0, 20)), notice,
            counted, rng.choice(["", "D", "F", "I"]), image] + times + [
                "N/A" if gone else rng.choice(["CATD", "CASILLA"]), "N/A" if gone else rng.choice(["ESCANER", "MOVIL"]),
                "N/A" if gone else {"M": "ACTA VRME", "A": "ACTA VA", "P": "ACTA VPPP"}.get(kind, "ACTA PREP")]))


class Database:
    """Rows as lists, names, a summary; spoiled at will, then printed in some dialect."""

    def __init__(self, rng, n_rows):
        self.rng = rng
        self.names = list(OFFICIAL)
        self.rows = [[sheet[name] for name in OFFICIAL] for sheet in (sheet(rng, n + 1) for n in range(n_rows))]
        self.summary = list(SUMMARY)
        self.values = ["0"] * len(SUMMARY)

    def other_year(self):
        """Another year's names, order and columns."""
        rng = self.rng
        self.names = [rng.choice(OTHER_NAMES.get(name, []) + [name]) for name in self.names]
        if rng.random() < 0.5:
            order = rng.sample(range(len(self.names)), len(self.names))
            self.names = [self.names[i] for i in order]
            self.rows = [[row[i] for i in order] for row in self.rows]
        for _ in range(rng.choice([0, 0, 1, 3, 8])):
            gone = rng.randrange(len(self.names))
            if self.names[gone] not in ("NULOS", "SECCION", "TIPO_CASILLA"):
                del self.names[gone]
                for row in self.rows:
                    del row[gone]
        if rng.random() < 0.4:
            self.summary = list(rng.choice(OTHER_SUMMARIES))
            self.values = ["0"] * len(self.summary)

    def declare(self, header):
        """Fills the summary with what `header` (name: computed) says, the expected actas a little above."""
        for i, name in enumerate(self.summary):
            value = header.get(name, {}).get("computed")
            if name in ("ACTAS_ESPERADAS",):
                value = len(self.rows) + self.rng.randint(0, 9)
            self.values[i] = "0" if value is None else str(value)

    def spoil(self, times):
        rng = self.rng
        for _ in range(times):
            kind = rng.random()
            if kind < 0.75 and self.rows:
                row = rng.choice(self.rows)
                if row:
                    row[rng.randrange(len(row))] = rng.choice(NASTY)
            elif kind < 0.80 and self.rows:
                column, value = rng.randrange(len(self.names)), rng.choice(NASTY)
                for row in self.rows:
                    if column < len(row):
                        row[column] = value
            elif kind < 0.84 and self.rows:
                self.rows.append(list(rng.choice(self.rows)))
            elif kind < 0.87 and self.rows:
                del self.rows[rng.randrange(len(self.rows))]
            elif kind < 0.90 and self.rows:
                row = rng.choice(self.rows)
                row[rng.randrange(len(row) + 1):] = rng.choice([[], ["sobra"] * 60])
            elif kind < 0.97:
                i = rng.randrange(len(self.values))
                self.values[i] = rng.choice([self.values[i] + "0", "99.4739", "1,234", "x", "", "7", "100.0000", "50.12345"])
            else:
                self.values = self.values[:-1] if rng.random() < 0.5 else self.values + ["5"]

    def print(self, rng):
        """Bytes in a random dialect."""
        separator = rng.choice([",", ",", "|", ";", "\t"])
        quote_all = rng.random() < 0.3
        quote = lambda cell: ('"' + cell.replace('"', '""') + '"' if quote_all or separator in cell or '"' in cell
                              or "\n" in cell or "\r" in cell else cell)
        key = (lambda cell: "'" + cell + "'") if rng.random() < 0.2 else (lambda cell: cell)
        keyed = [i for i, name in enumerate(self.names) if name in ("CLAVE_CASILLA", "CLAVE_ACTA", "SECCION")]
        line = lambda cells: separator.join(quote(cell) for cell in cells)
        blank = rng.choice(["", '"\t"' + separator + '"\t"', separator * len(self.names)])
        pad = separator * rng.choice([0, 0, max(0, len(self.names) - len(self.summary)), 2])
        lines = ["sep=" + separator] if rng.random() < 0.3 else []
        lines += ["JEFATURA DE GOBIERNO" + pad, rng.choice(["02/06/2027 21:20 (UTC-6)", "02/06/2027 21:20(UTC-6)"]) + pad]
        lines += [blank] if rng.random() < 0.8 else []
        lines += [line(self.summary) + pad, line(self.values) + pad, blank] if rng.random() < 0.95 else []
        lines += [line(self.names)]
        for row in self.rows:
            lines.append(line([key(cell) if i in keyed and cell else cell for i, cell in enumerate(row)]))
        end = rng.choice(["\n", "\n", "\r\n", "\r"])
        text = end.join(lines) + (end if rng.random() < 0.8 else "")
        encoding = rng.choice(["utf-8", "utf-8", "utf-8-sig", "latin-1"])
        return text.encode(encoding, errors="replace")
