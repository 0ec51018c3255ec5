/** A disk with no byte left: a small tmpfs as the root of a daemon. */
import { afterAll, beforeEach, describe, expect, onTestFinished } from 'bun:test'
import { mkdtempSync, realpathSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Decision } from '../../src/contract/logs/decision.ts'
import type { Slot } from '../../src/contract/slot-config.ts'
import { Daemon, errorOf, runHal0 } from '../support/daemon.ts'
import { freePorts } from '../support/free-ports.ts'
import { testWith } from '../support/part.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { leftovers, readState, readWorld } from './disk.ts'
import { daemonWithSlot, slotPath, stateText, untilWell } from './fixture.ts'
import { slotName } from './life.ts'

const mount = (folder: string, bytes: number): boolean =>
  Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'hal0-test', folder]).exitCode === 0
const unmount = (folder: string) => Bun.spawnSync(['umount', '-l', folder])

const canMount = (): boolean => {
  const folder = mkdtempSync(join(tmpdir(), 'hal0-mount-'))
  const mounted = process.getuid?.() === 0 && Bun.which('mount') !== null && mount(folder, 1 << 20)
  if (mounted) unmount(folder)
  rmdirSync(folder)
  return mounted
}
const test = testWith('root that may mount a tmpfs', canMount())
const diskBytes = 8 << 20

/** Takes every free byte except for some blocks. @returns the function that gives them back */
const fill = (root: string, blocksLeft = 0): (() => void) => {
  const path = join(root, 'filler')
  const { bavail, bsize } = statfsSync(root)
  if (bavail * bsize > diskBytes) throw new Error(`${root} is no small disk`)
  writeFileSync(path, Buffer.alloc((bavail - blocksLeft) * bsize))
  return () => rmSync(path)
}

let root: string
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'hal0-full-disk-')))
  roots.add(root)
  if (!mount(root, diskBytes)) throw new Error(`could not mount a tmpfs on ${root}`)
  onTestFinished(() => {
    // Before the daemon ends: whatever it has open stays until then.
    unmount(root)
  })
})
// The daemons have ended: one that still wrote a record made it in the folder below the disk.
const roots = new Set<string>()
afterAll(() => {
  for (const one of roots) rmSync(one, { recursive: true })
})

const works = async (daemon: Daemon): Promise<void> => {
  expect((await daemon.call('GET', '/v1/models')).status).toBe(200)
  expect((await daemon.call('GET', '/api/slots')).status).toBe(200)
}

describe('with no byte left', () => {
  for (const blocksLeft of [0, 2]) {
    test(`hal0 run says so, also where its daemon cannot write its log (${blocksLeft} blocks left)`, async () => {
      fill(root, blocksLeft)
      const port = String(await freePorts(1))
      const env = { HAL0_ROOT: root, HOME: root }
      const { code, stderr } = await runHal0(['run', 'smollm2-135m-instruct-q4_1', 'Hello!', '--port', port], { env })
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^Error: .*disk that holds \S+ is full\./)])
      expect(stderr).toMatch(/free some space/i)
    })
  }

  test('a load is refused and changes nothing; with space it works', async () => {
    const daemon = await daemonWithSlot({ root })
    const before = stateText(daemon)
    const free = fill(root)
    const refused = await daemon.command(slotName, 'load')
    expect(refused.status).toBe(507)
    expect(errorOf(refused).code).toBe('storage.full')
    expect(errorOf(refused).message).toContain('Free some space')
    expect(stateText(daemon)).toBe(before)
    expect((await daemon.status()).problems.join()).toContain('full')
    await works(daemon)
    free()
    await daemon.load()
    expect(readState(root)?.record.state).toBe('ready')
    await untilWell(daemon)
  })

  test('a pull is refused, and there is none; with space it is accepted', async () => {
    // Nothing listens there: the pull itself does not matter here.
    const daemon = await Daemon.start({ root, env: { HF_ENDPOINT: 'http://127.0.0.1:9', HF_HOME: '/nonexistent' } })
    const path = '/api/models/one/pull'
    const free = fill(root)
    const refused = await daemon.call('POST', path, { repo: 'acme/tiny', file: 'a.gguf' })
    expect([refused.status, errorOf(refused).code]).toEqual([507, 'storage.full'])
    expect((await daemon.call('GET', path)).status).toBe(404)
    free()
    expect((await daemon.call('POST', path, { repo: 'acme/tiny', file: 'a.gguf' })).status).toBe(202)
    await daemon.must('DELETE', path)
  })

  test('an on-demand request gets the error of the disk', async () => {
    const daemon = await daemonWithSlot({ root })
    await daemon.must('PATCH', slotPath, { load: 'on-demand' })
    const free = fill(root)
    expect(errorOf(await daemon.chat()).code).toBe('storage.full')
    free()
    expect((await daemon.chat()).status).toBe(200)
  })

  test('a slot, an edit and a model are refused, and leave nothing', async () => {
    const daemon = await daemonWithSlot({ root })
    const world = readWorld(root)
    const model = await tinyModel('embedding')
    const attempts = [
      () => daemon.call('POST', '/api/slots', { name: 'second', model: 'tiny' }),
      () => daemon.call('PATCH', slotPath, { extra_args: ['--threads', '1'] }),
      () => daemon.call('POST', '/api/models', { path: model, id: 'linked', link: true }),
      () => daemon.call('POST', '/api/models', { path: model, id: 'copied' }),
    ]
    const free = fill(root)
    for (const attempt of attempts) expect(errorOf(await attempt()).code).toBe('storage.full')
    await works(daemon)
    expect(readWorld(root)).toEqual(world)
    expect(leftovers(root)).toEqual([])
    expect((await daemon.must<Slot[]>('GET', '/api/slots')).length).toBe(1)
    free()
    for (const attempt of attempts.slice(0, 3)) expect((await attempt()).status).toBeLessThan(300)
  })

  test('a loaded slot serves, is unloaded, and what could not be written is written later', async () => {
    const daemon = await daemonWithSlot({ root })
    await daemon.load()
    const before = stateText(daemon)
    const free = fill(root)
    for (let count = 0; count < 5; count++) expect((await daemon.chat()).status).toBe(200)
    expect(stateText(daemon)).toBe(before)
    expect((await daemon.must<Decision[]>('GET', '/api/logs/decisions')).length).toBe(5)
    expect((await daemon.status()).problems.join()).toContain(`the state of slot ${slotName}`)
    await works(daemon)
    expect((await daemon.command(slotName, 'unload')).body.state.state).toBe('offline')
    free()
    await untilWell(daemon)
    expect(readState(root)?.record.state).toBe('offline')
    await daemon.kill('SIGTERM')
    await daemon.launch()
    expect((await daemon.must<Decision[]>('GET', '/api/logs/decisions')).length).toBe(5)
  })

  test('a backend that dies is noticed, and its error is written later', async () => {
    const daemon = await daemonWithSlot({ root })
    const pid = await daemon.load()
    const free = fill(root)
    process.kill(pid, 'SIGKILL')
    while ((await daemon.state()).state !== 'error') await Bun.sleep(10)
    expect(errorOf(await daemon.chat()).code).toBe('slot.crashed')
    free()
    await untilWell(daemon)
    expect(readState(root)?.record.error?.code).toBe('slot.crashed')
  })

  test('a daemon starts, shows its slots, and works once there is space', async () => {
    const daemon = await daemonWithSlot({ root })
    await daemon.load()
    await daemon.kill()
    const free = fill(root)
    await daemon.launch()
    expect((await daemon.state()).state).toBe('ready')
    expect((await daemon.chat()).status).toBe(200)
    free()
    await untilWell(daemon)
    expect((await daemon.command(slotName, 'unload')).status).toBe(200)
  })
})

test('a load for which the space ends half way is refused or fails with the error of the disk, and hangs nowhere', async () => {
  const daemon = await daemonWithSlot({ root })
  const outcomes = new Set<string>()
  for (let blocks = 0; blocks <= 8; blocks++) {
    const free = fill(root, blocks)
    const answer = await daemon.command(slotName, 'load')
    outcomes.add(answer.status === 200 ? 'loaded' : errorOf(answer).code)
    await works(daemon)
    free()
    await untilWell(daemon)
    const { state } = await daemon.state()
    if (state === 'error') await daemon.must('POST', `${slotPath}/acknowledge?wait=20`)
    if (state === 'ready') await daemon.must('POST', `${slotPath}/unload?wait=20`)
    expect(readState(root)?.record.state).toBe('offline')
    expect(daemon.backends()).toEqual([])
  }
  expect([...outcomes].sort()).toEqual(['loaded', 'storage.full'])
})
