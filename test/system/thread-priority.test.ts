import { expect, test } from 'bun:test'
import { join } from 'node:path'

const module = join(import.meta.dir, '../../src/system/thread-priority.ts')
const batch = '3'

/** What the kernel says of a thread: its scheduling policy, and by how much it stands back (proc_pid_stat(5), fields 41 and 19). */
const program = `
import { readdirSync, readFileSync } from 'node:fs'
import { standBack, threadsNamed } from '${module}'
await fetch('http://127.0.0.1:1/').catch(() => {})
const [http] = threadsNamed('HTTP Client')
const allowed = standBack([http])
const look = (id) => {
  const fields = readFileSync('/proc/self/task/' + id + '/stat', 'utf8').split(') ')[1].split(' ')
  return { policy: fields[38], nice: fields[16] }
}
console.log(JSON.stringify({ allowed, http: look(http), own: look(process.pid), none: threadsNamed('no such thread') }))
`

// In a process of its own: there is no way back for one without rights.
test('a thread that stands back does so alone: the others keep their turn', () => {
  const { stdout, stderr } = Bun.spawnSync([process.execPath, '-e', program])
  expect(stderr.toString()).toBe('')
  expect(JSON.parse(stdout.toString())).toEqual({
    allowed: true,
    http: { policy: batch, nice: '10' },
    own: { policy: '0', nice: '0' },
    none: [],
  })
})
