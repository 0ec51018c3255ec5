import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { buildWeb } from '../../web/build.ts'

/** What the first load of the dashboard may cost, compressed. */
const budgetBytes = 150_000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hal0-build-'))
  await buildWeb(join(folder, 'web'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const files = async (): Promise<string[]> => {
  const entries = await readdir(join(folder, 'web'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

test(`the dashboard takes at most ${budgetBytes / 1000} kB, compressed, however it is opened`, async () => {
  const sizes = await Promise.all((await files()).map(async (path) => gzipSync(await readFile(path)).length))
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(budgetBytes)
})

test('the dashboard carries no schemas: what it needs of the contract is read when it is built', async () => {
  const texts = await Promise.all((await files()).map((path) => readFile(path, 'utf8')))
  expect(texts.filter((text) => text.includes('additionalProperties'))).toEqual([])
})

test('its page refers to its assets relatively, and has a manifest with an icon that exists', async () => {
  const page = await readFile(join(folder, 'web/index.html'), 'utf8')
  const references = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1] ?? '')
  expect(references.length).toBeGreaterThan(3)
  expect(references.filter((reference) => !reference.startsWith('./assets/'))).toEqual([])
  const manifest = references.find((reference) => reference.includes('manifest')) ?? ''
  const { icons } = JSON.parse(await readFile(join(folder, 'web', manifest), 'utf8'))
  expect(await Bun.file(join(folder, 'web/assets', icons[0].src)).exists()).toBe(true)
})
