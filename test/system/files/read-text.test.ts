import { describe, expect, test } from 'bun:test'
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { readTextIfThere } from '../../../src/system/files/read-text.ts'
import { makePipe } from '../../support/make-pipe.ts'
import { tempDir } from '../../support/temp-dir.ts'

const refusalOf = async (path: string, rules = {}): Promise<string> => {
  try {
    await readTextIfThere(path, 'read a note', rules)
  } catch (error) {
    if (error instanceof Hal0Error && error.code === 'storage.failed') return error.message
    throw error
  }
  return 'none'
}

describe('a small file', () => {
  test('is read whole, and a missing one is null', async () => {
    const path = join(tempDir(), 'note')
    writeFileSync(path, 'äöü\n')
    expect(await readTextIfThere(path, 'read a note')).toBe('äöü\n')
    expect(await readTextIfThere(`${path}.other`, 'read a note')).toBeNull()
  })
  test('is read through a link, unless links are refused', async () => {
    const path = join(tempDir(), 'note')
    writeFileSync(path, 'text')
    symlinkSync(path, `${path}.link`)
    expect(await readTextIfThere(`${path}.link`, 'read a note')).toBe('text')
    expect(await refusalOf(`${path}.link`, { links: 'refuse' })).toContain('is a link')
  })
})

describe('anything but a small file is refused at once, with what it is', () => {
  const cases: [string, (path: string) => void][] = [
    ['a named pipe', makePipe],
    ['a folder', (path) => mkdirSync(path)],
    ['a device', (path) => symlinkSync('/dev/zero', path)],
    ['leads to itself', (path) => symlinkSync(path, path)],
    [
      '1073741824 bytes long',
      (path) => {
        writeFileSync(path, '')
        truncateSync(path, 1 << 30)
      },
    ],
  ]
  test.each(cases)('%s', async (words, make) => {
    const path = join(tempDir(), 'note')
    make(path)
    expect(await refusalOf(path)).toContain(words)
  })
})
