"""One table of limits: the options, --explain, the manual page and the threat model say the same."""
import json
import re
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent.parent


def explained(run, form, *options):
    done = run("atalaya-edge", "--explain", form, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_manual_page_and_threat_model_are_the_table(run):
    for form, page in (("man", "docs/man/atalaya-edge.1"), ("markdown", "docs/threat-model.md")):
        text = " ".join((REPO / page).read_text().split())  # long lines are broken in the page
        assert " ".join(explained(run, form).split()) in text, f"{page}: put in what `atalaya-edge --explain {form}` prints"


def test_every_limit_is_an_option_with_its_bounds(run):
    rows = [json.loads(line) for line in explained(run, "json").splitlines()]
    assert len(rows) >= 15
    for row in rows:
        option = f"--{row['name']}"
        if row["least"] == row["most"]:
            assert run("atalaya-edge", "--explain", "text", option, str(row["most"])).returncode == 2, "a fixed limit is no option"
            continue
        assert row["least"] <= row["usual"] <= row["most"] and row["value"] == row["usual"]
        for value in (row["least"], row["most"]):
            said = [json.loads(line) for line in explained(run, "json", option, str(value)).splitlines()]
            assert next(r["value"] for r in said if r["name"] == row["name"]) == value
        for value in (row["least"] - 1, row["most"] + 1):
            assert run("atalaya-edge", "--explain", "json", option, str(value)).returncode == 2


def test_every_limit_answers_an_attack_of_the_threat_model(run):
    headings = set(re.findall(r"^### .*\(`([\w-]+)`\)", (REPO / "docs/threat-model.md").read_text(), re.M))
    attacks = {json.loads(line)["attack"] for line in explained(run, "json").splitlines()}
    assert attacks <= headings, attacks - headings


def test_unknown_forms_are_refused(run):
    assert run("atalaya-edge", "--explain", "pdf").returncode == 2
