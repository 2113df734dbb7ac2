"""The disk that forgets, itself: what was synced is there after the power went, and nothing else."""
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "shim"))
from crash import Disk  # noqa: E402

BEGIN = """
import os
def put(path, data):
    with open(path, "wb") as out:
        out.write(data)
def sync(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
def sync_all():
    import ctypes
    fd = os.open(".", os.O_RDONLY)
    assert ctypes.CDLL(None).syncfs(fd) == 0
    os.close(fd)
"""
CASES = {
    "nothing synced": ('put("a", b"1")', {}),
    "the file and not its name": ('put("a", b"1"); sync("a")', {}),
    "the name and not the file": ('put("a", b"1"); sync(".")', {"a": b""}),
    "both": ('put("a", b"1"); sync("a"); sync(".")', {"a": b"1"}),
    "written on after the sync": ('put("a", b"1"); sync("a"); sync("."); put("a", b"22")', {"a": b"1"}),
    "a rename": ('put("a", b"1"); sync("a"); sync("."); os.rename("a", "b")', {"a": b"1"}),
    "a rename and its folder": ('put("a", b"1"); sync("a"); os.rename("a", "b"); sync(".")', {"b": b"1"}),
    "over another file": ('put("a", b"1"); put("b", b"2"); sync_all(); os.rename("b", "a")', {"a": b"1", "b": b"2"}),
    "everything at once": ('os.makedirs("x/y"); put("x/y/a", b"1"); put("b", b"2"); sync_all()',
                           {"x/y/a": b"1", "b": b"2"}),
    "a second time at once": ('put("b", b"2"); sync_all(); put("c", b"3"); put("b", b"4"); sync_all()',
                              {"b": b"4", "c": b"3"}),
    "what an earlier walk has kept": ('import time\nput("a", b"1"); os.mkdir("x"); sync_all(); time.sleep(2.1)\n'
                                      'put("x/b", b"2"); sync_all(); os.rename("a", "x/a"); sync_all()',
                                      {"x/a": b"1", "x/b": b"2"}),
    "a folder moved": ('os.mkdir(".x"); put(".x/a", b"1"); sync_all(); os.rename(".x", "x")', {".x/a": b"1"}),
    "a folder moved and synced": ('os.mkdir(".x"); put(".x/a", b"1"); sync_all(); os.rename(".x", "x"); sync(".")',
                                  {"x/a": b"1"}),
    "removed and never synced": ('os.mkdir("x"); put("x/a", b"1"); sync_all(); os.unlink("x/a"); os.rmdir("x")\n'
                                 'for i in range(20): os.mkdir(f"y{i}")', {"x/a": b"1"}),
    "removed and synced": ('os.mkdir("x"); put("x/a", b"1"); sync_all(); os.unlink("x/a"); os.rmdir("x"); sync(".")',
                           {}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_left(tmp_path, bin_dir, case):
    program, expected = CASES[case]
    root = tmp_path / "disk"
    root.mkdir()
    disk = Disk(root, bin_dir.parent / "tests" / "libatalaya_shim.so")
    subprocess.run([sys.executable, "-c", BEGIN + program], cwd=root, env=disk.env(), check=True)
    disk.crash()
    assert {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()} == expected


def test_a_folder_that_is_not_empty_is_not_removed(tmp_path, bin_dir):
    root = tmp_path / "disk"
    (root / "x").mkdir(parents=True)
    (root / "x/a").write_bytes(b"1")
    disk = Disk(root, bin_dir.parent / "tests" / "libatalaya_shim.so")
    done = subprocess.run([sys.executable, "-c", 'import os; os.rmdir("x")'], cwd=root, env=disk.env(),
                          capture_output=True)
    assert b"not empty" in done.stderr and (root / "x/a").exists()
