/** A cold start of the real llama.cpp, as Anthropic's own client sees it where the slot's `loading_hint` is thinking. */
import { expect, setDefaultTimeout } from 'bun:test'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import { Daemon } from '../../support/daemon.ts'
import { testWith } from '../../support/part.ts'
import { realEngine } from '../../support/real-engine.ts'
import { tinyModel } from '../../support/tiny-model.ts'

setDefaultTimeout(60_000)

const withEngine = testWith('python3 on PATH', Bun.which('python3') !== null)

withEngine(
  'the progress is a thinking block, and the answer of the real engine follows in the same message',
  async () => {
    const daemon = await Daemon.start()
    // Longer than until the first progress, which is after 3 s.
    const late = join(daemon.root, 'late')
    writeFileSync(late, `#!/bin/sh\nsleep 3.5\nexec '${await realEngine()}' "$@"\n`)
    chmodSync(late, 0o755)
    await daemon.addSlot(await tinyModel('chat'), {
      name: 'primary',
      model: 'tiny-chat',
      engine: late,
      load: 'on-demand',
      loading_hint: 'thinking',
      start_wait_s: 30,
    })
    const client = new Anthropic({ baseURL: daemon.url, apiKey: 'any', maxRetries: 0 })
    const stream = client.messages.stream({
      model: 'primary',
      max_tokens: 8,
      messages: [{ role: 'user', content: 'Hello' }],
    })
    const events: string[] = []
    stream.on('streamEvent', ({ type }) => events.push(type))
    const { content, usage, stop_reason } = await stream.finalMessage()
    const [first] = content
    expect(first?.type === 'thinking' && first.thinking).toMatch(/^starting — \d+ s\n/)
    expect(stop_reason).not.toBeNull()
    expect(usage.input_tokens).toBeGreaterThan(0)
    expect(usage.output_tokens).toBeGreaterThan(0)
    expect(events.filter((type) => type === 'message_start')).toHaveLength(1)
    expect(events.at(-1)).toBe('message_stop')
  },
)
