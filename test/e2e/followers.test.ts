/** Commands that follow something, while the daemon is killed and comes back. */
import { expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { appendFileSync, copyFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { Running } from '../cli/support/run-cli.ts'
import { Daemon } from '../support/daemon.ts'
import { FakeHub } from '../support/fake-hub/fake-hub.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { until } from '../support/until.ts'
import { startStandIn } from './stand-in-slot.ts'

setDefaultTimeout(60_000)

const gone = 'The daemon is gone; waiting for it to come back …\n'
const back = 'The daemon is back.\n'
const times = (text: string, part: string): number => text.split(part).length - 1

/** Kills the daemon, waits until the command says so, starts another one, and waits until the command says that too. */
const killAndStart = async (daemon: Daemon, command: Running): Promise<void> => {
  await daemon.kill()
  await command.said(gone)
  await daemon.launch()
  await command.said(back)
}

const repo = 'acme/tiny-GGUF'
const file = 'tiny-Q4_K_M.gguf'

/** A daemon and a hub that sends slowly until `hurry`. */
const slowHub = async () => {
  const path = await tinyModel('chat', { layers: 16, width: 256 })
  const content = new Uint8Array(await Bun.file(path).arrayBuffer())
  const hub = await FakeHub.start({ repos: [{ id: repo, files: [{ path: file, content }] }] })
  onTestFinished(() => hub.stop())
  hub.behave = ({ kind }) => (kind === 'cdn' ? { bytesPerSecond: 1_000_000 } : null)
  const daemon = await Daemon.start({
    env: { HF_ENDPOINT: hub.url, HOME: '/nonexistent', HF_HOME: '/nonexistent', NO_PROXY: '127.0.0.1' },
  })
  return { daemon, hurry: () => (hub.behave = () => null) }
}

test('a pull is followed over the death of the daemon to its end, and nothing is claimed meanwhile', async () => {
  const { daemon, hurry } = await slowHub()
  using pulling = new Running(['model', 'pull', `${repo}:Q4_K_M`], { url: daemon.url })
  await pulling.said(' of ')
  hurry()
  await killAndStart(daemon, pulling)
  const { code, stdout, stderr } = await pulling.outcome
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^tiny-q4_k_m is here and verified\./) })
  expect([times(stderr, gone), times(stderr, back)]).toEqual([1, 1])
})

test('pulls --watch goes on with the pull that the new daemon continues', async () => {
  const { daemon, hurry } = await slowHub()
  using watching = new Running(['pulls', '--watch'], { url: daemon.url })
  await daemon.must('POST', '/api/models/one/pull', { repo, file })
  await watching.printed('downloading')
  hurry()
  await killAndStart(daemon, watching)
  await watching.printed('done')
  watching.interrupt()
  const { stderr } = await watching.outcome
  expect([times(stderr, gone), times(stderr, back)]).toEqual([1, 1])
})

test('Ctrl-C while the daemon is gone claims nothing about the pull', async () => {
  const { daemon } = await slowHub()
  using pulling = new Running(['model', 'pull', `${repo}:Q4_K_M`], { url: daemon.url })
  await pulling.said(' of ')
  await daemon.kill()
  await pulling.said(gone)
  pulling.interrupt()
  const { code, stderr } = await pulling.outcome
  expect(code).toBe(130)
  expect(stderr).toEndWith(
    'The daemon is still gone. Once it is back, it goes on with what has not ended: hal0 model pull --watch tiny-q4_k_m\n',
  )
})

test('a verification begins again with the daemon that came back', async () => {
  const daemon = await Daemon.start()
  const big = join(daemon.root, 'big.gguf')
  copyFileSync(await tinyModel(), big)
  // Zeros after the tensors: nobody reads them but the one who hashes.
  truncateSync(big, statSync(big).size + 600_000_000)
  await daemon.must('POST', '/api/models', { path: big, id: 'big', link: true })
  using verifying = new Running(['model', 'verify', 'big'], { url: daemon.url })
  await verifying.said('big: hashing')
  await killAndStart(daemon, verifying)
  const { code, stdout, stderr } = await verifying.outcome
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'big  local--big/big.gguf  ok\n' })
  expect(stderr).toContain(`${back}Verifying big again from the beginning.\n`)
})

test('a load is waited for over the death of the daemon, whose successor says what became of it', async () => {
  const { daemon } = await startStandIn({ load_ms: 4000 })
  using loading = new Running(['slot', 'load', 'primary'], { url: daemon.url })
  await loading.said('warming')
  await killAndStart(daemon, loading)
  const { code, stdout } = await loading.outcome
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'primary is ready with tiny.\n' })
})

test('a load whose backend dies while the daemon is gone is reported with its error', async () => {
  const { daemon } = await startStandIn({ load_ms: 60_000 })
  using loading = new Running(['slot', 'load', 'primary'], { url: daemon.url })
  await loading.said('warming')
  await daemon.kill()
  await loading.said(gone)
  for (const pid of daemon.backends()) process.kill(pid, 'SIGKILL')
  await until('the backend has ended', () => daemon.backends().length === 0)
  await daemon.launch()
  const { code, stdout, stderr } = await loading.outcome
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(`${gone}${back}Error: `)
})

test('a stop of the daemon is waited through like its death', async () => {
  const { daemon } = await startStandIn({ load_ms: 4000 })
  using loading = new Running(['slot', 'load', 'primary'], { url: daemon.url })
  await loading.said('warming')
  await daemon.kill('SIGTERM')
  await loading.said(gone)
  await daemon.launch()
  const { code, stdout } = await loading.outcome
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'primary is ready with tiny.\n' })
})

test('slot watch goes on with what happens after the return', async () => {
  const { daemon } = await startStandIn()
  using watching = new Running(['slot', 'watch', '--json'], { url: daemon.url })
  await watching.printed('"offline"')
  await killAndStart(daemon, watching)
  await daemon.load()
  await watching.printed('"ready"')
  watching.interrupt()
  const { stdout } = await watching.outcome
  const states = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { state: string }).state)
  expect(states).toEqual(['offline', 'starting', 'warming', 'ready'])
})

test('the lines of a backend are followed over the death of the daemon, and none is shown twice or lost', async () => {
  const { daemon } = await startStandIn()
  await daemon.load()
  const log = join(daemon.root, 'var/lib/hal0/slots/primary/backend.log')
  using following = new Running(['slot', 'logs', 'primary', '-f', '-n', '1'], { url: daemon.url })
  await following.printed('\n')
  await daemon.kill()
  await following.said(gone)
  appendFileSync(log, 'printed while nobody looked\n')
  await daemon.launch()
  await following.printed('printed while nobody looked\n')
  following.interrupt()
  const { stdout } = await following.outcome
  expect(times(stdout, 'printed while nobody looked\n')).toBe(1)
})

test('the requests are followed over the death of the daemon', async () => {
  const { daemon } = await startStandIn()
  await daemon.load()
  await daemon.chat()
  using following = new Running(['logs', '-f', '--json'], { url: daemon.url })
  await following.printed('"outcome":"ok"')
  await killAndStart(daemon, following)
  await daemon.chat({ model: 'nobody' })
  await following.printed('"model":"nobody"')
  following.interrupt()
  expect((await following.outcome).stdout.trim().split('\n')).toHaveLength(2)
})

for (const args of [
  ['pulls', '--watch'],
  ['slot', 'watch'],
  ['logs', '-f'],
  ['slot', 'load', 'primary'],
  ['model', 'pull', '--watch', 'tiny'],
  ['model', 'verify', 'tiny'],
  ['slot', 'logs', 'primary', '-f'],
]) {
  test(`hal0 ${args.join(' ')} without a daemon at the beginning ends with 3 and waits for nothing`, async () => {
    using command = new Running(args, { url: 'http://127.0.0.1:9' })
    const { code, stderr } = await command.outcome
    expect([code, times(stderr, 'gone')]).toEqual([3, 0])
  })
}
