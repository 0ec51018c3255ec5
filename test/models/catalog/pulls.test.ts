/** Pulls of models that are known from the catalog. The hub is never reached: only the requests to it count. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { systemClock } from '../../../src/lib/clock.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { HubClient } from '../../../src/models/hub/client/hub-client.ts'
import { Pulls } from '../../../src/models/pull/pulls.ts'
import { roomOf } from '../../support/fits.ts'
import { tempDir } from '../../support/temp-dir.ts'

const source = { repo: 'acme/tiny-GGUF', file: 'tiny-Q4_K_M.gguf' }
let pulls: Pulls

const open = (folder: string): Pulls =>
  new Pulls({
    folder,
    hub: new HubClient({ fetch, endpoints: [], token: async () => null, offline: true, now: Date.now }),
    hasToken: async () => false,
    registry: {
      get: () => null,
      list: () => [],
      lost: () => [],
      filePaths: () => [],
      register: () => {
        throw new Error('nothing comes')
      },
      leftovers: { list: async () => [], clear: async () => [] },
    },
    download: () => {
      throw new Error('nothing comes')
    },
    clock: systemClock,
    catalog: { sourceOf: (id) => (id === 'tiny-q4_k_m' ? source : null) },
    endpoints: () => [],
    room: roomOf(null),
  })

let folder = ''
beforeEach(() => {
  folder = tempDir()
  pulls = open(folder)
})
afterEach(() => pulls.close())

test('a model of the catalog is known, and is pulled from where the catalog says', () => {
  expect(pulls.knows('tiny-q4_k_m')).toBe(true)
  expect(pulls.bring('tiny-q4_k_m', 'primary')).toMatchObject({ id: 'tiny-q4_k_m', repo: 'acme/tiny-GGUF' })
})

test('an explicit request for a model wins over the catalog, even for the next daemon', async () => {
  await pulls.learn('tiny-q4_k_m', { ...source, repo: 'mine/tiny-GGUF' })
  expect(pulls.bring('tiny-q4_k_m', 'primary').repo).toBe('mine/tiny-GGUF')
  await pulls.close()
  pulls = open(folder)
  await pulls.resume()
  expect(pulls.bring('tiny-q4_k_m', 'primary').repo).toBe('mine/tiny-GGUF')
})

test('an unknown model is not pulled', () => {
  expect(pulls.knows('other')).toBe(false)
  expect(() => pulls.bring('other', 'primary')).toThrow(Hal0Error)
})
