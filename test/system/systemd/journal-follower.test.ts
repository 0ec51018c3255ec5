import { afterEach, expect, test } from 'bun:test'
import type { LogEntry } from '../../../src/system/supervisor.ts'
import { JournalFollower, type JournalReader } from '../../../src/system/systemd/journal/journal-follower.ts'
import { until } from '../../support/until.ts'

/** A journal of numbered entries, and a stand-in for `journalctl --follow` that a test can end. */
class FakeJournal {
  readonly opened: (string | null)[] = []
  readonly #entries: { __CURSOR: string; MESSAGE: string }[] = []
  #end: () => void = () => {}
  #added = Promise.withResolvers<void>()
  fails = false
  ends = 0

  print(...lines: string[]): void {
    for (const MESSAGE of lines) this.#entries.push({ __CURSOR: `c${this.#entries.length}`, MESSAGE })
    this.#added.resolve()
    this.#added = Promise.withResolvers()
  }

  /** Ends the current journalctl after half an entry. */
  kill(): void {
    this.#end()
  }

  readonly open = (after: string | null): JournalReader => {
    this.opened.push(after)
    if (this.fails) throw new Error('There is no journalctl.')
    const ended = Promise.withResolvers<void>()
    this.#end = ended.resolve
    let at = after === null ? 0 : this.#entries.findIndex(({ __CURSOR }) => __CURSOR === after) + 1
    const next = async (): Promise<'entry' | 'end'> => {
      while (at === this.#entries.length) {
        if ((await Promise.race([this.#added.promise, ended.promise.then(() => 'end')])) === 'end') return 'end'
      }
      return 'entry'
    }
    const over = () => {
      this.ends += 1
    }
    const output = async function* (entries: readonly object[]) {
      while ((await next()) === 'entry') yield Buffer.from(`${JSON.stringify(entries[at++])}\n`)
      yield Buffer.from('{"MESSAGE":"ha')
      over()
    }
    return { output: output(this.#entries), ended: ended.promise.then(() => 'It ended.'), kill: ended.resolve }
  }
}

let follower: JournalFollower | null = null
afterEach(() => follower?.end())

const follow = (journal: FakeJournal): LogEntry[] => {
  const seen: LogEntry[] = []
  follower = new JournalFollower('hal0-slot@primary.service', journal.open, (entries) => {
    seen.push(...entries.map(({ entry }) => entry))
  })
  return seen
}

test('A journalctl that ends is started again after the last entry, without a lost or repeated line', async () => {
  const journal = new FakeJournal()
  const seen = follow(journal)
  journal.print('one', 'two')
  await until('both lines', () => seen.length === 2)
  for (const [index, line] of ['three', 'four', 'five'].entries()) {
    journal.kill()
    await until('it has ended', () => journal.ends === index + 1)
    journal.print(line)
    await until(line, () => seen.at(-1) === line)
  }
  expect(seen).toEqual(['one', 'two', 'three', 'four', 'five'])
  expect(journal.opened).toEqual([null, 'c1', 'c2', 'c3'])
})

test('While it fails, that is reported as a problem with advice, until the next line', async () => {
  const journal = new FakeJournal()
  const seen = follow(journal)
  expect(follower?.problem).toBeNull()
  journal.fails = true
  journal.kill()
  await until('it is tried again and again', () => journal.opened.length > 3)
  expect(follower?.problem).toMatch(/hal0-slot@primary.*There is no journalctl.*systemctl status systemd-journald/)
  journal.fails = false
  journal.print('there')
  await until('the line', () => seen.length === 1)
  expect(follower?.problem).toBeNull()
})

test('A reader that is slow is waited for', async () => {
  const journal = new FakeJournal()
  const seen: LogEntry[] = []
  const gate = Promise.withResolvers<void>()
  follower = new JournalFollower('u', journal.open, (entries) => {
    seen.push(...entries.map(({ entry }) => entry))
    return gate.promise
  })
  journal.print('one')
  await until('the first', () => seen.length === 1)
  journal.print('two')
  await Bun.sleep(20)
  expect(seen).toEqual(['one'])
  gate.resolve()
  await until('the second', () => seen.length === 2)
})

test('After it was closed, no journalctl is started any more', async () => {
  const journal = new FakeJournal()
  follow(journal)
  follower?.end()
  journal.kill()
  await Bun.sleep(250)
  expect(journal.opened).toEqual([null])
})
