import { expect, test } from 'bun:test'
import { backendEnv } from '../../src/providers/backend-env.ts'

test('passes what a backend needs to find its libraries, its locale and its GPU', () => {
  const env = {
    PATH: '/bin',
    HOME: '/home/x',
    LANG: 'C.UTF-8',
    LC_ALL: 'C',
    TMPDIR: '/t',
    LD_LIBRARY_PATH: '/opt/rocm/lib',
    CUDA_VISIBLE_DEVICES: '0',
    HIP_VISIBLE_DEVICES: '1',
    ROCR_VISIBLE_DEVICES: '1',
    HSA_OVERRIDE_GFX_VERSION: '11.0.0',
    GGML_CUDA_ENABLE_UNIFIED_MEMORY: '1',
    VK_ICD_FILENAMES: '/i.json',
  }
  expect(backendEnv(env)).toEqual(env)
})

test('keeps back what would command llama.cpp, and every secret', () => {
  const env = {
    LLAMA_ARG_HOST: '0.0.0.0',
    LLAMA_API_KEY: 'k',
    LLAMA_SERVER_ROUTER_PORT: '1',
    AIP_MODE: 'PREDICTION',
    AIP_HTTP_PORT: '1',
    HF_TOKEN: 'hf_secret',
    HAL0_API_KEY: 'k',
    HAL0_ROOT: '/r',
    OPENAI_API_KEY: 'k',
    LD_PRELOAD: '/x.so',
    PYTHONPATH: '/p',
    NOTIFY_SOCKET: '/run/n',
  }
  expect(Object.keys(backendEnv(env))).toEqual(['PATH'])
})

test('gives a PATH also when the daemon has none', () => {
  expect(backendEnv({}).PATH).toContain('/usr/bin')
})
