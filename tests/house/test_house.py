#!/usr/bin/env python3
"""The house itself: broken floors are refused at configure time, sources keep to their declared includes, and two builds
in two directories, zones and locales give the same programs."""
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def configure(folder, lists):
    """A house of its own around cmake/House.cmake; returns (exit code, output)."""
    for name, text in lists.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = subprocess.run(["cmake", "-S", folder, "-B", f"{folder}/b", "-G", "Ninja"], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


TOP = f"""cmake_minimum_required(VERSION 3.25)
project(h C)
include({ROOT}/cmake/House.cmake)
add_subdirectory(src/low)
add_subdirectory(src/high)
house_check_floors()
"""


class Floors(unittest.TestCase):
    def house(self, low, high, low_c="int low;\n", high_c="int high;\n"):
        with tempfile.TemporaryDirectory() as folder:
            return configure(folder, {
                "CMakeLists.txt": TOP, "src/low/CMakeLists.txt": low, "src/high/CMakeLists.txt": high,
                "src/low/low.c": low_c, "src/low/low.h": "", "src/high/high.c": high_c, "src/high/high.h": ""})

    low = "house_module(NAME low FLOOR 1 SOURCES low.c)\n"
    high = "house_module(NAME high FLOOR 2 SOURCES high.c USES low)\n"

    def test_a_sound_house_stands(self):
        code, text = self.house(self.low, self.high, high_c='#include "low/low.h"\nint high;\n')
        self.assertEqual(code, 0, text)

    def test_looking_up_is_refused(self):
        code, text = self.house("house_module(NAME low FLOOR 1 SOURCES low.c USES high)\n",
                                "house_module(NAME high FLOOR 2 SOURCES high.c)\n")
        self.assertNotEqual(code, 0)
        self.assertIn("only lower floors", " ".join(text.split()))

    def test_a_neighbour_is_refused(self):
        code, text = self.house(self.low, "house_module(NAME high FLOOR 1 SOURCES high.c USES low)\n")
        self.assertNotEqual(code, 0)
        self.assertIn("only lower floors", " ".join(text.split()))

    def test_an_undeclared_include_is_refused(self):
        code, text = self.house(self.low, "house_module(NAME high FLOOR 2 SOURCES high.c)\n",
                                high_c='#include "low/low.h"\nint high;\n')
        self.assertNotEqual(code, 0)
        self.assertIn("does not declare", " ".join(text.split()))

    def test_an_undeclared_include_in_a_header_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            code, text = configure(folder, {
                "CMakeLists.txt": TOP, "src/low/CMakeLists.txt": self.low,
                "src/high/CMakeLists.txt": "house_module(NAME high FLOOR 2 SOURCES high.c)\n",
                "src/low/low.c": "int low;\n", "src/low/low.h": "", "src/high/high.c": "int high;\n",
                "src/high/high.h": '#include "low/low.h"\n'})
        self.assertNotEqual(code, 0)
        self.assertIn("does not declare", " ".join(text.split()))


def declared():
    """name -> (floor, uses, libs) as the modules declare themselves."""
    modules = {}
    for path in ROOT.glob("src/*/CMakeLists.txt"):
        for body in re.findall(r"house_module\(([^)]*)\)", path.read_text()):
            words = body.split()
            def after(key, until=("NAME", "FLOOR", "SOURCES", "USES", "LIBS")):
                if key not in words:
                    return []
                rest = words[words.index(key) + 1:]
                stop = next((i for i, w in enumerate(rest) if w in until), len(rest))
                return rest[:stop]
            modules[after("NAME")[0]] = (int(after("FLOOR")[0]), after("USES"), after("LIBS"))
    return modules


class Rooms(unittest.TestCase):
    def test_every_folder_is_a_module(self):
        folders = {p.name for p in (ROOT / "src").iterdir() if p.is_dir()} - {"progs"}
        self.assertEqual(folders, set(declared()))

    def test_only_os_and_the_trades_make_system_calls(self):
        """base, wire, tally, seal and render are pure: no descriptors, no clock."""
        forbidden = re.compile(r"#\s*include\s*<(sys/socket|sys/epoll|unistd|fcntl|dirent|poll|sys/stat)\.h>")
        for module in ("wire", "tally", "seal", "render"):
            for path in (ROOT / "src" / module).glob("*.[ch]"):
                self.assertIsNone(forbidden.search(path.read_text()), f"{path} makes system calls")

    def test_tally_and_render_have_no_floats(self):
        word = re.compile(r"\b(float|double)\b")
        for module in ("tally", "render"):
            for path in (ROOT / "src" / module).glob("*.[ch]"):
                code = re.sub(r"/\*.*?\*/|//[^\n]*|\"(\\.|[^\"\\])*\"", "", path.read_text(), flags=re.S)
                self.assertIsNone(word.search(code), f"{path} uses floating point")

    def test_the_edge_links_no_domain_code(self):
        modules = declared()
        if "edge" not in modules:
            self.skipTest("no edge yet")
        seen, todo = set(), ["edge"]
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo += modules[name][1]
        self.assertFalse(seen & {"store", "tally", "render", "cut", "tlog", "intake"}, seen)

    def test_a_library_has_one_door(self):
        """A third-party header is included by the files of one module only."""
        doors = {"sqlite3.h": "store", "curl/curl.h": "client", "jpeglib.h": "image", "ncurses.h": "night",
                 "archive.h": "archive", "brotli/encode.h": "wire", "ini.h": "formats"}
        for header, module in doors.items():
            users = [p for p in (ROOT / "src").rglob("*.c") if f"#include <{header}>" in p.read_text()]
            self.assertTrue(all(p.parent.name == module for p in users), f"{header}: {users}")
            self.assertLessEqual(len(users), 1, f"{header} has one .c: {users}")


class Reproducible(unittest.TestCase):
    def hashes(self, folder):
        return {p.name: hashlib.sha256(p.read_bytes()).hexdigest()
                for p in sorted((folder / "build/bin").iterdir()) if p.is_file()}

    def build(self, source, env):
        env = {**os.environ, **env}
        env.pop("CMAKE_C_COMPILER_LAUNCHER", None)
        for command in (["cmake", "--preset", "release"], ["cmake", "--build", "--preset", "release"]):
            done = subprocess.run(command, cwd=source, env=env, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, (done.stdout + done.stderr)[-3000:])

    def test_two_builds_are_equal(self):
        """Another directory, zone, locale and umask: the same programs, byte for byte, as the build here."""
        self.build(ROOT, {})
        base = Path(tempfile.mkdtemp(prefix="atalaya-rep-"))
        self.addCleanup(shutil.rmtree, base, ignore_errors=True)
        source = base / "two" / "deeper"
        files = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT).decode().split("\0")
        for file in filter(None, files):
            if file.startswith(("src/", "cmake/", "web/", "CMake")) and (ROOT / file).is_file():
                (source / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / file, source / file)
        before = os.umask(0o077)
        try:
            self.build(source, {"TZ": "America/Mexico_City", "LC_ALL": "es_MX.UTF-8"})
        finally:
            os.umask(before)
        self.assertTrue(self.hashes(ROOT))
        self.assertEqual(self.hashes(ROOT), self.hashes(source))


if __name__ == "__main__":
    unittest.main(verbosity=2)
