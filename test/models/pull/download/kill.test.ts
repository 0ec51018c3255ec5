/** A daemon that is killed while it pulls, and the next one that goes on. */
import { expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '../../../support/temp-dir.ts'
import { problemOfSuccess, remoteOf, small } from '../fixture.ts'
import { rawServer } from '../raw-origin.ts'
import { honest } from '../replies.ts'
import { bytesOf, seeded } from '../seeded.ts'

const kills = process.env.HAL0_LONG === '1' ? 200 : 12
const seed = Number(process.env.HAL0_SEED ?? '1')
const name = 'model.gguf'
const content = bytesOf(seed, 4_000_000)
/** What may have been sent in vain: the segments in flight (two connections) and the one that the journal is behind. */
const allowed = 3 * small.segmentBytes
/** Of the heads of the answers. */
const headBytes = 1000

test(`after each of ${kills} kills (seed ${seed}) the download goes on, and at most the segments in flight are fetched again`, async () => {
  const random = seeded(seed)
  let killed = 0
  let [worst, resumed] = [0, 0]
  while (killed < kills) {
    const folder = join(tempDir(), '.pull-model')
    const server = rawServer((asked) => ({ ...honest(content, asked), pieceBytes: 32_768 }))
    const start = () =>
      Bun.spawn(
        [
          process.execPath,
          join(import.meta.dir, '../download-child.ts'),
          server.url,
          folder,
          JSON.stringify(remoteOf(name, content)),
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
    // Killed at a place in the stream of bytes, not at a time: a slow machine kills at the same places.
    let rounds = 0
    for (let done = false; !done; rounds++) {
      const child = start()
      const before = server.sent()
      const until = before + random() * content.length
      const aim = setInterval(() => {
        if (rounds < 3 && server.sent() >= until) child.kill('SIGKILL')
      }, 1)
      await child.exited
      clearInterval(aim)
      done = child.signalCode === null
      if (!done) killed++
      else expect(await new Response(child.stdout).text()).toBe('done\n')
      // Whenever it died: what has the final name is the file.
      const final = join(folder, name)
      if (existsSync(final)) expect(readFileSync(final).equals(content)).toBe(true)
    }
    const deaths = rounds - 1
    expect(problemOfSuccess(folder, { [name]: content })).toBeNull()
    const again = server.sent() - content.length - server.asked.length * headBytes
    if (deaths > 0) worst = Math.max(worst, again / deaths)
    resumed += deaths
    expect(again, `after ${deaths} kills`).toBeLessThanOrEqual(deaths * allowed)
  }
  expect(resumed).toBeGreaterThanOrEqual(kills)
  console.log(
    `kills: ${killed}, seed ${seed}, most bytes fetched again for one: ${Math.round(worst)} of ${allowed} allowed`,
  )
}, 600_000)
