"""From outside into a running role: the filter that the kernel holds for it (PTRACE_SECCOMP_GET_FILTER), what that filter says to
any call, and calls made by the role itself as if who took it over made them (the call's number and arguments are put into its
registers and one `syscall` instruction is stepped). x86-64; needs to be root."""
import ctypes
import errno
import os
import platform
import re
import signal
import struct
import subprocess
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.restype = ctypes.c_long
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
GETREGS, SETREGS, SINGLESTEP, DETACH, SEIZE, INTERRUPT, GET_FILTER = 12, 13, 9, 17, 0x4206, 0x4207, 0x420C
WALL = 0x40000000
REGISTERS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs").split()
X86_64, I386, X32 = 0xC000003E, 0x40000003, 0x40000000
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


def usable():
    return os.geteuid() == 0 and platform.machine() == "x86_64"


def numbers():
    """The system calls of this machine by name, from the kernel's header."""
    made = subprocess.run(["cc", "-E", "-dM", "-include", "asm/unistd.h", "-x", "c", "/dev/null"], capture_output=True, text=True, check=True)
    return {name: int(n) for name, n in re.findall(r"#define __NR_(\w+) (\d+)", made.stdout)}


class Held:
    """A process that stands still while it is looked into."""

    def __init__(self, pid):
        self.pid = pid

    def ask(self, what, address=0, data=None):
        done = LIBC.ptrace(what, self.pid, address, data)
        if done < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return done

    def __enter__(self):
        self.ask(SEIZE)
        self.ask(INTERRUPT)
        os.waitpid(self.pid, WALL)
        self.gone = None
        return self

    def __exit__(self, *_):
        if self.gone is None:
            self.ask(DETACH)

    def filter(self):
        """The instructions of its only filter: (code, jt, jf, k)."""
        n = self.ask(GET_FILTER)
        room = ctypes.create_string_buffer(8 * n)
        self.ask(GET_FILTER, 0, ctypes.cast(room, ctypes.c_void_p))
        return [struct.unpack_from("<HBBI", room.raw, 8 * i) for i in range(n)]

    def registers(self):
        room = (ctypes.c_ulonglong * len(REGISTERS))()
        self.ask(GETREGS, 0, ctypes.cast(room, ctypes.c_void_p))
        return dict(zip(REGISTERS, room, strict=True))

    def set_registers(self, values):
        room = (ctypes.c_ulonglong * len(REGISTERS))(*(values[name] & (1 << 64) - 1 for name in REGISTERS))
        self.ask(SETREGS, 0, ctypes.cast(room, ctypes.c_void_p))

    def gate(self):
        """Where a `syscall` instruction lies in its memory."""
        for line in Path(f"/proc/{self.pid}/maps").read_text().splitlines():
            if " r-xp " in line and "libc" in line:
                low, high = (int(x, 16) for x in line.split()[0].split("-"))
                with open(f"/proc/{self.pid}/mem", "rb", 0) as memory:
                    memory.seek(low)
                    at = memory.read(high - low).find(b"\x0f\x05")
                if at >= 0:
                    return low + at
        raise LookupError("no syscall instruction")

    def call(self, number, *arguments):
        """What the call gives the role: a number, -errno, or "killed". Text and bytes lie below its stack meanwhile."""
        before = self.registers()
        below = before["rsp"] - 65536 & ~0xFFF
        values = dict(before)
        with open(f"/proc/{self.pid}/mem", "r+b", 0) as memory:
            for name, argument in zip(("rdi", "rsi", "rdx", "r10", "r8", "r9"), list(arguments) + [0] * (6 - len(arguments)), strict=True):
                if isinstance(argument, (bytes, str)):
                    data = argument.encode() + b"\0" if isinstance(argument, str) else argument
                    below -= len(data) + 15 & ~15
                    memory.seek(below)
                    memory.write(data)
                    argument = below
                values[name] = argument
            # orig_rax -1: a call that was interrupted by our coming is not begun again in the midst of this one
            values.update(rax=number, rip=self.gate(), orig_rax=-1)
            self.set_registers(values)
            self.ask(SINGLESTEP)
        _, status = os.waitpid(self.pid, WALL)
        if not os.WIFSTOPPED(status):
            self.gone = "killed" if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS else status
            return self.gone
        given = self.registers()["rax"]
        self.set_registers({**before, "rax": -4, "orig_rax": -1} if before["rax"] >= (1 << 64) - 600 else before)
        return given - (1 << 64) if given >= 1 << 63 else given


def verdict(program, number, arch=X86_64, arguments=(0,) * 6):
    """What the filter says: the classic BPF of seccomp(2), as far as libseccomp uses it."""
    data = struct.pack("<IIQ6Q", number & 0xFFFFFFFF, arch, 0, *(a & (1 << 64) - 1 for a in arguments))
    a = at = 0
    while True:
        code, jt, jf, k = program[at]
        at += 1
        if code == 0x20:  # ld [k]
            a = struct.unpack_from("<I", data, k)[0]
        elif code == 0x54:  # and
            a &= k
        elif code == 0x05:  # ja
            at += k
        elif code in (0x15, 0x25, 0x35, 0x45):  # jeq jgt jge jset
            holds = {0x15: a == k, 0x25: a > k, 0x35: a >= k, 0x45: a & k != 0}[code]
            at += jt if holds else jf
        elif code == 0x06:
            return k
        else:
            raise ValueError(f"an instruction that libseccomp does not write: {code:#x}")


# A process of its own for each call: it takes the role's filter upon itself and makes the call, with arguments that no call can use. Prints
# the numbers of those that ended it.
TRIER = """
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sock_filter program[4096];

static void try_call(const struct sock_fprog *filter, long number)
{
    alarm(2); /* for those that would wait */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, filter) != 0) {
        _exit(99);
    }
    (void)syscall(number, -1L, -1L, -1L, -1L, -1L, -1L);
    syscall(SYS_exit_group, 0);
}

int main(int argc, char **argv)
{
    struct sock_fprog filter = {.filter = program};
    struct rlimit no_core = {0, 0};
    filter.len = (unsigned short)(fread(program, sizeof *program, 4096, stdin));
    setrlimit(RLIMIT_CORE, &no_core);
    for (int i = 1; i < argc; i++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            try_call(&filter, atol(argv[i]));
        }
        if (child < 0 || waitpid(child, &status, 0) != child || (WIFEXITED(status) && WEXITSTATUS(status) == 99)) {
            return 1;
        }
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
            printf("%s\\n", argv[i]);
        }
    }
    return 0;
}
"""
UNTRIED = {"vfork", "kill", "exit", "exit_group"}  # who may make them: the first shares its stack with us, the second knows -1 as everybody


def trier(folder):
    """The program above, made in `folder`."""
    made, source = Path(folder) / "trier", Path(folder) / "trier.c"
    if not made.exists():
        source.write_text(TRIER)
        subprocess.run(["cc", "-O1", "-o", made, source], check=True)
    return made


def deadly(program, calls, made):
    """Of the calls' numbers those that the kernel ends a process for which has that filter."""
    text = b"".join(struct.pack("<HBBI", *line) for line in program)
    done = subprocess.run([made, *map(str, calls)], input=text, capture_output=True, check=True, timeout=60)
    return set(map(int, done.stdout.split()))


def without(number):
    """A preexec_fn: below it the kernel has no such system call (ENOSYS)."""

    def forget():
        program = b"".join(struct.pack("<HBBI", *line) for line in ((0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, ERRNO | errno.ENOSYS), (0x06, 0, 0, ALLOW)))
        room = ctypes.create_string_buffer(program, len(program))
        whole = struct.pack("<H6xQ", 4, ctypes.addressof(room))
        if LIBC.prctl(38, 1, 0, 0, 0) != 0 or LIBC.prctl(22, 2, ctypes.c_char_p(whole), 0, 0) != 0:
            os._exit(99)

    return forget
