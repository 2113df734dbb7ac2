/* valgrind of this Debian does not know openat2(2): preloaded, this opens without its promise. For counting instructions only. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <sys/syscall.h>

long syscall(long number, ...)
{
    extern long __attribute__((visibility("hidden"))) plain_syscall(long, ...);
    va_list more;
    long a[6];
    va_start(more, number);
    for (int i = 0; i < 6; i++) {
        a[i] = va_arg(more, long);
    }
    va_end(more);
    if (number == SYS_openat2) {
        return openat((int)a[0], (const char *)a[1], (int)((const struct open_how *)a[2])->flags);
    }
    return plain_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* syscall(2) as glibc makes it, without its errno: enough for what is left. */
__asm__(
    "plain_syscall: mov %rdi, %rax; mov %rsi, %rdi; mov %rdx, %rsi; mov %rcx, %rdx; mov %r8, %r10; mov %r9, %r8;"
    "mov 8(%rsp), %r9; syscall; ret");
