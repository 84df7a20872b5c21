/* SPDX-License-Identifier: Apache-2.0 */
/* Compiler attributes: the one place for extensions. */
#ifndef ANP_BASE_ATTR_H
#define ANP_BASE_ATTR_H

#define ANP_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define ANP_UNUSED __attribute__((unused))
#define ANP_NODISCARD __attribute__((warn_unused_result))
#define ANP_THREAD_LOCAL _Thread_local
#define ANP_LIKELY(x) __builtin_expect(!!(x), 1)
#define ANP_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define ANP_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define ANP_MIN(a, b) ((a) < (b) ? (a) : (b))
#define ANP_MAX(a, b) ((a) > (b) ? (a) : (b))

/* Before a loop whose iterations touch only their own elements, also where an output is an input
 * (in place): the compiler need not check for overlap. clang has the promise only together with an
 * order to vectorise, which it reports as failed where it cannot. */
#if defined(__clang__)
#define ANP_IVDEP
#else
#define ANP_IVDEP _Pragma("GCC ivdep")
#endif

#if defined(__x86_64__)
#define ANP_ARCH_X86_64 1
#elif defined(__aarch64__)
#define ANP_ARCH_ARM64 1
#endif

#endif
