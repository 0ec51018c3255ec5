import { test, setDefaultTimeout } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { startStandIn } from './e2e/stand-in-slot.ts'
import { FakeHub } from './support/fake-hub/fake-hub.ts'
import { setBehaviour } from './support/stand-in-llama.ts'
import { tinyModel } from './support/tiny-model.ts'
setDefaultTimeout(900000)
test('x', async () => {
  const content = new Uint8Array(await Bun.file(await tinyModel('chat', { layers: 16, width: 256 })).arrayBuffer())
  const hub = await FakeHub.start({ repos: [{ id: 'Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF', files: ['Q4_K_M','Q8_0'].map((q) => ({ path: `qwen2.5-coder-0.5b-instruct-${q.toLowerCase()}.gguf`, content })) }] })
  hub.behave = ({ kind }) => (kind === 'cdn' ? { bytesPerSecond: 100_000 } : null)
  const { daemon, program } = await startStandIn({}, {}, { env: { HF_ENDPOINT: hub.url, HOME: '/nonexistent', HF_HOME: '/nonexistent' } })
  await daemon.load(); await daemon.chat(); await daemon.chat({ model: 'qwen2.5-coder-0.5b-instruct-q4_k_m' })
  setBehaviour(program, { exit: { after_ms: 0, code: 3, print: ['llama_model_load: error loading model: out of memory for a tensor of 4096 MiB', 'main: exiting'] } })
  await daemon.must('POST', '/api/slots', { name: 'embeddings-of-documents', model: 'tiny', engine: program })
  await daemon.call('POST', '/api/slots/embeddings-of-documents/load?wait=20', {})
  await daemon.must('POST', '/api/models/qwen2.5-coder-0.5b-instruct-q4_k_m/pull', { repo: 'Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF', file: 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf' })
  await daemon.must('POST', '/api/models/qwen2.5-coder-0.5b-instruct-q8_0/pull', { repo: 'Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF', file: 'qwen2.5-coder-0.5b-instruct-q8_0.gguf' })
  writeFileSync('/tmp/views-env', `export HAL0_ROOT=${daemon.root} HAL0_URL=${daemon.url}\n`)
  await Bun.sleep(800000)
})
