/** What a crash may cost is bounded even when the disk is much slower than the network. */
import { expect, onTestFinished, test } from 'bun:test'
import { join } from 'node:path'
import { systemClock } from '../../../../src/lib/clock.ts'
import { FileDownload } from '../../../../src/models/pull/download/file-download.ts'
import { DownloadSession } from '../../../../src/models/pull/download/session.ts'
import type { Origin } from '../../../../src/models/pull/origin/origin.ts'
import { PartialFile } from '../../../../src/models/pull/staging/partial-file.ts'
import { tempDir } from '../../../support/temp-dir.ts'
import { until } from '../../../support/until.ts'
import { remoteOf, sha256, small } from '../fixture.ts'
import { bytesOf } from '../seeded.ts'

test('while nothing can be recorded, no more is asked for than the segments in flight and one', async () => {
  const content = bytesOf(1, 40 * small.segmentBytes)
  let asked = 0
  const origin: Origin = {
    async open(_, from, to) {
      const body = content.subarray(from, to ?? content.length)
      asked += body.length
      return {
        status: 206,
        contentRange: { from, to: from + body.length, size: content.length },
        contentLength: body.length,
        contentEncoding: null,
        etag: null,
        body: new Blob([Uint8Array.from(body)]).stream(),
      }
    },
  }
  const disk = Promise.withResolvers<void>()
  let records = 0
  const partial = await PartialFile.open(join(tempDir(), 'partial'), content.length)
  const { signal } = new AbortController()
  const session = new DownloadSession({
    origin,
    clock: systemClock,
    random: Math.random,
    settings: small,
    signal,
    received: () => 0,
  })
  const run = new FileDownload(remoteOf('x', content), [], {
    session,
    partial,
    // The first one says that nothing is there yet.
    record: () => (records++ === 0 ? Promise.resolve() : disk.promise),
    onReceived: () => {},
    onVerifying: () => {},
    judge: null,
  }).run()
  // It must not go on into other tests when this one fails.
  onTestFinished(async () => {
    disk.resolve()
    await Promise.allSettled([run])
    await partial.close()
  })
  const most = (session.tuning.target + 1) * small.segmentBytes
  await until('as much is asked for as may be', () => asked >= most)
  // Time for what must not happen.
  await Bun.sleep(50)
  expect(asked).toBe(most)
  disk.resolve()
  expect((await run).sha256).toBe(sha256(content))
})
