import { describe, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EventClock } from '../../src/system/files/event-clock.ts'
import { tempDir } from '../support/temp-dir.ts'

const pathIn = (): string => join(tempDir(), 'event-clock')
const year = 365 * 24 * 3600 * 1000

describe('the clock of event ids', () => {
  test('is the machine’s clock while that is right', async () => {
    const clock = await EventClock.open(pathIn(), () => 5000)
    expect(clock.now()).toBe(5001)
    const later = await EventClock.open(pathIn(), Date.now)
    expect(Math.abs(later.now() - Date.now())).toBeLessThan(1000)
  })

  test('rises when the machine’s clock stands still or is set back, within one daemon and over any number of them', async () => {
    const path = pathIn()
    let wall = 50 * year
    let last = 0
    for (let life = 0; life < 5; life += 1) {
      const clock = await EventClock.open(path, () => wall)
      for (let event = 0; event < 100; event += 1) {
        const next = clock.now()
        expect(next).toBeGreaterThan(last)
        last = next
        wall -= event === 50 ? year : 0
      }
      // Killed: nothing is written at the end, except for a write under way.
      await clock.close()
    }
  })

  test('rises over a kill, even after a burst that ran ahead of the machine’s clock', async () => {
    const path = pathIn()
    const first = await EventClock.open(path, () => 1000)
    let last = 0
    for (let event = 0; event < 200_000; event += 1) last = first.now()
    await first.close()
    expect((await EventClock.open(path, () => 1000)).now()).toBeGreaterThan(last)
  })

  for (const [what, put] of [
    ['garbage', (path: string) => writeFileSync(path, '\0\xff{')],
    ['a time of the year 5000', (path: string) => writeFileSync(path, String(3030 * year))],
    ['nothing', (path: string) => writeFileSync(path, '')],
    ['a folder', (path: string) => mkdirSync(path)],
  ] as const) {
    test(`follows the machine’s clock if its file is ${what}`, async () => {
      const path = pathIn()
      put(path)
      expect((await EventClock.open(path, () => 5000)).now()).toBeWithin(5000, 5010)
    })
  }
})
