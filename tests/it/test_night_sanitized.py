"""A whole night of the sanitized programs: every role is watched while it does its work, and its seccomp is off, said aloud."""
import re

import pytest

from test_night import SMALL, check_truth


@pytest.mark.sanitize
def test_a_night_without_a_report(run, bin_dir, tmp_path):
    if b"__asan_init" not in (bin_dir / "atalaya-night").read_bytes():
        pytest.skip("these programs are not sanitized")
    folder = tmp_path / "n"
    done = run("atalaya-night", "--dir", folder, *SMALL, "--speed", "max", "--once", "--quiet", "--cut-s", "7200", seconds=170)
    logs = {f.name: f.read_text(errors="replace") for f in (folder / "run/log").iterdir()}
    for name, text in {**logs, "night": done.stdout + done.stderr}.items():
        assert not re.search(r"Sanitizer|runtime error:", text), (name, text[-3000:])
    assert done.returncode == 0 and "Todo bien" in done.stdout, done.stdout + done.stderr
    check_truth(folder)
    said = set(re.findall(r"jail_off role=(\S+) what=seccomp why=sanitized-build", "".join(logs.values())))
    assert len(said) > 6, said
