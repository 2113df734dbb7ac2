/* What this processor knows. Where the build has files for x86-64-v3 too (HOUSE_X86_64_V3, cmake/House.cmake), they may be
 * called only when this is true. */
#ifndef BASE_CPU_H
#define BASE_CPU_H

#include <stdbool.h>

#if defined(HOUSE_X86_64_V3) && __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
/* What the C library has asked the processor already: on a virtual machine each asking is the host's work, five microseconds. */
static inline bool cpu_is_v3(void)
{
    return CPU_FEATURE_ACTIVE(AVX2) && CPU_FEATURE_ACTIVE(BMI1) && CPU_FEATURE_ACTIVE(BMI2) &&
           CPU_FEATURE_ACTIVE(PCLMULQDQ);
}
#elif defined(HOUSE_X86_64_V3)
static inline bool cpu_is_v3(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("pclmul");
}
#endif

/* SHA instructions, for functions compiled for target("sha,sse4.1"). */
#if defined(__x86_64__) && __has_include(<sys/platform/x86.h>)
#define CPU_ASKS_SHA
#include <sys/platform/x86.h>
static inline bool cpu_has_sha(void)
{
    return CPU_FEATURE_ACTIVE(SHA) && CPU_FEATURE_ACTIVE(SSSE3) && CPU_FEATURE_ACTIVE(SSE4_1);
}
#endif

#endif
