"""The other half of shim.c: begins a tree whose synced state is kept, gives programs the environment for it, and lays
the tree out as it would be after the power went.

    disk = Disk(root, library)      everything that is there now is on disk
    Popen(..., env=disk.env())
    ... every program is dead ...
    disk.crash()                    only what was synced is left
    disk.crash(random.Random(7))    ... and of what was not, some names and some blocks, as disks do
"""
import os
import shutil
from pathlib import Path

BLOCK = 4096


class Disk:
    def __init__(self, root, library, state=None):
        self.root, self.library = Path(root).resolve(), Path(library).resolve()
        self.state = Path(state or f"{self.root}.synced").resolve()
        assert self.library.is_file(), f"{self.library} is not built"
        self.begin()

    def begin(self):
        shutil.rmtree(self.state, ignore_errors=True)
        for name in ("inodes", "dirs", "pins", "tmp"):
            (self.state / name).mkdir(parents=True)
        for folder, _, files in os.walk(self.root):
            self.keep_folder(folder)
            for name in files:
                path = Path(folder) / name
                if path.is_file() and not path.is_symlink():
                    shutil.copy2(path, self.state / "inodes" / str(path.stat().st_ino))

    def keep_folder(self, folder):
        lines = ""
        for entry in os.scandir(folder):
            about = entry.stat(follow_symlinks=False)
            kind = "l" if entry.is_symlink() else "d" if entry.is_dir() else "f" if entry.is_file() else "?"
            lines += f"{kind} {about.st_ino} {about.st_mode & 0o7777:o} {entry.name}\n"
            if kind == "f":
                pin = self.state / "pins" / str(about.st_ino)
                if not pin.exists():
                    os.link(entry.path, pin)
        (self.state / "dirs" / str(os.stat(folder).st_ino)).write_text(lines)

    def env(self, **more):
        found = {"LD_PRELOAD": str(self.library), "SHIM_ROOT": str(self.root), "SHIM_STATE": str(self.state),
                 "ATALAYA_JAIL": "off",  # a jailed role could not reach the kept state
                 "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0", **more}
        return {k: str(v) for k, v in found.items()}

    def listing(self, inode):
        try:
            lines = (self.state / "dirs" / str(inode)).read_text().splitlines()
        except FileNotFoundError:
            return {}
        return {name: (kind, int(inode), int(mode, 8)) for kind, inode, mode, name in (x.split(" ", 3) for x in lines)}

    def content(self, inode):
        try:
            return (self.state / "inodes" / str(inode)).read_bytes()
        except FileNotFoundError:
            return b""

    @staticmethod
    def live(folder):
        found = {}
        if folder is not None and folder.is_dir():
            for entry in os.scandir(folder):
                about = entry.stat(follow_symlinks=False)
                kind = "l" if entry.is_symlink() else "d" if entry.is_dir() else "f" if entry.is_file() else "?"
                found[entry.name] = (kind, about.st_ino, about.st_mode & 0o7777)
        return found

    def crash(self, chance=None):
        target = Path(f"{self.root}.after")
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        self.lay_out(self.root.stat().st_ino, self.root, target, chance)
        shutil.rmtree(self.root)
        target.rename(self.root)
        self.begin()

    def lay_out(self, inode, live_folder, target, chance):
        names = self.listing(inode)
        live = self.live(live_folder)
        if chance is not None:
            for name in sorted(set(names) | set(live)):
                if names.get(name) != live.get(name) and chance.random() < 0.5:
                    names.pop(name, None)
                    if name in live:
                        names[name] = live[name]
        for name, (kind, child, mode) in sorted(names.items()):
            now = live.get(name)
            path = target / name
            if kind == "d":
                path.mkdir()
                path.chmod(mode)
                same = live_folder / name if live_folder and now and now[1] == child else None
                self.lay_out(child, same, path, chance)
            elif kind == "f":
                kept = self.content(child)
                if chance is not None and now and now[1] == child:
                    kept = self.mix(kept, (live_folder / name).read_bytes(), chance)
                path.write_bytes(kept)
                path.chmod(mode)
            elif kind == "l" and now and now[0] == "l":
                path.symlink_to(os.readlink(live_folder / name))

    @staticmethod
    def mix(kept, live, chance):
        """Blocks that were written since the last sync are there or not, each for itself; so is the new length."""
        if kept == live:
            return kept
        size = len(live) if chance.random() < 0.5 else len(kept)
        out = bytearray(kept[:size].ljust(size, b"\0"))
        for at in range(0, size, BLOCK):
            if chance.random() < 0.5 and live[at:at + BLOCK]:
                piece = live[at:at + BLOCK][:size - at]
                out[at:at + len(piece)] = piece
        return bytes(out)
