import { beforeEach, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DeletedFolders } from '../../../src/slots/store/deleted-folders.ts'
import { tempDir } from '../../support/temp-dir.ts'

let slots: string
let deleted: DeletedFolders
const make = (name: string, word: string) => {
  mkdirSync(join(slots, name))
  writeFileSync(join(slots, name, 'state.json'), word)
}
const word = (name: string) => readFileSync(join(slots, name, 'state.json'), 'utf8')

beforeEach(() => {
  slots = tempDir()
  deleted = new DeletedFolders(slots)
})

test('a folder that was taken is under no name that a slot can have, and comes back as it was', async () => {
  make('primary', 'old')
  const putBack = await deleted.take('primary')
  expect(readdirSync(slots)).toEqual([expect.stringMatching(/^\.deleted-primary-/)])
  await putBack()
  expect(readdirSync(slots)).toEqual(['primary'])
  expect(word('primary')).toBe('old')
})

test('what a dead daemon left is removed if there is no such slot, and put back if there is one', async () => {
  for (const name of ['gone', 'a-b', 'stays']) {
    make(name, name)
    await deleted.take(name)
  }
  make('other', 'other')
  expect(await new DeletedFolders(slots).sweep((name) => name === 'stays' || name === 'other')).toEqual([])
  expect(readdirSync(slots).sort()).toEqual(['other', 'stays'])
  expect(word('stays')).toBe('stays')
})

test('what an earlier slot of the same name left never takes the place of the new one', async () => {
  make('primary', 'old')
  await deleted.take('primary')
  make('primary', 'new')
  expect(await deleted.sweep(() => true)).toEqual([])
  expect(readdirSync(slots)).toEqual(['primary'])
  expect(word('primary')).toBe('new')
})

test('without the folder of a slot, or of all slots, there is nothing to do', async () => {
  await (await deleted.take('primary'))()
  const nowhere = new DeletedFolders(join(slots, 'none'))
  await (await nowhere.take('primary'))()
  expect(await nowhere.sweep(() => false)).toEqual([])
  expect(readdirSync(slots)).toEqual([])
})
