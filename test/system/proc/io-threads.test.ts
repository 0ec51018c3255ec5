import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const module = join(import.meta.dir, '../../../src/system/proc/io-threads.ts')

/** Opens of pipes that nobody writes to wait in threads of their own, like fsyncs of a slow disk. */
const program = `
import { raiseIoThreads } from '${module}'
raiseIoThreads()
const { open, stat } = await import('node:fs/promises')
const [folder] = process.argv.slice(2)
for (let n = 0; n < 12; n++) {
  Bun.spawnSync(['mkfifo', folder + '/' + n])
  void open(folder + '/' + n, 'r')
}
console.log(await Promise.race([stat(folder).then(() => 'answered'), Bun.sleep(5000).then(() => 'held up')]))
process.kill(process.pid, 'SIGKILL')
`

test('twelve file operations that wait for the disk do not hold up another one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hal0-io-threads-'))
  const { UV_THREADPOOL_SIZE: _unset, ...env } = process.env
  try {
    const [source, executable] = [join(folder, 'program.ts'), join(folder, 'program')]
    writeFileSync(source, program)
    // Compiled as hal0 is: from source Bun has used the threads before, to load the modules.
    await Bun.build({ entrypoints: [source], bytecode: true, format: 'esm', compile: { outfile: executable } })
    const { stdout, stderr } = Bun.spawnSync([executable, folder], { env })
    expect([stdout.toString(), stderr.toString()]).toEqual(['answered\n', ''])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
