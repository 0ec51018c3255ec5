import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { LogGap } from '../../../src/contract/slot.ts'
import { BackendLog } from '../../../src/system/process/log/backend-log.ts'
import type { LogEntry } from '../../../src/system/supervisor.ts'
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
      seen.push(...entries)
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
      const end = log.follow((entries) => void seen.push(...entries), count)
      await until('the last line', () => seen.at(-1) === lines.at(-1))
      expect(seen).toEqual(lines.slice(-count))
      end()
    }
    const seen: LogEntry[] = []
    log.follow((entries) => void seen.push(...entries), 1)
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

  test('keeps its end when it is too long, however long it is', async () => {
    await begin()
    const text = Array.from({ length: 300_000 }, (_, index) => `line ${index}\n`).join('')
    writeFileSync(path, text)
    await log.bound()
    const end = text.slice(-limit)
    // From its first whole line on.
    expect(readFileSync(`${path}.1`, 'utf8')).toBe(end.slice(end.indexOf('\n') + 1))
    expect(statSync(path).size).toBe(0)
    expect((await log.tail(2)).at(-1)).toBe('line 299999')
  })

  test('is shown to its followers and kept whole while it is rotated under a writer', async () => {
    await begin()
    const seen: LogEntry[] = []
    follow(seen)
    const source =
      'const line = i => "line " + i + " of a backend that talks\\n"; for (let i = 0; i < 20000; i += 20) { require("fs").writeSync(1, Array.from({length: 20}, (_, k) => line(i + k)).join("")); await Bun.sleep(1) }'
    const file = await log.openForRun(0)
    const writer = Bun.spawn([process.execPath, '-e', source], { stdio: ['ignore', file.fd, file.fd] })
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
    const shown = apart(seen)
      .shown.filter((line) => line.startsWith('line '))
      .map((line) => Number(line.split(' ')[1]))
    expect(rotations).toBeGreaterThan(1)
    expect(largest).toBeLessThan(8 * limit)
    // In order, none twice, none torn; what is printed at the very moment of a truncation may be missing.
    const isSound = (numbers: number[]) => numbers.every((number, at) => at === 0 || number > (numbers[at - 1] ?? 0))
    expect(isSound(shown)).toBe(true)
    const told = apart(seen).gap.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)
    expect(shown.length + told / 'line 0 of a backend that talks '.length).toBeGreaterThanOrEqual(20_000 - 40)
    const kept = (await log.tail(1000)).map((line) => Number(line.split(' ')[1]))
    expect(isSound(kept)).toBe(true)
    expect(kept[0]).toBeGreaterThanOrEqual(19_000 - 40)
    expect(kept.at(-1)).toBe(19_999)
  })

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
    expect(gap).toHaveLength(1)
    expect(shown).toEqual(lines.slice(-shown.length))
    expect(shown.length).toBeGreaterThan(limit / 70)
    const missing = lines.slice(0, -shown.length).reduce((sum, line) => sum + line.length + 1, 0)
    expect(missing).toBe(gap[0]?.bytes ?? 0)
  })

  test('shows a reader that is behind what a rotation has moved', async () => {
    await begin()
    const seen: LogEntry[] = []
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    log.follow(async (entries) => {
      seen.push(...entries)
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
