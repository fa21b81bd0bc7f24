#pragma once

/// Makes OpenBLAS use the kernels of the CPU it runs on, and one thread.
///
/// An OpenBLAS older than the CPU does not know its model and falls back to kernels of 2004, several times slower. This asks
/// the CPU which instructions it has and has the library choose again. A core type that the user has set in
/// OPENBLAS_CORETYPE is left alone. Call it once, before any other BLAS call. Returns the name of the core type in use.
const char *disco_tune_openblas(void);

/// Keeps memory that the process frees for its own next use, where the C library can, instead of handing it back.
void disco_keep_freed_memory(void);
