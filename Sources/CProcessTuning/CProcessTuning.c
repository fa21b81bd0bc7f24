#define _GNU_SOURCE
#include "CProcessTuning.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef void (*action)(void);
typedef char *(*text)(void);
typedef void (*count_setter)(int);

// The library's own choice is kept unless it is one of these, which it takes for CPUs it does not know.
static int is_fallback(const char *core) {
    static const char *const fallbacks[] = {"Prescott", "Generic", "Katmai", "Coppermine", "Northwood", "Core2",
                                            "Penryn", "Dunnington", "Nehalem", "Sandybridge"};
    for (unsigned i = 0; i < sizeof fallbacks / sizeof *fallbacks; i++)
        if (strcasecmp(core, fallbacks[i]) == 0) return 1;
    return 0;
}

static const char *better_core(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
    return NULL;
}

const char *disco_tune_openblas(void) {
    // Looked up by name: these are exported but undocumented, and absent from builds for one core type only.
    text corename = (text)dlsym(RTLD_DEFAULT, "openblas_get_corename");
    action quit = (action)dlsym(RTLD_DEFAULT, "gotoblas_dynamic_quit");
    action init = (action)dlsym(RTLD_DEFAULT, "gotoblas_dynamic_init");
    count_setter set_threads = (count_setter)dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
    if (set_threads) set_threads(1);
    if (!corename) return "unknown";
    if (!getenv("OPENBLAS_CORETYPE") && quit && init && is_fallback(corename())) {
        const char *core = better_core();
        if (core) {
            setenv("OPENBLAS_CORETYPE", core, 1);
            quit();
            init();
            unsetenv("OPENBLAS_CORETYPE");  // not for the programs that we start
        }
    }
    return corename();
}

#if defined(__GLIBC__)
#include <malloc.h>
#endif

void disco_keep_freed_memory(void) {
#if defined(__GLIBC__)
    mallopt(M_TRIM_THRESHOLD, 1 << 30);  // what may lie free at the end of the heap, in bytes
    mallopt(M_MMAP_THRESHOLD, 32 << 20); // from which size on an array has pages of its own; the largest allowed
#endif
}
