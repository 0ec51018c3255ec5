import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { lockDataFolder, lockHolder, lockHolderIn } from '../../../src/system/files/daemon-lock.ts'
import { makePipe } from '../../support/make-pipe.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('the holder of a lock is read from the kernel’s list by the file’s inode', () => {
  const table = [
    '1: FLOCK  ADVISORY  WRITE 7 fe:00:31 0 EOF',
    '2: POSIX  ADVISORY  READ  8 fe:00:32 0 EOF',
    '3: POSIX  ADVISORY  WRITE 1449 fe:00:32 1073741824 1073742335',
    '',
  ].join('\n')
  expect(lockHolderIn(table, 32)).toBe(1449)
  expect(lockHolderIn(table, 3)).toBeNull()
  expect(lockHolderIn('1: POSIX  ADVISORY  WRITE 0 fe:00:32 0 EOF\n', 32)).toBeNull()
})

test('a pipe in place of the lock is named, and not the disk blamed', async () => {
  const folder = tempDir()
  makePipe(join(folder, 'daemon.lock'))
  await expect(lockDataFolder(folder)).rejects.toThrow(`mv ${folder}/daemon.lock ${folder}/daemon.lock.away`)
})

test('the process that serves a data folder is the holder of its lock, for as long as it has it', async () => {
  const folder = tempDir()
  const path = join(folder, 'daemon.lock')
  {
    using _lock = await lockDataFolder(folder)
    expect(await lockHolder(path)).toBe(process.pid)
  }
  expect(await lockHolder(path)).toBeNull()
})
