import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { logText, redacted, safeForLog } from '../../src/lib/log-text.ts'

const key = `hal0_${'A1b-_'.repeat(8)}xyz`

test.each([
  [`key ${key} is wrong`, 'key hal0_… is wrong'],
  ['HF_TOKEN=hf_abcdefghijklmnopqrst', 'HF_TOKEN=hf_…'],
  ['Authorization: Bearer abc.def', 'Authorization: Bearer …'],
  ['{"authorization":"Basic dTpw"}', '{"authorization":"Basic …"}'],
  ['x-api-key: secret', 'x-api-key: …'],
  ['Cookie: session=1', 'Cookie: …'],
  ['https://user:password@mirror.example/a', 'https://…@mirror.example/a'],
  ['sk-proj-1234567890', 'sk-…'],
])('%j is shown as %j', (text, shown) => {
  expect(redacted(text)).toBe(shown)
})

test.each([
  'the model qwen2.5-0.5b-instruct-q4_k_m of hal0_x is loaded',
  'http://127.0.0.1:8080/v1/models',
  'the file hf-token cannot be read',
  'a key is missing',
])('%j is no secret', (text) => {
  expect(logText(text)).toBe(text)
})

test('control characters, colours and line ends are escaped: nobody writes a line of their own', () => {
  expect(logText('a\u001b[2J\u0007b\r\n[error] forged\u202e\u0085')).toBe(
    'a\\u001b[2J\\u0007b\\u000d\\n[error] forged\\u202e\\u0085',
  )
})

test('errors keep their stack, with safe messages, their causes, too', () => {
  const error = new Error(`at\n    at forged (line)\n${key}`, { cause: new Error('Bearer abc\u001b[m') })
  const safe = safeForLog(error) as Error
  expect(safe.message).toBe('at\\n    at forged (line)\\nhal0_…')
  expect(safe.stack).toContain('log-text.test.ts')
  expect((safe.cause as Error).message).toBe('Bearer …\\u001b[m')
  expect(safeForLog({ headers: { authorization: `Bearer ${key}` }, text: 'a\nb' })).not.toContain(key)
})

test('the log itself prints neither', () => {
  const source = join(import.meta.dir, '../../src/lib/log.ts')
  const script = `import { log } from ${JSON.stringify(source)}; log.warn('of \\u001b[31m${key}', new Error('hf_abcdefgh\\nforged')); log.warn('fine')`
  const { stderr } = Bun.spawnSync([process.execPath, '-e', script], { stderr: 'pipe' })
  const said = stderr.toString()
  expect([said.includes(key), said.includes('hf_abcdefgh'), said.includes('\u001b[31m')]).toEqual([false, false, false])
  expect(said).toContain('hal0_…')
  expect(said).toContain('fine')
})
