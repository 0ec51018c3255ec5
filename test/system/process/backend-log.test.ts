import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { LogGap } from '../../../src/contract/slot.ts'
import { BackendLog } from '../../../src/system/process/log/backend-log.ts'
import type { LogEntry, LogEvent, LogFrom } from '../../../src/system/supervisor.ts'
import { makePipe } from '../../support/make-pipe.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'

const apart = (entries: LogEntry[]): { shown: string[]; gap: LogGap[] } => ({
  shown: entries.filter((one) => typeof one === 'string'),
  gap: entries.filter((one) => typeof one !== 'string'),
})

describe('The log of a backend', () => {
  let folder: string
  let path: string
  let log: BackendLog
  const limit = 64 << 10

  beforeEach(() => {
    folder = join(tempDir(), 'slots', 'primary')
    path = join(folder, 'backend.log')
    log = new BackendLog(folder, limit)
  })
  afterEach(() => log.close())
  /** Follows the log into an array. */
  const follow = (seen: LogEntry[]) =>
    log.follow((entries) => {
      seen.push(...entries.map(({ entry }) => entry))
    })
  const begin = async (startedAt = 0) => (await log.openForRun(startedAt)).close()

  test('separates its runs, also after a line without end', async () => {
    await begin(0)
    appendFileSync(path, 'cut')
    await begin(1000)
    appendFileSync(path, 'whole\n')
    expect(await log.tail(10)).toEqual([
      '--- hal0: start 1970-01-01T00:00:00.000Z ---',
      'cut',
      '--- hal0: start 1970-01-01T00:00:01.000Z ---',
      'whole',
    ])
    expect(await log.lastLinesOfRun()).toEqual(['whole'])
  })

  test('gives the last lines, across the rotation and across blocks', async () => {
    await begin()
    const lines = Array.from({ length: 3000 }, (_, index) => `line ${index} ${'x'.repeat(index % 50)}`)
    writeFileSync(`${path}.1`, `${lines.slice(0, 2000).join('\n')}\n`)
    writeFileSync(path, `${lines.slice(2000).join('\n')}\n`)
    for (const count of [1, 2, 999, 1000, 1001, 2999, 3000, 9999]) {
      expect(await log.tail(count)).toEqual(lines.slice(-count))
    }
    expect(await log.tail(0)).toEqual([])
  })

  test('is followed from its last lines on, across the rotation, in the order in which they were printed', async () => {
    await begin()
    const lines = Array.from({ length: 3000 }, (_, index) => `line ${index} ${'x'.repeat(index % 50)}`)
    writeFileSync(`${path}.1`, `${lines.slice(0, 2000).join('\n')}\n`)
    writeFileSync(path, `${lines.slice(2000).join('\n')}\nhalf`)
    log.close()
    log = new BackendLog(folder, 1 << 20)
    for (const count of [1, 2, 999, 1000, 1001, 2999, 3000, 9999]) {
      const seen: LogEntry[] = []
      const end = log.follow((entries) => void seen.push(...entries.map(({ entry }) => entry)), { lines: count })
      await until('the last line', () => seen.at(-1) === lines.at(-1))
      expect(seen).toEqual(lines.slice(-count))
      end()
    }
    const seen: LogEntry[] = []
    log.follow((entries) => void seen.push(...entries.map(({ entry }) => entry)), { lines: 1 })
    appendFileSync(path, ' a line\n')
    await until('the line that was begun', () => seen.length === 2)
    expect(seen).toEqual([lines.at(-1) ?? '', 'half a line'])
  })

  for (const [what, make] of [
    ['a named pipe', makePipe],
    ['a folder', mkdirSync],
    ['a link to itself', (at: string) => symlinkSync(at, at)],
  ] as const) {
    test(`holds up nobody where ${what} lies in its place, and is written anew by the next run`, async () => {
      mkdirSync(folder, { recursive: true })
      for (const at of [path, `${path}.1`]) make(at)
      log.close()
      log = new BackendLog(folder, limit)
      const seen: LogEntry[] = []
      follow(seen)
      await log.bound()
      await expect(log.tail(10)).rejects.toThrow(`${path}`)
      await begin()
      appendFileSync(path, `${'x'.repeat(limit)}\nlast\n`)
      await until('the last line', () => seen.at(-1) === 'last')
      await log.bound()
      expect(statSync(`${path}.1`).isFile()).toBe(true)
      expect(await log.tail(1)).toEqual(['last'])
      await log.remove()
      expect(existsSync(path)).toBe(false)
    })
  }

  test('keeps empty lines', async () => {
    await begin()
    writeFileSync(path, '\n\na\n\n')
    expect(await log.tail(10)).toEqual(['', '', 'a', ''])
    expect(await log.tail(2)).toEqual(['a', ''])
  })

  test('is left as it is up to its limit', async () => {
    await begin()
    writeFileSync(path, 'x'.repeat(limit))
    await log.bound()
    expect(statSync(path).size).toBe(limit)
    expect(existsSync(`${path}.1`)).toBe(false)
  })

  /** A file system that cannot take the beginning out of a file. */
  const cannotCollapse = () => false

  test('keeps its end when it is too long, however long it is', async () => {
    for (const collapse of [undefined, cannotCollapse]) {
      log.close()
      log = new BackendLog(folder, limit, collapse)
      await begin()
      const text = Array.from({ length: 300_000 }, (_, index) => `line ${index}\n`).join('')
      writeFileSync(path, text)
      await log.bound()
      const older = readFileSync(`${path}.1`, 'utf8')
      const kept = older + readFileSync(path, 'utf8')
      // From a whole line on, and to the last byte.
      expect(text.endsWith(`\n${kept}`)).toBe(true)
      expect(older.length).toBeGreaterThan(limit - 100)
      expect(older.length).toBeLessThan(limit + 4096)
      expect(statSync(path).size).toBeLessThanOrEqual(4096)
      expect((await log.tail(2)).at(-1)).toBe('line 299999')
    }
  })

  const separator = '--- hal0: start 1970-01-01T00:00:00.000Z ---'
  /** Prints numbered lines without pause. */
  const chatter =
    'const line = i => "line " + i + " of a backend that talks\\n"; for (let i = 0; i < 20000; i += 20) { require("fs").writeSync(1, Array.from({length: 20}, (_, k) => line(i + k)).join("")); if (i % 200 === 0) await Bun.sleep(1) }'

  for (const [what, collapse] of [
    ['is shown to its followers and kept whole', undefined],
    ['is shown to its followers and kept but for what is printed at the moment of a truncation', cannotCollapse],
  ] as const) {
    test(`${what} while it is rotated under a writer that never pauses`, async () => {
      log.close()
      log = new BackendLog(folder, limit, collapse)
      await begin()
      const seen: LogEntry[] = []
      follow(seen)
      const file = await log.openForRun(0)
      const writer = Bun.spawn([process.execPath, '-e', chatter], { stdio: ['ignore', file.fd, file.fd] })
      await file.close()
      let rotations = 0
      let before = 0
      let largest = 0
      let running = true
      void writer.exited.then(() => {
        running = false
      })
      while (running) {
        const { size } = statSync(path)
        largest = Math.max(largest, size)
        if (size < before) rotations += 1
        before = size
        await log.bound()
        await Bun.sleep(2)
      }
      await until('the last line is shown', () => apart(seen).shown.at(-1)?.startsWith('line 19999 ') === true)
      const numbersIn = (lines: string[]) =>
        lines.filter((line) => line.startsWith('line ')).map((line) => Number(line.split(' ')[1]))
      const shown = numbersIn(apart(seen).shown)
      expect(rotations).toBeGreaterThan(1)
      expect(largest).toBeLessThan(8 * limit)
      // In order, none twice, none torn.
      const isSound = (numbers: number[]) => numbers.every((number, at) => at === 0 || number > (numbers[at - 1] ?? 0))
      expect(isSound(shown)).toBe(true)
      const told = apart(seen).gap.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)
      const printed = (number: number) => `line ${number} of a backend that talks\n`.length
      const missing = Array.from({ length: 20_000 }, (_, number) => number)
        .filter((number) => !shown.includes(number))
        .reduce(
          (sum, number) => sum + printed(number),
          apart(seen).shown.includes(separator) ? 0 : separator.length + 1,
        )
      const kept = numbersIn(await log.tail(1000))
      if (collapse === undefined) {
        expect(missing).toBe(told)
        expect(kept).toEqual(Array.from({ length: kept.length }, (_, at) => 20_000 - kept.length + at))
      } else {
        expect(missing - told).toBeLessThanOrEqual(40 * printed(20_000))
        expect(isSound(kept)).toBe(true)
        expect(kept.at(-1)).toBe(19_999)
      }
    })
  }

  test('can be followed before it exists, and after somebody else has emptied it', async () => {
    const seen: LogEntry[] = []
    follow(seen)
    await begin()
    appendFileSync(path, 'one\n')
    await until('the first line', () => seen.includes('one'))
    truncateSync(path)
    appendFileSync(path, 'two\n')
    await until('the second line', () => seen.includes('two'))
    expect(seen.slice(1)).toEqual(['one', 'two'])
  })

  test('shows its followers a line without end cut, and the next one whole', async () => {
    await begin()
    const seen: LogEntry[] = []
    follow(seen)
    appendFileSync(path, 'x'.repeat(100_000))
    await until('the cut line', () => seen.length === 1)
    appendFileSync(path, 'xxx\nnext\n')
    await until('the next line', () => seen.length === 2)
    expect(apart(seen).shown.map((line) => line.length)).toEqual([2000, 4])
  })

  test('gives its followers a burst whole, whatever its size and in however many rotations it ends', async () => {
    await begin()
    const seen: LogEntry[] = []
    follow(seen)
    const lines = Array.from({ length: 2000 }, (_, index) => `line ${index} ${'x'.repeat(50)}`)
    appendFileSync(path, `${lines.join('\n')}\n`)
    // Twice the limit, as one burst between two looks: what no file can hold any more is a gap, and the rest follows on it.
    await log.bound()
    await until('the last line', () => seen.at(-1) === lines.at(-1))
    const { gap, shown } = apart(seen)
    // On a busy machine the follower may come before the rotation, or in the middle of it.
    expect(gap.length).toBeLessThanOrEqual(1)
    expect(shown).toEqual(lines.filter((line) => shown.includes(line)))
    expect(shown.length).toBeGreaterThan(limit / 70)
    const missing = lines.reduce((sum, line) => sum + (shown.includes(line) ? 0 : line.length + 1), 0)
    expect(missing).toBe(gap[0]?.bytes ?? 0)
  })

  describe('is gone on with after an id', () => {
    const events: LogEvent[] = []
    beforeEach(() => void events.splice(0))
    const followFrom = (from: LogFrom) => log.follow((more) => void events.push(...more), from)
    const shown = (): LogEntry[] => events.map(({ entry }) => entry)
    const last = (): LogEntry | undefined => events.at(-1)?.entry
    const nextDaemon = () => {
      log.close()
      log = new BackendLog(folder, limit)
    }
    const lines = (from: number, to: number): string[] =>
      Array.from({ length: to - from }, (_, at) => `line ${from + at} ${'x'.repeat(50)}`)
    const print = (more: string[]) => appendFileSync(path, `${more.join('\n')}\n`)

    test('of any line, without a gap and without a repeat, over rotations and daemons', async () => {
      await begin()
      const end = followFrom({ lines: 0 })
      print(lines(0, 800))
      await until('all lines', () => last() === lines(799, 800)[0])
      end()
      const all = [...events]
      // Most of what follows was printed when nobody listened, and has moved to the older file.
      print(lines(800, 1000))
      await log.bound()
      nextDaemon()
      print(lines(1000, 1100))
      await log.bound()
      for (const at of [600, 700, 799]) {
        events.splice(0)
        const { id } = all[at] as LogEvent
        const stop = followFrom({ after: id ?? '' })
        await until('all lines', () => last() === lines(1099, 1100)[0])
        expect(shown()).toEqual(lines(at + 1, 1100))
        stop()
      }
      const ids = all.map(({ id }) => Number(id?.split('.')[1]))
      expect(ids).toEqual(ids.toSorted((a, b) => a - b))
      expect(new Set(ids).size).toBe(800)
    })

    test('whose successors are kept no more, with a gap of just their size', async () => {
      await begin()
      const end = followFrom({ lines: 0 })
      print(lines(0, 1))
      await until('the first line', () => events.length === 1)
      end()
      const id = events.splice(0)[0]?.id ?? ''
      for (let round = 0; round < 4; round += 1) {
        print(lines(1 + round * 1100, 1 + (round + 1) * 1100))
        await log.bound()
      }
      followFrom({ after: id })
      await until('the last line', () => last() === lines(4400, 4401)[0])
      const [gap, ...rest] = shown()
      const missing = lines(1, 4401 - rest.length)
      expect(rest).toEqual(lines(4401 - rest.length, 4401))
      expect(gap).toEqual({ bytes: missing.join('\n').length + 1 })
    })

    test('of a line that was shown cut, with the next line', async () => {
      await begin()
      const end = followFrom({ lines: 0 })
      appendFileSync(path, 'x'.repeat(100_000))
      await until('the cut line', () => events.length === 1)
      end()
      const id = events.splice(0)[0]?.id ?? ''
      appendFileSync(path, 'the rest\nnext\n')
      followFrom({ after: id })
      await until('the next line', () => events.length > 0)
      expect(shown()).toEqual(['next'])
    })

    for (const [what, id] of [
      ['of another log', '1.1'],
      ['that was never given', `${Date.now()}.99999999`],
      ['that is none', 's=1;t=2'],
    ]) {
      test(`${what}, with a gap and what is printed from now on`, async () => {
        await begin()
        print(lines(0, 3))
        followFrom({ after: id ?? '' })
        await until('the gap', () => events.length === 1)
        print(lines(3, 4))
        await until('the line', () => events.length === 2)
        expect(shown()).toEqual([{ bytes: null }, ...lines(3, 4)])
      })
    }

    test('given by a daemon that was killed while it rotated the log, with a gap', async () => {
      await begin()
      const end = followFrom({ lines: 0 })
      print(lines(0, 3))
      await until('the lines', () => events.length === 3)
      end()
      const id = events.splice(0)[1]?.id ?? ''
      // As the kill leaves it.
      rmSync(`${path}.place`)
      await Bun.sleep(2)
      nextDaemon()
      followFrom({ after: id })
      await until('the gap', () => events.length === 1)
      expect(shown()).toEqual([{ bytes: null }])
    })
  })

  test('shows a reader that is behind what a rotation has moved', async () => {
    await begin()
    const seen: LogEntry[] = []
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    log.follow(async (entries) => {
      seen.push(...entries.map(({ entry }) => entry))
      await held
    })
    appendFileSync(path, 'first\n')
    await until('it is held', () => seen.length === 1)
    const lines = Array.from({ length: 1200 }, (_, index) => `line ${index} ${'x'.repeat(50)}`)
    appendFileSync(path, `${lines.join('\n')}\n`)
    await log.bound()
    appendFileSync(path, 'last\n')
    release()
    await until('the last line', () => seen.at(-1) === 'last')
    const { gap, shown } = apart(seen)
    // As much as the older file holds is there; only what it could not hold is a gap.
    expect(gap).toHaveLength(1)
    expect(shown.slice(-1000)).toEqual([...lines.slice(-999), 'last'])
  })

  test('stays within twice its limit under a backend that writes 100 MB/s, and tells what it could not keep', async () => {
    const large = 8 << 20
    log = new BackendLog(folder, large)
    await begin()
    const seen: LogEntry[] = []
    follow(seen)
    await log.bound()
    // As much as comes between two looks, 50 ms apart, while each rotation is under way as well.
    const chunk = `${'y'.repeat(99)}\n`.repeat(50_000)
    let largest = 0
    for (let round = 0; round < 40; round += 1) {
      const looking = log.bound()
      appendFileSync(path, chunk)
      largest = Math.max(largest, statSync(path).size)
      await looking
    }
    expect(largest).toBeLessThan(2 * large)
    expect(statSync(`${path}.1`).size).toBeLessThan(2 * large)
    appendFileSync(path, 'last\n')
    await until('the last line', () => seen.at(-1) === 'last', 30_000)
    const { gap, shown } = apart(seen)
    const told = gap.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)
    const missing = 40 * chunk.length - told - (shown.length - 1) * 100
    expect(missing).toBe(0)
  })

  test('tells each follower until it is unsubscribed, and reads nothing without one', async () => {
    await begin()
    const first: LogEntry[] = []
    const second: LogEntry[] = []
    const endFirst = follow(first)
    const endSecond = follow(second)
    appendFileSync(path, 'a\n')
    await until('both have it', () => first.length === 1 && second.length === 1)
    endFirst()
    endFirst()
    appendFileSync(path, 'b\n')
    await until('the second has it', () => second.length === 2)
    endSecond()
    appendFileSync(path, 'c\n')
    await Bun.sleep(150)
    expect([first, second]).toEqual([['a'], ['a', 'b']])
  })

  test('cannot be opened where its folder is a file, and says which', async () => {
    const file = join(tempDir(), 'file')
    writeFileSync(file, '')
    await expect(new BackendLog(file, limit).openForRun(0)).rejects.toMatchObject({
      code: 'storage.failed',
      details: { path: join(file, 'backend.log') },
    })
  })
})
