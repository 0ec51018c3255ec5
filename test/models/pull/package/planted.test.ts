/** Something is in the way of an archive, or of the model in it: it is named, and what belongs to somebody else stays as it is. */
import { expect, test } from 'bun:test'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '../../../support/temp-dir.ts'
import { bring, indexWith, requestFor, wheelName, wheelOf } from './fixture.ts'

for (const planted of [wheelName, 'Tiny.Q4_1.gguf']) {
  const named = (folder: string, what: string) => ({
    code: 'storage.failed',
    message: `${join(folder, planted)} is ${what}, where a pull keeps its files. Remove it and pull again.`,
  })

  test(`a folder in the place of ${planted} is named and kept`, async () => {
    const wheel = wheelOf()
    const folder = join(tempDir(), '.pull-tiny')
    const mine = join(folder, planted, 'mine')
    mkdirSync(join(folder, planted), { recursive: true })
    writeFileSync(mine, 'mine')
    const outcome = await bring({ folder, url: indexWith(wheel).url, request: requestFor(wheel) })
    expect(outcome).toMatchObject(named(folder, 'not a regular file'))
    expect(readFileSync(mine, 'utf8')).toBe('mine')
  })

  test(`a link in the place of ${planted} is named and not followed`, async () => {
    const wheel = wheelOf()
    const root = tempDir()
    const folder = join(root, '.pull-tiny')
    mkdirSync(folder)
    writeFileSync(join(root, 'mine'), 'mine')
    symlinkSync(join(root, 'mine'), join(folder, planted))
    const outcome = await bring({ folder, url: indexWith(wheel).url, request: requestFor(wheel) })
    expect(outcome).toMatchObject(named(folder, 'a symbolic link'))
    expect(readFileSync(join(root, 'mine'), 'utf8')).toBe('mine')
  })
}
