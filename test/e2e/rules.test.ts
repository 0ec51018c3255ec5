/** Rules and captures of a slot in the whole program: by command, by hand, and as clients meet them. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Captured } from '../../src/contract/logs/captured.ts'
import type { OpenAiModelList } from '../../src/contract/models/openai-model.ts'
import type { Status } from '../../src/contract/system.ts'
import { runHal0 } from '../support/daemon.ts'
import { until } from '../support/until.ts'
import { startStandIn } from './stand-in-slot.ts'

setDefaultTimeout(60_000)

/** What `ask` finds, as soon as it finds something. */
const soon = async <T>(what: string, ask: () => Promise<T | null | undefined | false>): Promise<T> => {
  for (const end = performance.now() + 20_000; performance.now() < end; await Bun.sleep(20)) {
    const found = await ask()
    if (found !== undefined && found !== null && found !== false) return found
  }
  throw new Error(`${what}: not within 20 s`)
}

test('rules, profiles and captures follow commands and hand edits at once, and a broken file keeps the last ones', async () => {
  const { daemon } = await startStandIn()
  await daemon.load()
  const hal0 = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runHal0(words, { env: { HAL0_URL: daemon.url } })
    expect(`${code} ${stderr}`).toStartWith('0')
    return `${stdout}${stderr}`
  }
  const edited = await hal0(
    'slot',
    'edit',
    'primary',
    '--set',
    'capture=true',
    '--set',
    'params.default.temperature=0.2',
    '--set',
    'profiles.deep.fixed.reasoning_effort=high',
  )
  expect(edited).toContain(
    'primary: capture = true, params.default.temperature = 0.2, profiles.deep.fixed.reasoning_effort = "high"',
  )
  expect(edited).toContain('That counts at once.')

  /** What the backend gets of a request. */
  const sent = async (model: string): Promise<unknown> => {
    const id = crypto.randomUUID()
    await daemon.chat({ model }, { headers: { 'x-request-id': id } })
    const found = await soon('the request is captured', async () => {
      const all = await daemon.must<Captured[]>('GET', '/api/slots/primary/captures')
      return all.find(({ request_id }) => request_id === id)
    })
    return JSON.parse(found.request.text ?? '')
  }
  expect(await sent('primary')).toMatchObject({ model: 'primary', temperature: 0.2 })
  expect(await sent('primary')).not.toHaveProperty('reasoning_effort')
  expect(await sent('primary:deep')).toMatchObject({
    model: 'primary:deep',
    temperature: 0.2,
    reasoning_effort: 'high',
  })
  const { data } = await daemon.must<OpenAiModelList>('GET', '/v1/models')
  expect(data.find(({ id }) => id === 'primary:deep')).toMatchObject({ slot: 'primary' })
  expect(await hal0('logs')).toContain('slot name; profile deep')
  expect(await hal0('slot', 'capture', 'primary', '-n', '1')).toContain('"reasoning_effort":"high"')
  expect(await hal0('slot', 'show', 'primary')).toMatch(/capture +true: prompts and answers are kept/)
  expect(await hal0('status')).toContain('Prompts and answers of the slot primary are kept.')

  const file = join(daemon.root, 'etc/hal0/slots/primary.toml')
  const good = readFileSync(file, 'utf8')
  writeFileSync(file, good.replace('temperature = 0.2', 'temperature = 0.7'))
  const problems = async () => (await daemon.must<Status>('GET', '/api/status')).problems.join('\n')
  await soon('the edit counts', async () => ((await sent('primary')) as { temperature: number }).temperature === 0.7)
  writeFileSync(file, good.replace('temperature = 0.2', 'model = "other"'))
  await soon('the mistake is a problem', async () =>
    (await problems()).includes('params.default.model cannot be about model'),
  )
  expect(await sent('primary')).toMatchObject({ temperature: 0.7 })

  writeFileSync(file, good.replace('capture = true', 'capture = false'))
  const folder = join(daemon.root, 'var/lib/hal0/slots/primary/captures')
  await until('what was captured is gone', () => !existsSync(folder))
  expect(await problems()).toBe('')
  expect(await hal0('slot', 'capture', 'primary')).toContain('Prompts and answers of primary are not kept.')
})
