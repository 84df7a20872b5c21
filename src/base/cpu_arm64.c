/* SPDX-License-Identifier: Apache-2.0 */
/* arm64: the kernel says what the CPU has (getauxval), sysfs and the device tree name it. */
#include "base/cpu.h"
#include "base/file.h"
#include "base/str.h"
#include <asm/hwcap.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

enum { SYSFS_FILE_MAX = 4096, CPUINFO_MAX = 1 << 20 };

uint64_t anp_cpu_detect(void) {
    const unsigned long caps = getauxval(AT_HWCAP), caps2 = getauxval(AT_HWCAP2);
    if (!(caps & HWCAP_ASIMD)) return 0;
    uint64_t cpu = ANP_CPU_NEON;
    if (caps & HWCAP_ASIMDDP) cpu |= ANP_CPU_DOTPROD;
    if (cpu & ANP_CPU_DOTPROD && caps2 & HWCAP2_I8MM) cpu |= ANP_CPU_I8MM;
    return cpu;
}

/* First line of a small file; false when it cannot be read. */
static bool read_line(const char *path, char *out, size_t out_size) {
    char *text;
    uint64_t len;
    if (anp_file_read(path, SYSFS_FILE_MAX, &text, &len) != ANP_OK) return false;
    text[strcspn(text, "\n")] = '\0';
    snprintf(out, out_size, "%s", text);
    anp_free(text);
    return true;
}

void anp_cpu_model(char *out, size_t out_size) {
    if (out_size) out[0] = '\0';
    if (read_line("/sys/firmware/devicetree/base/model", out, out_size)) return;
    char *text;
    uint64_t len;
    if (anp_file_read("/proc/cpuinfo", CPUINFO_MAX, &text, &len) != ANP_OK) return;
    const char *implementer = strstr(text, "CPU implementer\t: "),
               *part = strstr(text, "CPU part\t: ");
    if (implementer && part) {
        snprintf(out, out_size, "arm64 implementer %.4s part %.5s", implementer + 18, part + 11);
    }
    anp_free(text);
}

/* One entry of sysfs: its bytes when it is a data or unified cache of this level, else 0. */
static uint64_t cache_entry_bytes(int index, int level) {
    char path[96], text[32];
    int64_t found = 0, kib = 0;
    static const char *const fields[] = {"type", "level", "size"};
    for (size_t i = 0; i < ANP_ARRAY_LEN(fields); i++) {
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index,
                 fields[i]);
        if (!read_line(path, text, sizeof text)) return 0;
        if (i == 0 && strcmp(text, "Instruction") == 0) return 0;
        if (i == 1 && (!anp_parse_i64(text, &found) || found != level)) return 0;
    }
    text[strcspn(text, "K")] = '\0';
    return anp_parse_i64(text, &kib) && kib > 0 ? (uint64_t)kib * 1024 : 0;
}

uint64_t anp_cpu_cache_bytes(int level) {
    enum { ENTRIES_MAX = 8 };
    for (int i = 0; i < ENTRIES_MAX; i++) {
        const uint64_t bytes = cache_entry_bytes(i, level);
        if (bytes) return bytes;
    }
    return 0;
}
