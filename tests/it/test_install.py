"""What `make install` puts where: programs that run, pages that are found, units that systemd accepts and
finds well fenced, users and folders as the units need them."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import REPO

EXPOSURE_MOST = 1.6  # of systemd-analyze security, where 10 is no fence at all
PLANES = {"results", "feed", "intake", "log", "cut", "metrics", "site", "mirror"}


def sh(*command, **more):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=600, **more)


def need(program):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """(DESTDIR, the prefix below it) after an installation from the build that is tested."""
    build = Path(os.environ.get("ATALAYA_BIN_DIR", REPO / "build" / "bin")).parent
    dest = tmp_path_factory.mktemp("dest")
    done = sh("cmake", "--install", build, env={**os.environ, "DESTDIR": str(dest)})
    assert done.returncode == 0, done.stderr
    return dest, next(dest.rglob("bin/atalaya")).parent.parent


@pytest.fixture(scope="module")
def units(installed, tmp_path_factory):
    """A folder with the installed units, whose commands are those of DESTDIR."""
    dest, prefix = installed
    folder = tmp_path_factory.mktemp("units")
    shutil.copytree(prefix / "lib/systemd/system", folder, dirs_exist_ok=True)
    for unit in folder.rglob("*.service"):
        unit.write_text(unit.read_text().replace(f"ExecStart=/{prefix.relative_to(dest)}", f"ExecStart={prefix}"))
    return folder


def environment(units):
    return {**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:/lib/systemd/system", "SYSTEMD_LOG_LEVEL": "warning", "COLUMNS": "200"}


def test_everything_is_there_and_runs(installed):
    dest, prefix = installed
    programs = {p.name for p in (prefix / "bin").iterdir()}
    assert programs == set(re.findall(r"house_program\(\s*NAME\s+(\S+)", (REPO / "src/progs/CMakeLists.txt").read_text()))
    for program in programs:
        assert (prefix / f"share/man/man1/{program}.1").is_file()
    for verb in ("--help", "--version"):
        assert sh(prefix / "bin/atalaya", verb).returncode == 0
    assert sh(prefix / "bin/atalaya", "verify", "--help").returncode == 0  # it finds what lies beside it
    assert (prefix / "share/doc/atalaya/docs/runbooks/README.md").is_file()
    assert (prefix / "share/atalaya/prometheus/atalaya.rules.yml").is_file()
    settings = next(dest.rglob("atalaya/results.env"))
    assert settings.parent.parent.name == "etc"


def test_settings_of_the_operator_stay(installed):
    dest, _ = installed
    build = Path(os.environ.get("ATALAYA_BIN_DIR", REPO / "build" / "bin")).parent
    settings = next(dest.rglob("atalaya/cut.env"))
    settings.write_text("OPTIONS=--cadence 600\n")
    assert sh("cmake", "--install", build, env={**os.environ, "DESTDIR": str(dest)}).returncode == 0
    assert settings.read_text() == "OPTIONS=--cadence 600\n"


def test_bash_completes_verbs_and_options(installed):
    need("bash")
    _, prefix = installed
    script = (f"PATH={prefix}/bin:$PATH; . {prefix}/share/bash-completion/completions/atalaya; "
              "COMP_WORDS=(atalaya ver); COMP_CWORD=1; _atalaya; echo ${COMPREPLY[@]}; "
              "COMP_WORDS=(atalaya verify --po); COMP_CWORD=2; _atalaya; echo ${COMPREPLY[@]}")
    done = sh("bash", "-c", script)
    assert done.stdout.split("\n")[:2] == ["verify", "--policy"], done.stdout + done.stderr


def test_systemd_accepts_the_units(units):
    need("systemd-analyze")
    paths = sorted(p for p in units.iterdir() if p.is_file())
    assert {p.stem.removeprefix("atalaya-") for p in units.glob("*.service")} == PLANES
    done = sh("systemd-analyze", "verify", "--man=no", *paths, env=environment(units))
    said = [line for line in (done.stdout + done.stderr).splitlines() if "atalaya" in line]
    assert done.returncode == 0 and said == [], done.stdout + done.stderr


def test_the_fence_of_every_unit(units):
    """Figures of systemd-analyze security: 0 is a cage, 10 an open field."""
    need("systemd-analyze")
    for unit in sorted(units.glob("*.service")):
        done = sh("systemd-analyze", "security", "--offline=true", f"--threshold={int(EXPOSURE_MOST * 10)}", unit.name, env=environment(units))
        figure = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
        assert figure, done.stdout + done.stderr
        print(unit.name, figure[1])
        assert float(figure[1]) <= EXPOSURE_MOST and done.returncode == 0, done.stdout


def test_planes_share_nothing_but_the_machine(units):
    """No unit of one plane asks for one of the other, and they have neither user nor slice in common."""
    users, slices = {}, {}
    for unit in units.glob("*.service"):
        text = unit.read_text()
        plane = "institution" if unit.name == "atalaya-site.service" else "results"
        users.setdefault(plane, set()).add(re.search(r"^User=(\S+)", text, re.M)[1])
        slices.setdefault(plane, set()).add(re.search(r"^Slice=(\S+)", text, re.M)[1])
        assert ("ExecReload=" in text) == ("/atalaya-edge " in text)
        assert ("/site" in text) == (plane == "institution") or "results" in unit.name
    assert not users["results"] & users["institution"] and not slices["results"] & slices["institution"]
    assert "results" not in (units / "atalaya-institutional-plane.target").read_text().split("[Unit]")[1].split("Wants=")[1].split("\n")[0]


def test_users_and_folders(installed, tmp_path):
    need("systemd-sysusers")
    need("systemd-tmpfiles")
    if os.geteuid() != 0:
        pytest.skip("folders of other users are root's to make")
    _, prefix = installed
    (tmp_path / "etc").mkdir()
    done = sh("systemd-sysusers", f"--root={tmp_path}", prefix / "lib/sysusers.d/atalaya.conf")
    assert done.returncode == 0, done.stderr
    users = {line.split(":")[0]: int(line.split(":")[2]) for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    named = set(re.findall(r"^User=(\S+)", "".join(u.read_text() for u in (prefix / "lib/systemd/system").glob("*.service")), re.M))
    assert named <= set(users)
    done = sh("systemd-tmpfiles", f"--root={tmp_path}", "--create", prefix / "lib/tmpfiles.d/atalaya.conf")
    assert done.returncode == 0, done.stderr
    night = tmp_path / "var/lib/atalaya/night"
    assert (night / "store").stat().st_uid == users["atalaya-intake"] and (night / "store").stat().st_mode & 0o777 == 0o700
    assert (night / "signer").stat().st_uid == users["atalaya-log"] and (night / "signer").stat().st_mode & 0o777 == 0o700
    assert (night / "public/log").stat().st_mode & 0o7777 == 0o3775  # two write there, neither over the other's
    assert (night / "run").stat().st_mode & 0o7777 == 0o2775 and (night / "run/status").stat().st_mode & 0o7777 == 0o3775
