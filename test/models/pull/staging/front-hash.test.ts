import { expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { FrontHash } from '../../../../src/models/pull/staging/front-hash.ts'
import { sha256 } from '../fixture.ts'
import { bytesOf } from '../seeded.ts'

const content = bytesOf(5, 1_000_003)
const readBack = (into: Uint8Array, at: number) => {
  into.set(content.subarray(at, at + into.length))
}
const never = new AbortController().signal
const remote = (kind: 'sha256' | 'git-sha1') => ({ path: 'x', size: content.length, sum: { kind, hex: '' } })

test('however the front advances, the sums are those of the content', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(content.length), { maxLength: 10 }), async (fronts) => {
      const hash = new FrontHash(remote('git-sha1'), readBack)
      for (const front of fronts.toSorted((a, b) => a - b)) {
        hash.advance(front)
        await Promise.resolve()
      }
      await hash.reach(content.length, never)
      const git = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
      expect(hash.sums()).toEqual({ sha256: sha256(content), stated: git })
    }),
    { numRuns: 20 },
  )
})

test('it follows the front: at the last byte everything before it went in already', async () => {
  const hash = new FrontHash(remote('sha256'), readBack)
  hash.advance(content.length - 1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(hash.hashed).toBe(content.length - 1)
})

test('what cannot be read back fails the one who waits for the sums, and nobody before', async () => {
  const broken = new Error('EIO')
  const hash = new FrontHash(remote('sha256'), () => {
    throw broken
  })
  hash.advance(10)
  await Promise.resolve()
  await expect(hash.reach(content.length, never)).rejects.toBe(broken)
})

test('a signal ends it between two pieces', async () => {
  const end = new AbortController()
  const hash = new FrontHash(remote('sha256'), (into, at) => {
    if (at > 0) end.abort()
    readBack(into, at)
  })
  await hash.reach(content.length, end.signal)
  expect(hash.hashed).toBeLessThan(content.length)
})
