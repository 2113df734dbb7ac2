"""The table of attacks in docs/threat-model.md: every row is there, and every test and drill that it names."""
import ast
import re
import unittest
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent.parent
ROWS = {1, 2, *range(6, 23), *range(28, 33), 34}


def table():
    """(numbers, with every check, at full size, judged by) of each line."""
    text = (REPO / "docs/threat-model.md").read_text()
    for line in re.findall(r"^\| (\d.*) \|$", text.partition("| attack | with every check |")[2], re.M):
        what, check, full, judged = line.split(" | ")[:4]
        numbers = re.match(r"[\d, ]+", what)[0] + " " + " ".join(re.findall(r"; (\d+) ", what))
        yield [int(n) for n in re.findall(r"\d+", numbers)], check, full, judged


def functions(path):
    return {node.name: ast.unparse(node) for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


TESTS = {name: path for path in (REPO / "tests/it").glob("test_*.py") for name in (*functions(path), path.stem)}
UNITS = {path.stem for path in (REPO / "tests/unit").rglob("test_*.c")}
DRILLS = {name: (path, text) for path in (REPO / "drills").glob("edge_*.py") for name, text in functions(path).items()}
FILES = {path.stem for path in (REPO / "drills").glob("edge_*.py")}
SMALL = "".join((REPO / "tests/it" / f).read_text() for f in ("test_edge_attacks.py", "test_edge_more_attacks.py"))
ALL = "V1–V5, V8"


class Rows(unittest.TestCase):
    def test_every_row_has_its_line(self):
        self.assertEqual(sorted(n for numbers, *_ in table() for n in numbers), sorted(ROWS))

    def test_what_is_named_is_there(self):
        for numbers, check, full, _ in table():
            for name in re.findall(r"`(\w+)`", check):
                if name.startswith("test_"):
                    self.assertTrue(name in UNITS or any(t.startswith(name) for t in TESTS), f"row {numbers}: there is no {name}")
                else:
                    self.assertIn(name, DRILLS, f"row {numbers}")
                    self.assertIn(f'"{name}"', SMALL, f"row {numbers}: {name} does not run with every check")
            for name in re.findall(r"`(edge_\w+)`", full):
                self.assertIn(name, FILES, f"row {numbers}")

    def test_what_is_said_to_be_judged_by_all_is(self):
        """Each drill ends in settles(), which does not let one go that was not judged by every rule; one may do it for its kin."""
        self.assertIn("verdict.whole()", DRILLS["settles"][1])
        for numbers, check, full, judged in table():
            for name in re.findall(r"`([a-su-z]\w+)`", check) if judged == ALL else ():
                text = DRILLS[name][1] + "".join(DRILLS[called][1] for called in re.findall(r"\b(flood|with_cookies)\(", DRILLS[name][1]))
                self.assertIn("settles(", text, f"row {numbers}: {name}")
            self.assertTrue(judged and (check != "–" or full != "–"), numbers)
