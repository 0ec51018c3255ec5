/** The environment of backends and of the programs that install them: only what is listed here reaches them. */

const names = new Set([
  'PATH',
  'HOME',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'LD_LIBRARY_PATH',
  'XDG_CACHE_HOME',
  'DRI_PRIME',
  'GPU_DEVICE_ORDINAL',
  'GPU_MAX_HW_QUEUES',
  'ONEAPI_DEVICE_SELECTOR',
  'NVIDIA_VISIBLE_DEVICES',
  'NVIDIA_DRIVER_CAPABILITIES',
])

/** Locale, threads, and what selects or tunes a GPU: CUDA, ROCm, Vulkan and its Mesa drivers, SYCL, ggml itself. */
const prefixes = [
  'LC_',
  'OMP_',
  'CUDA_',
  'HIP_',
  'ROCR_',
  'HSA_',
  'AMD_',
  'VK_',
  'MESA_',
  'RADV_',
  'ZE_',
  'ZES_',
  'SYCL_',
  'GGML_',
]

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * A clean environment made from the daemon's. It is an allow-list, since llama.cpp obeys every `LLAMA_ARG_*` (including host and API
 * key), `AIP_*` (port) and `HF_TOKEN`, and since the daemon's own secrets must not leak.
 */
export const backendEnv = (daemonEnv: Record<string, string | undefined>): Record<string, string> => {
  const env: Record<string, string> = { PATH: defaultPath }
  for (const [name, value] of Object.entries(daemonEnv)) {
    if (value === undefined || value === '') continue
    if (names.has(name) || prefixes.some((prefix) => name.startsWith(prefix))) env[name] = value
  }
  return env
}
