import { recentLines } from './recent-lines.ts'

/**
 * Wordings of llama.cpp, ggml and its backends when memory runs out, from their sources (b9993, b11549): ggml-alloc.c,
 * ggml-backend.cpp, ggml.c, llama-model.cpp, llama-context.cpp, llama-kv-cache.cpp, llama-mmap.cpp, ggml-cuda.cu,
 * ggml-vulkan.cpp.
 */
const wordings = [
  /(failed|unable) to allocate .*\bbuffers?\b/i,
  /failed to allocate (compute|the MoE cache)/i,
  /\b(cuda|hip|musa|aclrt)Malloc\w* failed/i,
  /ErrorOutOf(Device|Host|Pool)?Memory/i,
  /Device memory allocation of size \d+ failed/i,
  /insufficient memory/i,
  /mmap failed: Cannot allocate memory/i,
  /std::bad_alloc/,
  /\bMemoryError\b/,
  /(^|[\s:(])out of memory\b/i,
]

/** After these, llama.cpp continues with less: pinned memory, mlock, and the host-side fallback of an optional buffer. */
const harmless = [/pinned memory/i, /\bm(un)?lock\b/i, /falling back|using \S+ fallback/i, /async uploads/i]

/** llama.cpp aborts after these, and a backtrace may follow. */
const fatal = /(CUDA|ROCm|HIP|SYCL) error: out of memory/i

/**
 * Whether the last lines of a dead backend say that memory ran out.
 * @param isLoading it died before it was ready: once it serves, older lines may be about a single request
 */
export const saysOutOfMemory = (lines: readonly string[], isLoading: boolean): boolean =>
  (isLoading ? lines : lines.slice(-recentLines)).some(
    (line) => wordings.some((w) => w.test(line)) && !harmless.some((h) => h.test(line)),
  ) || lines.some((line) => fatal.test(line))
