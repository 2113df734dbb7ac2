"""What the kernel says of the programs that a test has started. A process may end between two looks at it: who is gone has no name, no
arguments and no state here, and nobody below it; a test never fails because a role ended while somebody counted."""
import os
import re
from pathlib import Path


def _read(pid, what):
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except OSError:  # ENOENT before the file is open, ESRCH after
        return b""


def name_of(pid):
    """A role has its name some time after it was started."""
    return _read(pid, "comm").decode().strip()


def arguments_of(pid):
    return [word.decode(errors="replace") for word in _read(pid, "cmdline").split(b"\0")[:-1]]


def state_of(pid):
    """The fields of /proc/PID/status by their names; {} when it is gone."""
    return dict(re.findall(r"^(\w+):[ \t]*(.*)$", _read(pid, "status").decode(), re.M))


def parent_of(pid):
    return int(state_of(pid).get("PPid", 0))


def alive(pid):
    """It exists, and is more than what is left for its parent to collect."""
    return state_of(pid).get("State", "Z")[0] not in "ZX"


def children(pid):
    """Those that any thread of it has started."""
    try:
        tasks = [task.name for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return []
    return [int(child) for task in tasks for child in _read(pid, f"task/{task}/children").split()]


def family(pid):
    """The process and all below it, parents first."""
    return [pid, *(one for child in children(pid) for one in family(child))]


def descriptors(pid):
    """{number: what it is}; one that is closed meanwhile is not there."""
    found = {}
    try:
        numbers = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return {}
    for number in numbers:
        try:
            found[int(number)] = os.readlink(f"/proc/{pid}/fd/{number}")
        except OSError:
            pass
    return found


def roles(pid):
    """{name: pid} of a program's children."""
    return {name: child for child in children(pid) if (name := name_of(child))}
