import { describe, expect, test } from 'bun:test'
import { causeOf } from '../../../src/providers/llamacpp/last-lines/cause.ts'

/** What build b11549 prints after the line that names the cause. */
const after = [
  '0.00.009.447 E llama_model_load_from_file_impl: failed to load model',
  "0.00.009.531 E cmn  common_init_: failed to load model '/models/x.gguf'",
  "0.00.009.613 E srv    load_model: failed to load model, '/models/x.gguf'",
  '0.00.009.694 I srv    operator(): operator(): cleaning up before exit...',
  '0.00.012.190 E srv          init: exiting due to model loading error',
  'llama-server: Failed to init server, please check the input params. The lines above say why.',
]

const load = '0.00.008.966 E llama_model_load: error loading model: '

const loads: [string, string][] = [
  [`${load}unknown model architecture: 'frobnicator'`, 'does not know the architecture of the model, frobnicator'],
  [
    "0.00.077.087 E gguf_init_from_file: failed to open GGUF file '/models/x.gguf' (No such file or directory)",
    'could not open /models/x.gguf (No such file or directory)',
  ],
  ["0.00.032.940 E gguf_init_from_reader: invalid magic characters: '<htm', expected 'GGUF'", 'not a GGUF file'],
  [
    `${load}tensor 'output.weight' data is not within the file bounds, model is corrupted or incomplete`,
    'cut off or damaged',
  ],
  ['0.00.103.510 E gguf_init_from_reader: failed to read key-value pairs', 'cut off or damaged'],
  [
    `${load}error loading model hyperparameters: key not found in model: llama.embedding_length`,
    'lacks llama.embedding_length',
  ],
  [`${load}missing tensor 'blk.0.attn_q.weight'`, 'lacks the tensor blk.0.attn_q.weight'],
  [`${load}create_tensor: tensor 'blk.0.ffn_gate.0.weight' not found`, 'lacks the tensor blk.0.ffn_gate.0.weight'],
  [
    `${load}check_tensor_dims: tensor 'token_embd.weight' has wrong shape; expected 64, 128, got 64, 127, 1, 1`,
    'wrong shape',
  ],
  [`${load}done_getting_tensors: wrong number of tensors; expected 292, got 291`, 'other tensors'],
  ["gguf_init_from_file_impl: tensor 'a' has invalid ggml type 142 (NONE)", 'how the weights of the model are stored'],
  [
    "llama_model_load: error loading model: error loading model vocabulary: unknown pre-tokenizer type: 'glm9'",
    'tokenizer of the model, glm9',
  ],
  [
    'mtmd_init_from_file: error: mismatch between text model (n_embd = 3840) and mmproj (n_embd = 4096)',
    'the projector belongs to another model',
  ],
  [
    '0.01.176.575 E mtmd_init_from_file: error: Failed to load CLIP model from /models/mm.gguf',
    'could not load the projector /models/mm.gguf',
  ],
  [
    "start: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 8081",
    'port 8081 was taken by another program',
  ],
  ['0.00.713.825 E srv          init: init: chat template parsing error: std::exception', 'chat template'],
  [
    'llama-server: --frobnicate is not a flag of this llama-server; --help lists those it has',
    'the argument --frobnicate',
  ],
  ['error: invalid argument: --frobnicate', 'the argument --frobnicate'],
  ['error while handling argument "--ctx-size": stoi', 'value of the argument --ctx-size'],
  [
    '/opt/llama-server: error while loading shared libraries: libcuda.so.1: cannot open shared object file',
    'the library libcuda.so.1',
  ],
  [`${load}vector::_M_range_check`, 'vector::_M_range_check'],
]

const atAnyTime: [string, string][] = [
  [
    '/src/ggml/ggml.c:3056: GGML_ASSERT(a->ne[2] == b->ne[0]) failed',
    'an assertion of llama.cpp failed (a->ne[2] == b->ne[0])',
  ],
  ['CUDA error: an illegal memory access was encountered', 'the GPU failed (an illegal memory access was encountered)'],
  ['  what():  vk::Device::waitForFences: ErrorDeviceLost', 'the GPU failed'],
  ['  what():  basic_string::append', 'basic_string::append'],
  ["ModuleNotFoundError: No module named 'xllamacpp'", "ModuleNotFoundError: No module named 'xllamacpp'"],
]

describe('a load that fails', () => {
  test.each([...loads, ...atAnyTime])('with %s', (line, words) => {
    const cause = causeOf(['0.00.000.462 I srv          init: initializing ...', line, ...after], null, true)
    expect(cause?.why).toContain(words)
    expect(line).toEndWith(cause?.line ?? 'nothing')
    expect(cause?.why).not.toEndWith('.')
  })
  test('without a line that says why has no cause', () => {
    expect(causeOf(after, null, true)).toBeNull()
    expect(causeOf([], null, true)).toBeNull()
  })
  test('with instructions that the processor lacks', () => {
    expect(causeOf(['loading'], 'SIGILL', true)?.why).toContain('processor')
  })
  test('because somebody ended it has no cause of its own', () => {
    for (const signal of ['SIGKILL', 'SIGTERM']) expect(causeOf([loads[0]?.[0] ?? ''], signal, true)).toBeNull()
  })
})

describe('a backend that dies while it serves', () => {
  test.each(atAnyTime)('with %s', (line, words) => {
    expect(causeOf([line, ...after], 'SIGABRT', false)?.why).toContain(words)
  })
  test('is not said to have died of what a load or a request was refused for', () => {
    for (const [line] of loads) expect(causeOf([line], 'SIGSEGV', false)).toBeNull()
  })
  test('with an assertion above a long backtrace', () => {
    const [line, words] = atAnyTime[0] ?? ['', '']
    const trace = Array.from(
      { length: 120 },
      (_, index) => `#${index} 0x00007f2a in ggml_abort () from libggml-base.so`,
    )
    expect(causeOf([line, ...trace], 'SIGABRT', false)?.why).toContain(words)
  })
  test('is not said to have died of a traceback that it had printed long before', () => {
    const served = Array.from({ length: 20 }, (_, index) => `POST /v1/chat/completions 200 ${index}`)
    expect(causeOf(['ValueError: bad request', ...served], null, false)).toBeNull()
    expect(causeOf(['ValueError: bad request', ...served.slice(1)], null, false)?.why).toContain('ValueError')
  })
})
