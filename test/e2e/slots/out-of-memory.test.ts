/** The kernel's OOM killer ends a backend of the compiled binary. */
import { expect, setDefaultTimeout } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorOf } from '../../support/daemon.ts'
import { testWith } from '../../support/part.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(60_000)

const memory = '/sys/fs/cgroup/memory'
const asRoot = process.getuid?.() === 0
const memoryTest = testWith('root and a memory group of version 1', asRoot && existsSync(`${memory}/tasks`))

/** Gives the slot an engine that enters a group of 96 MiB and then runs `program`. @returns the group's folder */
const limitedEngine = (root: string, program: string): { engine: string; group: string } => {
  const group = join(memory, `hal0-test-${crypto.randomUUID()}`)
  mkdirSync(group)
  writeFileSync(join(group, 'memory.limit_in_bytes'), String(96 << 20))
  const engine = join(root, 'limited')
  writeFileSync(engine, `#!/bin/sh\necho $$ > ${group}/tasks\necho allocating >&2\nexec ${program} "$@"\n`)
  chmodSync(engine, 0o755)
  return { engine, group }
}

/** Takes 256 MiB once the file `go` is there. */
const glutton = (go: string, after: string) =>
  `const held = []; while (!require("fs").existsSync("${go}")) await Bun.sleep(5); for (let i = 0; i < 256; i++) held.push(Buffer.alloc(1 << 20, 1)); ${after}`

memoryTest('a backend that the OOM killer ends while it loads is slot.out_of_memory, with what to do', async () => {
  const { daemon, watch } = await startStandIn()
  const eater = join(daemon.root, 'eater')
  writeFileSync(eater, `#!/bin/sh\nexec '${process.execPath}' -e '${glutton('/', '')}' -- "$@"\n`)
  chmodSync(eater, 0o755)
  const { engine, group } = limitedEngine(daemon.root, eater)
  await daemon.must('PATCH', '/api/slots/primary', { engine })
  const failed = await daemon.command('primary', 'load')
  const error = errorOf(failed)
  expect(error).toMatchObject({
    code: 'slot.out_of_memory',
    details: { signal: 'SIGKILL', last_lines: ['allocating'] },
  })
  expect(error.message).toMatch(/smaller model|context_size/)
  expect(failed.headers.get('x-should-retry')).toBe('false')
  expect((await watch.untilState('error')).record.error?.code).toBe('slot.out_of_memory')
  rmdirSync(group)
})

memoryTest('an adopted backend that the OOM killer ends while it serves is slot.out_of_memory too', async () => {
  const { daemon, program } = await startStandIn()
  const go = join(daemon.root, 'go')
  const both = join(daemon.root, 'both')
  // The eater is in the same group and slot. The limit is the group's, so the server dies of what the eater takes.
  const source = join(import.meta.dir, '../../support/stand-in/program.ts')
  const folder = join(program, '..')
  writeFileSync(
    both,
    `#!/bin/sh\nexec '${process.execPath}' -e 'void (async () => { ${glutton(go, '')} })(); process.argv.splice(1, 1, "x", "${folder}"); await import("${source}")' -- "$@"\n`,
  )
  chmodSync(both, 0o755)
  const { engine, group } = limitedEngine(daemon.root, both)
  await daemon.must('PATCH', '/api/slots/primary', { engine })
  await daemon.load()
  await daemon.restart()
  writeFileSync(go, '')
  const end = performance.now() + 15_000
  while ((await daemon.state()).state !== 'error' && performance.now() < end) await Bun.sleep(50)
  expect((await daemon.state()).error?.code).toBe('slot.out_of_memory')
  expect(errorOf(await daemon.chat()).code).toBe('slot.out_of_memory')
  rmdirSync(group)
})
