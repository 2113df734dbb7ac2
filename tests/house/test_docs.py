#!/usr/bin/env python3
"""The documents are true where a machine can tell: links lead somewhere, manual pages pass mandoc, every program has one,
every format has a page, and no machine's paths stand in the tree."""
import re
import shutil
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def tracked(*patterns):
    out = subprocess.check_output(["git", "ls-files", *patterns], cwd=ROOT, text=True)
    return [ROOT / line for line in out.splitlines() if (ROOT / line).is_file()]


class Docs(unittest.TestCase):
    def test_links_lead_somewhere(self):
        broken = []
        for page in tracked("*.md"):
            for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
                if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
                    broken.append(f"{page.relative_to(ROOT)} -> {target}")
        self.assertEqual(broken, [])

    def test_no_machine_paths(self):
        here = re.compile("|".join(["/wo" + "rk/", "/tmp/la" + "nd", "regis" + "try\\.npm", "deb" + "\\.debian\\.org"]))
        found = [str(p.relative_to(ROOT)) for p in tracked()
                 if p.suffix not in {".png", ".jpg", ".zip", ".gz", ".br"} and here.search(p.read_text(errors="replace"))]
        self.assertEqual(found, [])

    def test_manual_pages(self):
        pages = tracked("docs/man/*.1")
        self.assertTrue(pages)
        if shutil.which("mandoc") is None:
            self.skipTest("mandoc is not installed")
        done = subprocess.run(["mandoc", "-Tlint", *map(str, pages)], capture_output=True, text=True)
        found = [line for line in (done.stdout + done.stderr).splitlines() if not self.refers_to_one_of_ours(line)]
        self.assertEqual(found, [], "`make format` breaks long lines")

    def refers_to_one_of_ours(self, line):
        """mandoc looks for references among the installed pages; ours lie beside each other."""
        reference = re.search(r"referenced manual not found: Xr (\S+) 1\b", line)
        return reference is not None and (ROOT / f"docs/man/{reference[1]}.1").exists()

    def test_every_program_has_a_manual_page(self):
        programs = re.findall(r"house_program\(\s*NAME\s+(\S+)", (ROOT / "src/progs/CMakeLists.txt").read_text())
        self.assertTrue(programs)
        missing = [p for p in programs if not (ROOT / f"docs/man/{p}.1").exists()]
        self.assertEqual(missing, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
