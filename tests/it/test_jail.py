"""What roles may do once they run: the filter that the kernel holds for each, call by call, beside the role's row; and a worker of
the edge that somebody has taken over, who makes calls of his own inside it."""
import errno
import os
import re
import signal
import socket
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest

import jail_kit
from jail_kit import ALLOW, ERRNO, I386, X32, Held, verdict
from process_kit import alive, arguments_of, family, name_of, state_of
from signed_tree import Tree
from test_edge import PAGE, edge, tree  # noqa: F401
from test_tls import ask, certificate, dial, safe  # noqa: F401

pytestmark = [pytest.mark.skipif(not jail_kit.usable(), reason="needs root on x86-64")]

# Rights and what each brings: the table of docs/decisions/jails.md, written once more so that a change of the code's is seen here.
CALLS = {
    "": "read write readv writev pread64 pwrite64 close fstat newfstatat lseek munmap mremap madvise brk futex clock_gettime "
        "clock_getres gettimeofday time getpid gettid getppid exit exit_group rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack "
        "restart_syscall getrandom poll ppoll select pselect6 epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 nanosleep "
        "clock_nanosleep sched_yield sched_getaffinity getrusage recvfrom recvmsg sendto sendmsg pipe2 dup dup2 dup3 signalfd4 "
        "timerfd_create timerfd_settime eventfd2 getuid geteuid getgid getegid uname sysinfo getrlimit membarrier rseq "
        "set_robust_list fadvise64 getcwd umask",
    "serve": "accept accept4 getsockname getpeername getsockopt setsockopt sendfile splice",
    "connect": "socket connect bind getsockname getpeername getsockopt setsockopt socketpair sendmmsg recvmmsg",
    "read": "open openat openat2 stat lstat statx access faccessat faccessat2 readlink readlinkat getdents64 statfs fstatfs inotify_init1 "
            "inotify_add_watch inotify_rm_watch sendfile",
    "files": "creat mkdir mkdirat rmdir rename renameat renameat2 unlink unlinkat link linkat fsync fdatasync syncfs ftruncate truncate "
             "fallocate flock fchmod chmod fchmodat fchown chown utimensat copy_file_range sync_file_range chdir memfd_create",
    "seal": "memfd_create",
    "local": "connect bind listen accept4 getsockname getsockopt setsockopt",
    "spawn": "mmap mprotect clone clone3 fork vfork execve execveat wait4 waitid kill pidfd_open pidfd_send_signal prctl setsid close_range arch_prctl "
             "set_tid_address getpgrp setpgid setrlimit seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self "
             "socketpair",
}
ROWS = {
    "edge-worker": "serve read", "edge-worker of a site": "serve", "edge-loader": "read seal", "edge-keys": "read", "edge-health": "serve",
    "edge-scribe": "read files", "intake-gate": "serve", "intake-store": "read files local threads", "intake-copy": "read files", "cut": "serve connect local read files spawn threads",
    "cut-package": "serve connect local read files spawn threads", "cut-sign": "serve read files", "log-publish": "read files",
    "log-signer": "read files", "puller": "connect read files", "atalaya-metrics": "serve read files local",
}
# Nobody whom strangers reach, and nobody but who starts programs, gets these, whatever the rows say.
NEVER = ("ptrace process_vm_readv process_vm_writev pidfd_getfd io_uring_setup io_uring_enter io_uring_register bpf perf_event_open userfaultfd "
         "mount umount2 pivot_root chroot setns unshare keyctl add_key request_key open_by_handle_at name_to_handle_at init_module "
         "finit_module delete_module kexec_load reboot swapon swapoff setuid setgid setreuid setregid setresuid setresgid setgroups capset "
         "personality iopl ioperm settimeofday clock_settime adjtimex mknod mknodat acct syslog quotactl process_madvise memfd_secret "
         "pkey_mprotect kcmp move_pages mbind modify_ldt fanotify_init pidfd_getfd process_mrelease mount_setattr open_tree move_mount").split()
CLONE_THREAD = 0x10000
# Calls of which one argument is held to some values: (which argument, which values, the right that lifts it). tgkill: the process itself.
SHUT_WR, TIOCSTI, FIOSETOWN, F_SETOWN, F_SETSIG = 1, 0x5412, 0x8901, 8, 10
NARROW = {
    "tgkill": (0, None, "spawn"), "prlimit64": (0, {0}, "spawn"), "shutdown": (1, {SHUT_WR}, "connect"),
    "ioctl": (1, {0x5401, 0x802C542A, 0x5413, 0x5411, 0x541B, 0x5421}, ""), "fcntl": (1, {0, 1030, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1033, 1034}, ""),
}
PROT_EXEC = 4


def narrow_differences(program, name, number, words, pid):
    argument, only, lifted = NARROW[name]
    only = {pid} if only is None else only
    tried = {*range(64), *range(1024, 1040), *range(0x5400, 0x5480), TIOCSTI, FIOSETOWN, pid, pid + 1, 1 << 31, (1 << 32) - 1, (1 << 32) + min(only), *only}
    for value in tried:
        arguments = [0] * 6
        arguments[argument] = value
        if (verdict(program, number, arguments=arguments) == ALLOW) != (value in only or lifted in words):
            return [f"{name} with {value:#x}"]
    return []


def differences(program, rights, numbers, pid):
    """What the filter says otherwise than the row."""
    words = rights.split()
    allowed = {numbers[name] for right in ["", *words] for name in CALLS.get(right, "").split() if name in numbers}
    by_number = {n: name for name, n in numbers.items()}
    wrong = []
    for n in range(1024):
        if n == numbers["socket"] and "local" in words and "connect" not in words:
            says = [verdict(program, n, arguments=(family, 1, 0, 0, 0, 0)) == ALLOW for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, 16)]
            wrong += [] if says == [True, False, False, False] else ["socket by family"]
        elif by_number.get(n) in NARROW:
            wrong += narrow_differences(program, by_number[n], n, words, pid)
        elif n in (numbers["mmap"], numbers["mprotect"]) and "spawn" not in words:
            says = [verdict(program, n, arguments=(0, 4096, protection, 0, 0, 0)) for protection in (*range(8), 0xFFFFFFFB, 0xFFFFFFFF)]
            rules = [ERRNO | errno.EACCES if protection & PROT_EXEC else ALLOW for protection in (*range(8), 0xFFFFFFFB, 0xFFFFFFFF)]
            wrong += [] if says == rules else [f"{by_number[n]} by what may be done there"]
        elif n == numbers["clone"] and "threads" in words and "spawn" not in words:
            says = [verdict(program, n, arguments=(flags, 0, 0, 0, 0, 0)) == ALLOW for flags in (CLONE_THREAD | 0x100, 0x11)]
            wrong += [] if says == [True, False] else ["clone by flags"]
        elif n == numbers["clone3"] and "threads" in words and "spawn" not in words:
            wrong += [] if verdict(program, n) & 0xFFFF0000 == ERRNO else ["clone3"]
        elif (verdict(program, n) == ALLOW) != (n in allowed):
            wrong.append(f"{by_number.get(n, n)} {'allowed' if n not in allowed else 'forbidden'}")
        for arch, number in ((jail_kit.X86_64, n | X32), (I386, n)):
            if verdict(program, number, arch) == ALLOW:
                wrong.append(f"{number:#x} of another kind of program")
    never = [name for name in NEVER if name in numbers and verdict(program, numbers[name]) == ALLOW]
    return wrong + never


TRIED = {}  # row: its filter, as it was tried


def tried(row, program, numbers, folder, pid):
    """Every call that this machine's kernel knows is made by a process that has the role's filter: what the row does not name ends it."""
    same = [(code, jt, jf, 0 if k == pid else k) for code, jt, jf, k in program]  # each filter names its own process
    if TRIED.get(row) == same:
        return []
    named = {name for right in ["", *ROWS[row].split()] for name in CALLS.get(right, "").split()}
    by_argument = {"mmap", "mprotect", *NARROW} | ({"clone", "clone3", "socket"} if {"threads", "local"} & set(ROWS[row].split()) else set())
    calls = {n: name for name, n in numbers.items() if name not in by_argument and not (name in jail_kit.UNTRIED and name in named)}
    died = jail_kit.deadly(program, calls, jail_kit.trier(folder))
    TRIED[row] = same
    return [f"{name} {'ends who makes it' if n in died else 'is let through'}" for n, name in calls.items() if (n in died) == (name in named)]


def jailed(pid):
    about = state_of(pid)
    return about.get("Seccomp") == "2" and about["State"][0] not in "ZX"


def judge(pids, folder, site=()):
    """Holds every jailed process to its row; the names that were seen, and of those that have no jail."""
    numbers, seen, free = jail_kit.numbers(), set(), set()
    assert len(numbers) > 300
    for pid in pids:
        name, about = name_of(pid), state_of(pid)
        if not name or about.get("State", "Z")[0] in "ZX" or name_of(pid) != name:  # the name and the state are of one role
            continue
        if about["Seccomp"] == "0":
            free.add(name)
            continue
        row = "edge-worker of a site" if name == "edge-worker" and pid in site else name
        assert row in ROWS, f"{row} has a jail and no row"
        assert about["NoNewPrivs"] == "1" and about["Seccomp_filters"] == "1", row
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(about[kind], 16) == 0, (row, kind)
        try:
            with Held(pid) as held:
                program = held.filter()
        except OSError:
            assert not alive(pid), f"{row} could not be held"
            continue
        if name_of(pid) != name:  # it became another meanwhile
            continue
        assert differences(program, ROWS[row], numbers, pid) == [], row
        assert tried(row, program, numbers, folder, pid) == [], row
        seen.add(row)
    return seen, free


def test_who_tries_the_calls_sees_what_ends_them(tmp_path):
    made, calls = jail_kit.trier(tmp_path), [jail_kit.numbers()[name] for name in ("getpid", "reboot", "ptrace", "exit_group")]
    ends = {"nothing": [(6, 0, 0, ALLOW)], "all": [(6, 0, 0, jail_kit.KILL)], "one": [(0x20, 0, 0, 0), (0x15, 0, 1, calls[1]), (6, 0, 0, jail_kit.KILL), (6, 0, 0, ALLOW)]}
    assert {name: jail_kit.deadly(program, calls, made) for name, program in ends.items()} == {"nothing": set(), "all": set(calls), "one": {calls[1]}}


def skip_when_sanitized(bin_dir, log=None):
    if b"__asan_init" in (bin_dir / "atalaya-edge").read_bytes():
        pytest.skip("sanitized programs have no seccomp and say so: test_a_sanitized_role_says_that_it_is_free")


def test_every_call_of_every_role_of_an_edge(safe, tree, tmp_path, bin_dir, free_ports):  # noqa: F811
    skip_when_sanitized(bin_dir)
    tree.cut({"index.html": PAGE})
    site = safe("--hits", tmp_path / "hits", "--health", f"127.0.0.1:{free_ports(1)[0]}")
    roles = ["edge-worker", "edge-loader", "edge-keys", "edge-health", "edge-scribe"]
    for name in roles:
        pid = site.role(name)
        site.until(lambda: jailed(pid))
    seen, free = judge(family(site.running.pid), tmp_path)
    assert seen == set(roles) and free == {"atalaya-edge"}, "the parent alone has no jail: it reads nothing from outside"


def test_every_call_of_the_worker_of_a_site(edge, tmp_path, bin_dir):  # noqa: F811
    skip_when_sanitized(bin_dir)
    (tmp_path / "www").mkdir()
    (tmp_path / "www/index.html").write_text("hello")
    site = edge(tmp_path / "www", role="site")
    worker = site.role("edge-worker")
    site.until(lambda: jailed(worker))
    assert "edge-worker of a site" in judge(family(site.running.pid), tmp_path, {worker})[0]


def test_every_call_of_every_role_of_a_night(start, tmp_path, bin_dir, wait_for):
    skip_when_sanitized(bin_dir)
    folder = tmp_path / "n"
    night = start("atalaya-night", "--dir", folder, "--scale", "small", "--listen", "127.0.0.1:0", "--speed", "300", "--copy", tmp_path / "copy")
    wanted = {"edge-worker", "edge-loader", "edge-scribe", "intake-gate", "intake-store", "cut", "cut-sign", "log-publish", "log-signer", "puller", "intake-copy", "atalaya-metrics"}
    seen = set()

    def all_seen():
        pids = family(night.pid)
        sites = {pid for pid in pids if " --role site " in " ".join([*arguments_of(pid), ""])}
        seen.update(judge([p for p in pids if ready(p)], tmp_path, sites)[0])
        return wanted <= seen

    def ready(pid):
        """A role enters its jail when it has opened what it needs; a parent never does."""
        return jailed(pid) or not name_of(pid).startswith(("edge-", "intake-g", "intake-s", "cut", "log-", "puller", "atalaya-metric"))

    wait_for(all_seen, 40, lambda: f"seen {seen}\n{night.text()[-1000:]}")

    def waiting():
        """Roles outside their jail. Programs are parents and the night's tools, which strangers do not reach; one may become a role any time."""
        return {name for pid in family(night.pid) if alive(pid) and not jailed(pid) and (name := name_of(pid)) and not name.startswith("atalaya-")}

    wait_for(lambda: waiting() <= {"intake-copy"}, 20, lambda: f"{waiting()}: the copy alone may be waiting for its folder")


def test_roles_that_own_nothing_are_nobody(edge, start, bin_dir, small_election):  # noqa: F811
    """Started as root, who writes nothing is not root's: where nobody may read the tree. Who dies with the parent still does."""
    skip_when_sanitized(bin_dir)
    with tempfile.TemporaryDirectory() as open_to_all:  # pytest's own folder is closed to others
        os.chmod(open_to_all, 0o755)
        public = Tree(Path(open_to_all) / "public")
        public.cut({"index.html": PAGE})
        picture = os.urandom(70_000)
        path = public.add_image(picture)
        site = edge(public, "--health", "127.0.0.1:0")
        site.until_cut(0)
        site.until(lambda: {"edge-worker", "edge-health"} <= {name_of(p) for p in site.children() if jailed(p)})
        users = {name_of(pid): (about["Uid"].split(), about["Gid"].split(), about["Groups"]) for pid in site.children() if (about := state_of(pid))}
        assert users["edge-worker"] == users["edge-health"] == (["65534"] * 4, ["65534"] * 4, "")
        assert users["edge-loader"][0] == ["0"] * 4
        assert site.get(f"/acta/{path}.jpg")[2] == picture and site.get("/cut/0/index.html")[2] == PAGE
        roles = site.children()
        os.kill(site.running.pid, signal.SIGKILL)
        site.until(lambda: not any(alive(pid) for pid in roles), 5)
    public = Tree(small_election / "public")  # below pytest's folder, mode 0700
    public.cut({"index.html": PAGE})
    site = edge(public)
    site.until_cut(0)
    assert "jail_as_root role=edge-worker" in site.running.text() and site.get("/cut/0/index.html")[2] == PAGE


def open_descriptors(pid):
    return {int(f.name): os.readlink(f) for f in Path(f"/proc/{pid}/fd").iterdir()}


def mappings(pid):
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        span, rights, _, _, _, *name = line.split(maxsplit=5)
        low, high = (int(x, 16) for x in span.split("-"))
        yield low, high, rights, name[0] if name else ""


def living_worker(site):
    return next((pid for pid in site.children() if name_of(pid) == "edge-worker" and jailed(pid)), 0)


EPERM, EACCES, EBADF = -1, -13, -9
READ, WRITE, EXECUTE, SHARED, PRIVATE, ANONYMOUS, AT_FDCWD = 1, 2, 4, 1, 2, 32, -100


def test_a_worker_that_is_taken_over(safe, tree, tmp_path, bin_dir):  # noqa: F811
    """It can neither read a key nor change a byte that another worker serves, and reaches nobody."""
    skip_when_sanitized(bin_dir)
    tree.cut({"index.html": PAGE, "big.bin": os.urandom(300_000)})
    pair = certificate(tmp_path, "one", "resultados.example")
    site = safe("--workers", "2", "--hits", tmp_path / "hits", certs=[pair])
    call = jail_kit.numbers()
    first = site.role("edge-worker")
    every = ["edge-keys", "edge-loader", "edge-scribe", "edge-worker", "edge-worker"]
    site.until(lambda: sorted(name_of(pid) for pid in site.children() if jailed(pid)) == every)
    roles = {pid: name_of(pid) for pid in site.children()}
    others = [pid for pid in roles if pid != first]
    # the cut's code follows it, and each worker says so in a second of its own: all of many connections must have heard of it
    site.until(lambda: all(b'"code":"' in site.get("/estado")[2] for _ in range(16)))
    estado = re.sub(rb'"(age_s|time|now|age)":[^,}]*', b"", site.get("/estado")[2])

    with Held(first) as worker:
        secret = [pair[1], pair[0], "/etc/shadow", "/etc/passwd", tmp_path / "hits", site.status_file, "/proc/self/mem", "/proc/self/maps",
                  "/proc/self/environ", "/", "/tmp", *(f"/proc/{pid}/{what}" for pid in [*others, site.running.pid] for what in ("mem", "environ", "fd", "maps"))]
        for path in secret:
            assert worker.call(call["openat"], AT_FDCWD, str(path), os.O_RDONLY) == EACCES, path
        page = tree.root / "cut/0/index.html"
        for flags in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_TRUNC):
            assert worker.call(call["openat"], AT_FDCWD, str(page), flags, 0o644) == EACCES
            assert worker.call(call["openat"], AT_FDCWD, str(tree.root / "new"), flags | os.O_CREAT, 0o644) == EACCES
        served = worker.call(call["openat"], AT_FDCWD, str(page), os.O_RDONLY)
        assert served >= 0, "reading below the tree is its row"

        # what it holds: nothing of it can be written but its own ring and its own page of the board
        files = {fd: name for fd, name in open_descriptors(first).items() if fd > 2 and name.startswith(("/memfd:", str(tmp_path)))}
        segments = [fd for fd, name in files.items() if name.startswith("/memfd:edge")]
        assert segments
        for fd, name in files.items():
            own_ring = "atalaya-hits" in name
            assert own_ring or worker.call(call["pwrite64"], fd, b"x", 1, 0) in (EPERM, EBADF), name
            assert own_ring or worker.call(call["mmap"], 0, 4096, READ | WRITE, SHARED, fd, 0) in (EPERM, EACCES, EBADF), name
            shared = worker.call(call["mmap"], 0, 4096, READ, SHARED, fd, 0) if not os.path.isdir(f"/proc/{first}/fd/{fd}") and not own_ring else 0
            assert shared <= 0 or worker.call(call["mprotect"], shared, 4096, READ | WRITE) == EACCES, name
        writable = []
        for low, high, rights, name in mappings(first):
            if rights[3] == "s" and rights[1] != "w":
                assert worker.call(call["mprotect"], low, high - low, READ | WRITE) == EACCES, name
            elif rights[3] == "s":
                writable.append((high - low, name.removesuffix(" (deleted)")))
        # no byte of it becomes a program: neither new memory nor what it can write already
        assert worker.call(call["mmap"], 0, 4096, READ | EXECUTE, PRIVATE | ANONYMOUS, -1, 0) == EACCES
        assert worker.call(call["mmap"], 0, 4096, READ | EXECUTE, PRIVATE, served, 0) == EACCES
        for low, high, rights, name in mappings(first):
            assert not ("w" in rights and "x" in rights), name
            if rights == "rw-p":
                assert worker.call(call["mprotect"], low, 4096, READ | EXECUTE) == EACCES, name
        assert sorted(name for _, name in writable) == ["/memfd:atalaya-hits", "/memfd:edge-board"], writable
        assert dict((name, size) for size, name in writable)["/memfd:edge-board"] == 4096, "its own row of counters"
        # with an accepted connection it cannot go elsewhere: Landlock knows TCP
        with socket.create_connection(("127.0.0.1", site.port)) as s:
            place = struct.pack("<HH4s8x", socket.AF_INET, socket.htons(site.port), socket.inet_aton("127.0.0.1"))
            assert place and s

    listener = next(fd for fd, name in sorted(open_descriptors(first).items()) if fd > 2 and name.startswith("socket:"))
    # and what ends it at once; who was ended is started again, while the others serve
    deadly = {"ptrace": (16, others[0]), "process_vm_readv": (others[0], b"\0" * 16, 1, b"\0" * 16, 1), "process_vm_writev": (others[0], b"\0" * 16, 1, b"\0" * 16, 1),
              "socket": (socket.AF_INET, socket.SOCK_DGRAM, 0), "execve": ("/bin/sh", 0, 0), "clone": (signal.SIGCHLD, 0),
              "kill": (others[0], signal.SIGTERM), "unlinkat": (AT_FDCWD, str(page), 0), "pidfd_getfd": (3, 3, 0), "io_uring_setup": (8, b"\0" * 120),
              # what it needs for itself, turned against others: their lives, their limits, the listener of all, the operator's terminal
              "tgkill": (others[0], others[0], signal.SIGKILL), "prlimit64": (others[0], 7, struct.pack("<QQ", 0, 0), 0),
              "shutdown": (listener, socket.SHUT_RDWR), "ioctl": (1, TIOCSTI, b"x"), "fcntl": (listener, F_SETOWN, others[0])}
    assert jailed(first)
    for n, (name, arguments) in enumerate(deadly.items()):
        with Held(site.until(lambda: living_worker(site))) as worker:
            assert worker.call(call[name], *arguments) == "killed", name
        if n % 3 == 2:
            with dial(site.tls_port) as s:
                assert ask(s, "/cut/0/")[1] == PAGE
    for _ in range(4):
        with dial(site.tls_port) as s:
            assert ask(s, "/cut/0/")[1] == PAGE
    assert page.exists() and pair[1].exists()
    now = re.sub(rb'"(age_s|time|now|age)":[^,}]*', b"", site.get("/estado")[2])
    assert now == estado, (now, estado)


def test_a_sanitized_role_says_that_it_is_free(edge, tree, bin_dir):  # noqa: F811
    """A build that watches memory has no seccomp, and no role is without it silently; nor is one that was told so."""
    tree.cut({"index.html": PAGE})
    site = edge(tree)
    site.until_cut(0)
    said = set(re.findall(r"jail_off role=(\S+) what=seccomp why=sanitized-build", site.running.text()))
    assert said == ({"edge-worker", "edge-loader"} if b"__asan_init" in (bin_dir / "atalaya-edge").read_bytes() else set())
    done = subprocess.Popen([bin_dir / "atalaya-edge", "--listen", "127.0.0.1:0", "--tree", tree.root, "--role", "results", "--name", "uno", "--vkey", tree.signer.vkey],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, "ATALAYA_JAIL": "off"})
    try:
        lines = ""
        while len(re.findall(r"jail_off role=\S+ what=all why=ATALAYA_JAIL", lines)) < 2:
            assert (line := done.stderr.readline()), lines
            lines += line
    finally:
        done.terminate()
        done.wait(10)


@pytest.mark.parametrize("lacks", ["Landlock", "seccomp"])
def test_a_kernel_that_cannot_is_refused_unless_told_aloud(bin_dir, tmp_path, lacks):
    """Before anything is listened on or made, with a sentence; ATALAYA_JAIL=off starts it."""
    skip_when_sanitized(bin_dir)
    (tmp_path / "site").mkdir()
    below = jail_kit.without(jail_kit.numbers()[{"Landlock": "landlock_create_ruleset", "seccomp": "seccomp"}[lacks]])
    programs = {
        "atalaya-edge": ["--listen", "127.0.0.1:0", "--tree", tmp_path / "site", "--role", "site", "--name", "uno"],
        "atalaya-night": ["--scale", "small", "--dir", tmp_path / "night", "--listen", "127.0.0.1:0"],
    }
    for program, arguments in programs.items():
        done = subprocess.run([bin_dir / program, *arguments], preexec_fn=below, capture_output=True, text=True, timeout=20)
        said = done.stdout + done.stderr
        assert done.returncode == 2 and f"no tiene {lacks}" in said and "ATALAYA_JAIL=off" in said and "http:" not in said, done
    assert not (tmp_path / "night").exists()
    told = subprocess.Popen([bin_dir / "atalaya-edge", *programs["atalaya-edge"]], preexec_fn=below, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                            env={**os.environ, "ATALAYA_JAIL": "off"})
    try:
        port = int(re.search(r":(\d+)/", told.stdout.readline())[1])
        with socket.create_connection(("127.0.0.1", port), 10) as s:
            s.sendall(b"GET /estado HTTP/1.1\r\nHost: x\r\n\r\n")
            assert s.recv(12) == b"HTTP/1.1 200"
    finally:
        told.terminate()
        told.wait(10)
        told.stdout.close()
