"""The same night under another zone, locale, directory and start gives the same roots, and every file of every cut."""
import os

import oracle
from log_night import LogNight
from night_ledger import tree

WORLDS = [
    {"env": {"TZ": "UTC", "LC_ALL": "C"}, "folder": "a"},
    {"env": {"TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8", "LANG": "ar_EG.UTF-8", "MALLOC_PERTURB_": "165", "SOURCE_DATE_EPOCH": "1"},
     "folder": "ñ x/y", "cwd": "/", "umask": 0o077, "restarts": True},
]


def play(folder, bin_dir, world, log_key):
    """Three cuts with a correction, an acta out of the catalogue, a record held and released, and the close."""
    (folder / "keys").mkdir(parents=True)
    if log_key is not None:
        (folder / "keys/log.key").write_bytes(log_key)
        (folder / "keys/log.key").chmod(0o600)
    before = os.umask(world.get("umask", 0o022))
    night = LogNight(folder, bin_dir, env=world["env"])
    try:
        more = {"cwd": world["cwd"]} if "cwd" in world else {}
        args = ("--package", "60")
        night.start(*args, **more)
        night.until_proven(0)  # made at the start, of the clock's hour
        first = {}
        for at in (0, 60, 120):
            for i in range(10):
                first[at // 6 + i] = night.add(at // 6 + i)
            if at == 60:
                night.add(3, seed=2, version=2, previous=first[3], reason="captura")
                night.add(5, key="FC-0123456789abcdef", stated="090001C0100A02")
                night.add(7, seed=2, version=2, previous=first[7], reason="captura", computed=9999)  # held by the cut
            if at == 120:
                assert night.ask("close prueba").startswith("ok")
            assert night.cut(at).startswith("ok "), night.log()
            night.until_proven(at // 60 + 1)
            if world.get("restarts"):
                night.stop()
                night.start(*args, **more)
    finally:
        night.close()
        os.umask(before)
    return night


def test_everywhere(tmp_path, bin_dir):
    nights, key = [], None
    for number, world in enumerate(WORLDS):
        nights.append(play(tmp_path / str(number) / world["folder"], bin_dir, world, key))
        key = (nights[0].dir / "keys/log.key").read_bytes()
    one, other = ([e.decode() for e in night.ledger.entries] for night in nights)
    cuts = [oracle.fields_of(e)[1] for e in one if e.startswith("prep-cut/v1\n")]
    assert len(cuts) == 4 and len({(c["state-root"], c["totals-root"], c["files-root"]) for c in cuts}) == 4
    again = [oracle.fields_of(e)[1] for e in other if e.startswith("prep-cut/v1\n")]
    for name in ("state-root", "totals-root", "files-root", "manifest"):
        assert [c[name] for c in cuts] == [c[name] for c in again]
    assert one == other
    files, again = ({path: data for path, data in tree(night.dir / "public").items() if not path.startswith("log/")}
                    for night in nights)
    assert list(files) == list(again)
    assert [path for path in files if files[path] != again[path]] == []
    assert oracle.compare_entries(one) == ([], 4)
