/** The real llama.cpp: installed from the package index, started by a plan, and probed like the provider does. */
import { afterEach, expect } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SlotPatch } from '../../src/contract/slot-config.ts'
import { Engines } from '../../src/providers/engines/engines.ts'
import { causeOf } from '../../src/providers/llamacpp/last-lines/cause.ts'
import { findPaths } from '../../src/system/paths.ts'
import { gguf, smallModel, stringEntry } from '../models/gguf/gguf-bytes.ts'
import { testWith } from '../support/part.ts'
import { realEngine } from '../support/real-engine.ts'
import { engineKinds } from '../support/slot-config.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { endRuns, freePort, planFor, runPlan } from './backend-run.ts'

afterEach(endRuns)

const withPython = testWith('python3 on PATH', Bun.which('python3') !== null)

withPython(
  'a fresh machine gets an engine from the package index, and the engine works',
  async () => {
    const engines = new Engines(findPaths({ HAL0_ROOT: tempDir() }, false), process.env, engineKinds)
    const engine = await engines.install({ provider: 'llama.cpp', source: 'pypi' })
    const run = runPlan(await planFor(engine.path, await tinyModel('chat')))
    expect(run.plan.opensPortLate).toBe(true)
    await run.ready()
    for (const sentinel of run.plan.sentinels) expect(await run.ask(sentinel)).toEqual({ kind: 'ok' })
  },
  120_000,
)

const modes = ['chat', 'embedding', 'rerank'] as const
for (const mode of modes) {
  withPython(
    `in mode ${mode} its sentinel holds, in another mode it is refused`,
    async () => {
      const run = runPlan(await planFor(await realEngine(), await tinyModel(mode), {}, { kind: mode }))
      await run.ready()
      for (const sentinel of run.plan.sentinels) expect(await run.ask(sentinel)).toEqual({ kind: 'ok' })
      const other = await planFor(await realEngine(), await tinyModel(mode), {
        mode: mode === 'chat' ? 'embedding' : 'chat',
      })
      expect((await run.ask(other.sentinels[0] as never)).kind).toBe('bad')
    },
    60_000,
  )
}

withPython(
  'it takes every flag that a slot can set',
  async () => {
    const config: SlotPatch = {
      context_size: 256,
      gpu_layers: 0,
      parallel: 2,
      cache_type_k: 'f32',
      cache_type_v: 'bf16',
      flash_attention: 'on',
      extra_args: [
        '-t',
        '1',
        '-b',
        '64',
        '-ub',
        '64',
        '--temp=0.5',
        '--seed',
        '-1',
        '--cache_reuse',
        '0',
        '--sse-ping-interval',
        '5',
        '--no-warmup',
        '--jinja',
      ],
    }
    const run = runPlan(await planFor(await realEngine(), await tinyModel('chat'), config))
    await run.ready()
    const props = (await (await fetch(`${run.origin}/props`)).json()) as { total_slots: number }
    expect(props.total_slots).toBe(2)
    const models = (await (await fetch(`${run.origin}/v1/models`)).json()) as { data: { id: string }[] }
    expect(models.data[0]?.id).toBe('tiny')
  },
  60_000,
)

const spoiled: [string, Buffer, string][] = [
  [
    'of an architecture that it does not know',
    gguf({ entries: [stringEntry('general.architecture', 'frobnicator')] }),
    'frobnicator',
  ],
  ['that is not a GGUF', Buffer.from('<html>'.repeat(100)), 'not a GGUF file'],
  ['that is cut off in its header', smallModel().subarray(0, 60), 'cut off or damaged'],
  ['without what its architecture needs', smallModel(), 'lacks llama.embedding_length'],
]
for (const [what, bytes, words] of spoiled) {
  withPython(
    `with a model ${what}, its last lines say so`,
    async () => {
      const file = join(tempDir(), 'spoiled.gguf')
      writeFileSync(file, bytes)
      const { exit, printed } = await runPlan(await planFor(await realEngine(), file)).ended
      expect(exit).toBe(1)
      const lines = printed.trim().split('\n').slice(-20)
      expect(causeOf(lines, null, true)?.why).toContain(words)
    },
    60_000,
  )
}

const misuses: [string[], string][] = [
  [['--frobnicate'], '--frobnicate is not a flag'],
  [['--ctx-size'], '--ctx-size needs a value'],
  [['--ctx-size', 'many'], "--ctx-size does not take the value 'many'"],
  [['--cache-type-k', 'q99'], 'does not take'],
]
for (const [extra_args, words] of misuses) {
  withPython(`wrong usage, ${extra_args.join(' ')}, ends it with 2 and a sentence`, async () => {
    const run = runPlan(await planFor(await realEngine(), await tinyModel('chat'), { extra_args }))
    const { exit, printed } = await run.ended
    expect(exit).toBe(2)
    expect(printed).toContain(words)
  })
}

withPython('a file that is no model ends it with 1, and it says why', async () => {
  const file = `${tempDir()}/broken.gguf`
  await Bun.write(file, 'GGUF and then nothing')
  const { exit, printed } = await runPlan(await planFor(await realEngine(), file)).ended
  expect(exit).toBe(1)
  expect(printed).toContain(file)
  expect(printed).not.toContain('Traceback')
})

withPython('a taken port ends it with 1; it never shares', async () => {
  const port = freePort()
  const listener = Bun.listen({ hostname: '127.0.0.1', port, exclusive: true, socket: { data() {} } })
  const { exit, printed } = await runPlan(await planFor(await realEngine(), await tinyModel('chat'), { port })).ended
  listener.stop(true)
  expect(exit).toBe(1)
  expect(printed).toContain(`port: ${port}`)
})

withPython('variables that command llama.cpp change nothing, and it listens on 127.0.0.1 only', async () => {
  const other = freePort()
  const plan = await planFor(await realEngine(), await tinyModel('chat'))
  const run = runPlan(plan, {
    LLAMA_ARG_HOST: '0.0.0.0',
    LLAMA_ARG_PORT: String(other),
    AIP_MODE: 'PREDICTION',
    AIP_HTTP_PORT: String(other),
    LLAMA_SERVER_ROUTER_PORT: '1',
  })
  await run.ready()
  await expect(fetch(`http://127.0.0.1:${other}/health`)).rejects.toThrow()
  await expect(fetch(run.origin.replace('127.0.0.1', '127.0.0.2'))).rejects.toThrow()
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  withPython(
    `${signal} ends it at once with a stream in flight`,
    async () => {
      const run = runPlan(await planFor(await realEngine(), await tinyModel('chat', { layers: 64, width: 256 })))
      await run.ready()
      const body = JSON.stringify({ prompt: 'Hello', max_tokens: 100_000, stream: true, ignore_eos: true })
      const response = await fetch(`${run.origin}/v1/completions`, { method: 'POST', body })
      await response.body?.getReader().read()
      const asked = performance.now()
      run.stop(signal)
      expect((await run.ended).exit).toBe(signal)
      expect(performance.now() - asked).toBeLessThan(2000)
    },
    60_000,
  )
}

withPython(
  'SIGTERM ends it at once while it loads',
  async () => {
    const run = runPlan(await planFor(await realEngine(), await tinyModel('chat', { layers: 64, width: 256 })))
    const loading = async () => (await run.ask(run.plan.readiness)).kind === 'wait'
    while (!(await loading().catch(() => false))) await Bun.sleep(1)
    const asked = performance.now()
    run.stop()
    expect((await run.ended).exit).toBe('SIGTERM')
    expect(performance.now() - asked).toBeLessThan(2000)
  },
  60_000,
)
