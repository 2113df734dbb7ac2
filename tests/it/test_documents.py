"""What the documents tell people to type exists: every program, verb and option of a command line in them is in its help."""
import re
import subprocess

import pytest

from conftest import REPO

PAGES = [page for pattern in ("*.md", "docs/**/*.md", "docs/man/*.1", "packaging/etc/*", "packaging/systemd/**/*")
         for page in sorted(REPO.glob(pattern)) if page.is_file()]
COMMAND = re.compile(r"\batalaya[ -]([a-z-]+)((?:[^`\n]|\\\n)*)")
WITH_VERBS = {"keys", "site"}


@pytest.fixture(scope="module")
def help_of(bin_dir):
    known = {}

    def ask(*words):
        if words not in known:
            done = subprocess.run([bin_dir / f"atalaya-{words[0]}", *words[1:], "--help"], capture_output=True, text=True, timeout=20)
            known[words] = done.stdout if done.returncode == 0 else ""
        return known[words]

    return ask


def commands(page):
    """(program, verb or None, options) of each command line of ours in a page."""
    for found in COMMAND.finditer(page.read_text(errors="replace")):
        words = found[2].replace("\\-", "-").split()
        verb = re.sub("[^a-z].*", "", words[0]) if words and found[1] in WITH_VERBS else ""
        yield found[1], verb or None, re.findall(r"(?<![\w-])--([a-z][a-z0-9-]*)", " ".join(words))


def test_what_the_pages_say_to_type_is_there(help_of, bin_dir):
    missing = []
    for page in PAGES:
        for program, verb, options in commands(page):
            if (bin_dir / f"atalaya-{program}").exists():
                text = help_of(program) + (help_of(program, verb) if verb else "")
                missing += [f"{page.relative_to(REPO)}: atalaya {program} {verb or ''} --{option}"
                            for option in options if f"--{option}" not in text]
    assert missing == []


def test_enough_of_them_is_looked_at():
    """The pattern finds what people type; a document that is written another way must not slip past it."""
    seen = {program for page in PAGES for program, _, options in commands(page) if options}
    assert {"verify", "prove", "keys", "site", "log", "night", "cut", "intake"} <= seen
