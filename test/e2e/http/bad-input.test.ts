/** What careless and hostile clients and files do: a clear error each, nothing lost, the daemon up. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exchange, statusOf } from '../../http/support/raw.ts'
import { Daemon, errorOf, runHal0 } from '../../support/daemon.ts'
import { testWith } from '../../support/part.ts'
import { realEngine } from '../../support/real-engine.ts'
import { makeStandIn, standInEvents, standInEventsOf } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(60_000)

const withEngine = testWith('python3 on PATH', Bun.which('python3') !== null)

/** Still there, and still the same slot that serves. */
const expectUnharmed = async (daemon: Daemon, pid: number) => {
  expect(await daemon.state()).toMatchObject({ pid })
  expect((await daemon.chat()).status).toBe(200)
  expect(daemon.stderr).not.toContain('    at ')
}

test('requests without a usable body or model are told what is missing', async () => {
  const { daemon } = await startStandIn()
  const pid = await daemon.load()
  const nested = `${'['.repeat(10_000)}${']'.repeat(10_000)}`
  const bodies: [unknown, string][] = [
    ['not JSON', 'request.invalid'],
    ['{"model":"primary"', 'request.invalid'],
    ['"primary"', 'request.invalid'],
    ['[]', 'request.invalid'],
    ['null', 'request.invalid'],
    [{ messages: [] }, 'request.invalid'],
    [{ model: 7 }, 'request.invalid'],
    [{ model: null }, 'request.invalid'],
    [{ model: '' }, 'request.invalid'],
    [{ model: 'nowhere' }, 'model.not_found'],
    [{ model: '../../etc/passwd' }, 'model.not_found'],
    [{ model: 'x'.repeat(100_000) }, 'model.not_found'],
    [nested, 'request.invalid'],
  ]
  for (const [body, code] of bodies) {
    const answer = await daemon.call('POST', '/v1/chat/completions', body)
    const error = errorOf(answer)
    expect([JSON.stringify(body).slice(0, 60), error.code]).toEqual([JSON.stringify(body).slice(0, 60), code])
    expect(answer.status).toBe(code === 'model.not_found' ? 404 : 400)
    expect(error.message.length).toBeLessThan(1000)
  }
  await expectUnharmed(daemon, pid)
})

test('JSON 10,000 levels deep beside a good model passes or is refused, and does no harm', async () => {
  const { daemon } = await startStandIn()
  const pid = await daemon.load()
  const nested = `${'[{"a":'.repeat(10_000)}1${'}]'.repeat(10_000)}`
  const chat = await daemon.call('POST', '/v1/chat/completions', `{"model":"primary","messages":${nested}}`)
  expect(chat.status).toBeLessThan(501)
  const api = await daemon.call('POST', '/api/slots', `{"name":"deep","extra_args":${nested}}`)
  expect([api.status, errorOf(api).code]).toEqual([400, 'request.invalid'])
  await expectUnharmed(daemon, pid)
})

test('a body of 100 MB is 413 request.too_large, announced or in chunks, without reaching memory or backend', async () => {
  const { daemon, program } = await startStandIn()
  const pid = await daemon.load()
  const before = standInEventsOf(program, 'request').length
  const announced = await exchange(
    daemon.port,
    `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 104857600\r\n\r\n{"model":"primary"`,
  )
  expect(statusOf(announced)).toBe(413)
  expect(announced).toContain('request.too_large')
  const chunk = new Uint8Array(1 << 20).fill(0x20)
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(chunk)
      sent += 1
      if (sent === 100) controller.close()
    },
  })
  let sent = 0
  const chunked = await fetch(`${daemon.url}/v1/chat/completions`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  })
  expect(chunked.status).toBe(413)
  expect(standInEventsOf(program, 'request').length).toBe(before)
  const rssMb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1]) / 1024
  console.log(`RSS of the daemon after 200 MB of refused bodies: ${Math.round(rssMb)} MB`)
  expect(rssMb).toBeLessThan(300)
  await expectUnharmed(daemon, pid)
})

test('names that are paths reach no path: in the URL, in the body, as a model’s id', async () => {
  const daemon = await Daemon.start()
  const before = readdirSync(join(daemon.root, 'etc/hal0')).toSorted()
  const evil = [
    '../../etc',
    '..%2f..%2fetc',
    '%2e%2e',
    '..',
    '.',
    'a/b',
    'a%2fb',
    'A',
    'a b',
    'a%00b',
    'é',
    'x'.repeat(33),
    '-a',
    'a-',
  ]
  for (const name of evil) {
    // A single dot in a URL is not a name: it is the list itself.
    for (const [method, path] of name === '.'
      ? []
      : ([
          ['GET', `/api/slots/${name}`],
          ['DELETE', `/api/slots/${name}`],
          ['POST', `/api/slots/${name}/load`],
          ['GET', `/api/slots/${name}/logs`],
          ['GET', `/api/models/${name}`],
          ['DELETE', `/api/models/${name}`],
        ] as const)) {
      // Not `fetch`, which would resolve the dots itself.
      const answer = await exchange(
        daemon.port,
        `${method} ${path.replaceAll(' ', '%20').replace('é', '%C3%A9')} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
      )
      expect([method, path, [400, 404, 405].includes(statusOf(answer))]).toEqual([method, path, true])
    }
    const plain = decodeURIComponent(name)
    const created = await daemon.call('POST', '/api/slots', { name: plain })
    expect([plain, created.status, errorOf(created).code, errorOf(created).param]).toEqual([
      plain,
      400,
      'request.invalid',
      'name',
    ])
    const imported = await daemon.call('POST', '/api/models', { path: await tinyModel(), id: plain })
    // A model's id may be longer than a slot's name, and may end in a dash.
    if (!['x'.repeat(33), 'a-'].includes(plain)) expect([plain, imported.status]).toEqual([plain, 400])
  }
  expect(readdirSync(join(daemon.root, 'etc/hal0')).toSorted()).toEqual(before)
  expect(readdirSync(join(daemon.root, 'etc/hal0/slots'))).toEqual([])
})

test('unknown fields and wrong types are refused with the field’s name, and change nothing', async () => {
  const { daemon } = await startStandIn()
  const { body: before } = await daemon.call<{ config: unknown }>('GET', '/api/slots/primary')
  for (const [patch, field] of [
    [{ colour: 'red' }, 'colour'],
    [{ context_size: 'large' }, 'context_size'],
    [{ context_size: -1 }, 'context_size'],
    [{ name: 'other' }, 'name'],
    [{ port: 80.5 }, 'port'],
    [{ load: 'sometimes' }, 'load'],
    [{ extra_args: ['--host', '0.0.0.0'] }, 'extra_args'],
    [{ extra_args: ['--port=1'] }, 'extra_args'],
    [{ extra_args: ['--api-key', 'x'] }, 'extra_args'],
  ] as const) {
    const answer = await daemon.call('PATCH', '/api/slots/primary', patch)
    expect([JSON.stringify(patch), answer.status, errorOf(answer).code]).toEqual([
      JSON.stringify(patch),
      400,
      'request.invalid',
    ])
    expect(`${errorOf(answer).param} ${errorOf(answer).message}`).toContain(field)
  }
  const { body: after } = await daemon.call<{ config: unknown }>('GET', '/api/slots/primary')
  expect(after).toEqual(before)
})

test('a GGUF cut anywhere, an empty file, a folder and no file at all are refused, and leave no entry', async () => {
  const daemon = await Daemon.start()
  const whole = readFileSync(await tinyModel())
  const path = join(daemon.root, 'cut.gguf')
  for (const length of [0, 1, 4, 8, 24, 25, 100, 1000, 5000, 100_000, whole.length >> 1, whole.length - 1]) {
    writeFileSync(path, whole.subarray(0, length))
    const answer = await daemon.call('POST', '/api/models', { path, id: 'cut' })
    expect([length, answer.status, errorOf(answer).code]).toEqual([length, 400, 'model.invalid_file'])
    expect(errorOf(answer).message).toContain('cut.gguf')
  }
  mkdirSync(join(daemon.root, 'folder.gguf'))
  for (const bad of [
    join(daemon.root, 'folder.gguf'),
    join(daemon.root, 'nothing.gguf'),
    'relative.gguf',
    '/dev/zero',
    '/proc/self/mem',
  ]) {
    const answer = await daemon.call('POST', '/api/models', { path: bad, id: 'cut' })
    expect([bad, answer.status]).toEqual([bad, 400])
  }
  expect(await daemon.must<unknown[]>('GET', '/api/models')).toEqual([])
  const left = readdirSync(join(daemon.root, 'var/lib/hal0/models'), { recursive: true }).map(String)
  expect(left.filter((name) => name.includes('cut'))).toEqual([])
})

test('a model file that is cut after its import is refused before its backend is started', async () => {
  const daemon = await Daemon.start()
  const path = join(daemon.root, 'whole.gguf')
  copyFileSync(await tinyModel(), path)
  const program = makeStandIn(join(daemon.root, 'engine'))
  await daemon.addSlot(path, { name: 'primary', engine: program })
  truncateSync(path, 300_000)
  const error = errorOf(await daemon.command('primary', 'load'))
  expect(error).toMatchObject({ code: 'model.corrupt', details: { size: 300_000 } })
  expect(error.message).toContain('hal0 model verify tiny')
  expect(standInEvents(program)).toEqual([])
  expect((await daemon.status()).slots).toMatchObject([{ state: 'error' }])
})

withEngine(
  'a model file whose header is overwritten after its import fails its load with what the real llama.cpp says of it',
  async () => {
    const daemon = await Daemon.start()
    const path = join(daemon.root, 'whole.gguf')
    copyFileSync(await tinyModel(), path)
    await daemon.addSlot(path, { name: 'primary', engine: await realEngine() })
    const bytes = readFileSync(path)
    // The number of its tensors.
    bytes.writeBigUInt64LE(7_000n, 8)
    writeFileSync(path, bytes)
    const error = errorOf(await daemon.command('primary', 'load'))
    expect(error).toMatchObject({ code: 'slot.crashed', details: { exit_code: 1 } })
    expect(error.details.last_lines).not.toEqual([])
    expect((await daemon.status()).slots).toMatchObject([{ state: 'error' }])
  },
)

test('a slot file with a wrong type leaves the daemon up: the slot says config.invalid, and loads once it is fixed', async () => {
  const { daemon, program } = await startStandIn({}, { load: 'on-demand' })
  const file = join(daemon.root, 'etc/hal0/slots/primary.toml')
  const good = readFileSync(file, 'utf8')
  for (const bad of [
    `${good}\ncontext_size = "large"\n`,
    `${good}\nmodel = \n`,
    '\u0000\u0001\u0002',
    `${good}\nport = 99999999\n`,
  ]) {
    writeFileSync(file, bad)
    expect(errorOf(await daemon.command('primary', 'load')).code).toBe('config.invalid')
    const refused = errorOf(await daemon.chat())
    expect(refused.code).toBe('config.invalid')
    expect(refused.message).toContain('primary')
    await daemon.restart()
    const { problems, slots } = await daemon.status()
    expect(problems.join()).toContain('primary')
    expect(slots).toMatchObject([{ name: 'primary', state: 'offline' }])
    expect(readFileSync(file, 'utf8')).toBe(bad)
  }
  writeFileSync(file, `# mine\n${good}\nfuture_key = 1\n`)
  await daemon.load()
  expect((await daemon.chat()).status).toBe(200)
  await daemon.must('PATCH', '/api/slots/primary', { context_size: 512 })
  const edited = readFileSync(file, 'utf8')
  expect(edited).toContain('# mine')
  expect(edited).toContain('future_key = 1')
  expect(edited).toContain('context_size = 512')
  expect(standInEventsOf(program, 'start')).toHaveLength(1)
})

test('a file whose name is not a slot name is left alone', async () => {
  const daemon = await Daemon.prepare()
  writeFileSync(join(daemon.root, 'etc/hal0/slots/Not A Name.toml'), 'model = "tiny"\n')
  await daemon.launch()
  expect(await daemon.must<unknown[]>('GET', '/api/slots')).toEqual([])
})

const brokenConfigs: [string, string, RegExp][] = [
  ['a wrong type', 'port = "eighty"\n', /hal0\.toml.*port/],
  ['broken TOML', 'host = \n', /hal0\.toml/],
  ['an invalid port range', '[slots]\nports = "9-8-7"\n', /hal0\.toml.*ports/],
  ['an empty port range', '[slots]\nports = "9000-8000"\n', /ports/],
  ['bytes that are not text', '\u0000\u00ff', /hal0\.toml/],
]
for (const [what, text, words] of brokenConfigs) {
  test(`hal0.toml with ${what}: one clear sentence and exit 1`, async () => {
    const daemon = await Daemon.prepare()
    writeFileSync(join(daemon.root, 'etc/hal0/hal0.toml'), text)
    const { code, stdout, stderr } = await runHal0(['serve', '--port', String(daemon.port)], {
      env: { HAL0_ROOT: daemon.root },
    })
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(words)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(3)
  })
}

test('a state.json that is torn, or from another time, makes the slot start over, and the daemon is up', async () => {
  const { daemon } = await startStandIn()
  const file = join(daemon.root, 'var/lib/hal0/slots/primary/state.json')
  const good = readFileSync(file, 'utf8')
  for (const bad of ['', good.slice(0, 40), '[]', '{"name":"primary"}', '\u0000'.repeat(200)]) {
    await daemon.kill()
    writeFileSync(file, bad)
    await daemon.launch()
    expect((await daemon.state()).state).toBe('offline')
  }
  await daemon.load()
  expect((await daemon.chat()).status).toBe(200)
})
