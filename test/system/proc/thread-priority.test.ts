import { expect, test } from 'bun:test'
import { join } from 'node:path'

const module = join(import.meta.dir, '../../../src/system/proc/thread-priority.ts')
const batch = '3'

/** `http`: the thread that Bun has for fetch; `look`: what the kernel says of a thread, its policy and nice (proc_pid_stat(5), fields 41 and 19). */
const prelude = `
import { readdirSync, readFileSync } from 'node:fs'
import { giveWay, helperThreads, standBack, threadsNamed } from '${module}'
await fetch('http://127.0.0.1:1/').catch(() => {})
const [http] = threadsNamed('HTTP Client')
const look = (id) => {
  const fields = readFileSync('/proc/self/task/' + id + '/stat', 'utf8').split(') ')[1].split(' ')
  return { policy: fields[38], nice: fields[16] }
}
`
/** In a process of its own, since there is no way back for a thread without rights. @returns what `program` logs */
const run = (program: string): unknown => {
  const { stdout, stderr } = Bun.spawnSync([process.execPath, '-e', prelude + program])
  expect(stderr.toString()).toBe('')
  return JSON.parse(stdout.toString())
}

test('a thread that stands back does so alone: the others keep their turn', () => {
  const told = run(`
    const allowed = standBack([http])
    console.log(JSON.stringify({ allowed, http: look(http), own: look(process.pid), none: threadsNamed('no such thread') }))
  `)
  expect(told).toEqual({
    allowed: true,
    http: { policy: batch, nice: '10' },
    own: { policy: '0', nice: '0' },
    none: [],
  })
})

test('all threads but the first give way, with their share as it was, and those that stand back stay there', () => {
  const told = run(`
    standBack([http])
    const helpers = helperThreads()
    const allowed = giveWay(helpers)
    const ways = helpers.map((id) => JSON.stringify(look(id)))
    const own = look(process.pid)
    console.log(JSON.stringify({ some: helpers.length > 0, allowed, ways: [...new Set(ways)], http: look(http), own }))
  `)
  expect(told).toEqual({
    some: true,
    allowed: true,
    ways: [JSON.stringify({ policy: batch, nice: '0' })],
    http: { policy: batch, nice: '10' },
    own: { policy: '0', nice: '0' },
  })
})
