import { expect, test } from 'bun:test'
import { saysOutOfMemory } from '../../../src/providers/llamacpp/last-lines/out-of-memory.ts'

// The first four are a real b9993 under `ulimit -v`; the others follow the formats in its sources.
test.each([
  '0.11.040.511 E ggml_aligned_malloc: insufficient memory (attempted to allocate 3907.26 MB)',
  '0.11.040.520 E ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 4097060896',
  '0.11.040.524 E graph_reserve: failed to allocate compute buffers',
  '0.11.235.157 E llama_init_from_model: failed to initialize the context: failed to allocate compute pp buffers',
  'ggml_backend_cuda_buffer_type_alloc_buffer: allocating 20480.00 MiB on device 0: cudaMalloc failed: out of memory',
  'E llama_model_load: error loading model: unable to allocate CUDA0 buffer',
  'llama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache',
  'CUDA error: out of memory',
  'ROCm error: out of memory',
  'ggml_vulkan: Device memory allocation of size 1073741824 failed.',
  'ggml_vulkan: vk::Device::allocateMemory: ErrorOutOfDeviceMemory',
  "terminate called after throwing an instance of 'std::bad_alloc'",
  'E llama_model_load: error loading model: mmap failed: Cannot allocate memory',
])('out of memory: %s', (line) => {
  expect(saysOutOfMemory(['I srv  load_model: loading model', line, 'exiting due to model loading error'], true)).toBe(
    true,
  )
})

test.each([
  'D ggml_cuda_host_malloc: failed to allocate 256.00 MiB of pinned memory: out of memory',
  'W warning: failed to mlock 4096-byte buffer (after previously locking 0 bytes): Cannot allocate memory',
  'I load_tensors:   CPU_Mapped model buffer size =  4437.80 MiB',
  'I llama_kv_cache: size =  512.00 MiB (  4096 cells,  32 layers,  4/1 seqs)',
  'I common_memory_breakdown_print: | memory breakdown [MiB] | total   free    self |',
  'E llama_model_load: error loading model: tensor data is not within the file bounds, model is corrupted or incomplete',
  'W common_fit_params: failed to fit params to free device memory: n_gpu_layers already set by user',
  'D llama_model_loader: failed to allocate host buffer for async uploads for device CUDA0',
  "E srv  start: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 8081",
])('something else: %s', (line) => {
  expect(saysOutOfMemory([line], true)).toBe(false)
})

test('a backend that printed nothing did not say so', () => {
  expect(saysOutOfMemory([], true)).toBe(false)
})

const later = (count: number) =>
  Array.from({ length: count }, (_, index) => `srv  update_slots: all slots are idle ${index}`)

test('a request that had no room long before the end is not why a backend that serves has died', () => {
  const line = 'ggml_vulkan: Device memory allocation of size 1048576 failed.'
  expect(saysOutOfMemory([line, ...later(19)], false)).toBe(true)
  expect(saysOutOfMemory([line, ...later(20)], false)).toBe(false)
  expect(saysOutOfMemory([line, ...later(150)], true)).toBe(true)
})

test('an abort for lack of memory is found above its backtrace', () => {
  const trace = Array.from({ length: 80 }, (_, index) => `#${index} 0x00007f in ggml_abort ()`)
  expect(saysOutOfMemory(['ggml_cuda_error: CUDA error: out of memory', ...trace], false)).toBe(true)
})
