/** The deletion of a slot whose files resist: the slot is gone, or it is still there whole and an error says why. */
import { describe, expect, setDefaultTimeout } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Slot } from '../../src/contract/slot-config.ts'
import { type Daemon, errorOf } from '../support/daemon.ts'
import { testWith } from '../support/part.ts'
import { SlotWatch } from '../support/slot-watch.ts'
import { stateFile } from './disk.ts'
import { daemonWithSlot, slotPath, stateText } from './fixture.ts'
import { slotName } from './life.ts'

setDefaultTimeout(60_000)

/** Root may write everywhere, unless it gives up that right. */
const isRoot = process.getuid?.() === 0
const asOrdinary = isRoot ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : []
const permissionTest = testWith('setpriv, as this runs as root', !isRoot || Bun.which('setpriv') !== null)
const mountTest = testWith(
  'root that may mount',
  isRoot && Bun.which('unshare') !== null && Bun.spawnSync(['unshare', '--mount', 'true']).exitCode === 0,
)

const configFolder = (daemon: Daemon) => join(daemon.root, 'etc/hal0/slots')
const configFile = (daemon: Daemon) => join(configFolder(daemon), `${slotName}.toml`)
const slotFolder = (daemon: Daemon) => dirname(stateFile(daemon.root))
const slotsFolder = (daemon: Daemon) => dirname(slotFolder(daemon))
const problemsOf = async (daemon: Daemon) => (await daemon.status()).problems

/** A slot that was used, with a file that a person has written into. */
const usedSlot = async (): Promise<Daemon> => {
  const daemon = await daemonWithSlot()
  await daemon.load()
  await daemon.command(slotName, 'unload')
  await daemon.kill()
  writeFileSync(configFile(daemon), `# mine\n${readFileSync(configFile(daemon), 'utf8')}`)
  chmodSync(configFile(daemon), 0o600)
  return daemon
}

/** Tries to delete the slot, which fails. @returns the error */
const refusedDeletion = async (daemon: Daemon): Promise<ReturnType<typeof errorOf>> => {
  const before = {
    toml: readFileSync(configFile(daemon), 'utf8'),
    state: stateText(daemon),
    slot: await daemon.must<Slot>('GET', slotPath),
    files: readdirSync(slotFolder(daemon)),
  }
  const watch = await SlotWatch.open(daemon)
  const error = errorOf(await daemon.call('DELETE', slotPath))
  expect(readFileSync(configFile(daemon), 'utf8')).toBe(before.toml)
  expect(readdirSync(configFolder(daemon))).toEqual([`${slotName}.toml`])
  expect(stateText(daemon)).toBe(before.state)
  expect(readdirSync(slotFolder(daemon))).toEqual(before.files)
  expect(readdirSync(slotsFolder(daemon))).toEqual([slotName])
  expect(await daemon.must<Slot>('GET', slotPath)).toEqual(before.slot)
  // It works as before, and the event stream has announced no deletion.
  await daemon.load()
  expect((await daemon.command(slotName, 'unload')).body.state.state).toBe('offline')
  await daemon.kill()
  await watch.ended
  expect(watch.seen.map(({ record }) => record.state).slice(-1)).toEqual(['offline'])
  expect(watch.deleted).toEqual([])
  return error
}

const deleteAndMakeAnew = async (daemon: Daemon): Promise<void> => {
  const { config } = await daemon.must<Slot>('GET', slotPath)
  await daemon.must('DELETE', slotPath)
  expect(existsSync(configFile(daemon))).toBe(false)
  expect((await daemon.call('GET', slotPath)).status).toBe(404)
  const made = await daemon.must<Slot>('POST', '/api/slots', {
    name: slotName,
    model: config.model,
    engine: config.engine,
  })
  expect(made.state).toMatchObject({ state: 'offline', seq: 0, reason: 'created' })
  await daemon.load()
  await daemon.command(slotName, 'unload')
}

describe('deleting a slot', () => {
  for (const [what, folderOf] of [
    ['the folder of the slots', slotsFolder],
    ['the folder of their configuration', configFolder],
  ] as const) {
    permissionTest(`is refused while ${what} may not be written to, and leaves it whole`, async () => {
      const daemon = await usedSlot()
      chmodSync(folderOf(daemon), 0o555)
      await daemon.launch(asOrdinary)
      const error = await refusedDeletion(daemon)
      expect(error.code).toBe('storage.failed')
      expect(error.message).toMatch(/^Could not delete .* of slot primary: .*Check its owner and mode/)
      expect(error.details.path).toBe(folderOf(daemon))
      chmodSync(folderOf(daemon), 0o755)
      await daemon.launch(asOrdinary)
      await deleteAndMakeAnew(daemon)
      expect(readdirSync(slotsFolder(daemon))).toEqual([slotName])
    })
  }

  for (const [what, mountPointOf] of [
    ['is mounted', slotFolder],
    ['holds something mounted', (daemon: Daemon) => join(slotFolder(daemon), 'my disk')],
  ] as const) {
    mountTest(`is refused while its folder ${what}, and leaves it and the mounted thing whole`, async () => {
      const daemon = await usedSlot()
      const point = mountPointOf(daemon)
      const elsewhere = join(daemon.root, 'elsewhere')
      mkdirSync(point, { recursive: true })
      Bun.spawnSync(['cp', '-a', point, elsewhere])
      writeFileSync(join(elsewhere, 'precious'), 'mine')
      const mounted = ['unshare', '--mount', 'sh', '-c', 'mount --bind "$1" "$2"; shift 2; exec "$@"', 'sh']
      await daemon.launch([...mounted, elsewhere, point])
      const error = errorOf(await daemon.call('DELETE', slotPath))
      expect(error.code).toBe('storage.failed')
      expect(error.message).toContain(`umount '${point}'`)
      expect(readFileSync(join(elsewhere, 'precious'), 'utf8')).toBe('mine')
      expect(existsSync(configFile(daemon))).toBe(true)
      await daemon.load()
      await daemon.command(slotName, 'unload')
      const unmounted = Bun.spawnSync(['nsenter', '--target', String(daemon.pid), '--mount', 'umount', point])
      expect(unmounted.exitCode).toBe(0)
      await daemon.must('DELETE', slotPath)
      expect((await daemon.call('GET', slotPath)).status).toBe(404)
      expect(readFileSync(join(elsewhere, 'precious'), 'utf8')).toBe('mine')
    })
  }

  permissionTest(
    'succeeds although something in its folder cannot be removed: that is reported, and removed once it can be',
    async () => {
      const daemon = await usedSlot()
      const stubborn = join(slotFolder(daemon), 'kept')
      mkdirSync(stubborn)
      writeFileSync(join(stubborn, 'file'), '')
      chmodSync(stubborn, 0o555)
      await daemon.launch(asOrdinary)
      await deleteAndMakeAnew(daemon)
      const left = readdirSync(slotsFolder(daemon)).filter((name) => name !== slotName)
      expect(left).toHaveLength(1)
      const leftover = join(slotsFolder(daemon), left[0] ?? '')
      for (const look of ['of this daemon', 'of the next one']) {
        if (look === 'of the next one') {
          await daemon.kill()
          await daemon.launch(asOrdinary)
        }
        const problems = await problemsOf(daemon)
        expect(problems).toHaveLength(1)
        expect(problems[0]).toContain(leftover)
        expect(problems[0]).toMatch(/deleted slot primary.*Remove it by hand/)
      }
      chmodSync(join(leftover, 'kept'), 0o755)
      // The next deletion cleans up, and so would the next start.
      await daemon.must('DELETE', slotPath)
      expect(readdirSync(slotsFolder(daemon))).toEqual([])
      expect(await problemsOf(daemon)).toEqual([])
    },
  )

  permissionTest('cleans up at the next start, too', async () => {
    const daemon = await usedSlot()
    const stubborn = join(slotFolder(daemon), 'kept')
    mkdirSync(join(stubborn, 'deeper'), { recursive: true })
    chmodSync(stubborn, 0o555)
    await daemon.launch(asOrdinary)
    await daemon.must('DELETE', slotPath)
    expect(await problemsOf(daemon)).toHaveLength(1)
    const [left = ''] = readdirSync(slotsFolder(daemon))
    // A person does as the problem says: it is over at once.
    Bun.spawnSync(['chmod', '755', join(slotsFolder(daemon), left, 'kept')])
    await daemon.kill()
    await daemon.launch(asOrdinary)
    expect(await problemsOf(daemon)).toEqual([])
    expect(readdirSync(slotsFolder(daemon))).toEqual([])
  })
})
