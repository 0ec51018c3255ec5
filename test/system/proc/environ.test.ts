import { describe, expect, test } from 'bun:test'
import { readCommandLine, readVariable, variableIn } from '../../../src/system/proc/environ.ts'
import { readStat } from '../../../src/system/proc/stat.ts'

describe('A variable in an environ block', () => {
  const find = (block: string) => variableIn(Buffer.from(block), 'MARK')
  for (const [block, value] of [
    ['MARK=a\0', 'a'],
    ['MARK=a', 'a'],
    ['X=1\0MARK=/a b\n=c\0Y=2\0', '/a b\n=c'],
    ['XMARK=1\0MARK=2\0', '2'],
    ['X=MARK=1\0', null],
    ['MARK=\0', ''],
    ['MARKS=1\0', null],
    ['', null],
  ] as const) {
    test(`of ${JSON.stringify(block)} is ${JSON.stringify(value)}`, () => expect(find(block)).toBe(value))
  }
})

test('A running process has variables and arguments, and one that is gone has none', async () => {
  // Its output shows that the exec is over: for some microseconds during it, the kernel shows an empty environment.
  const child = Bun.spawn(['/bin/sh', '-c', 'echo; read _'], { env: { MARK: 'ü' }, stdin: 'pipe' })
  try {
    await child.stdout.getReader().read()
    const stat = readStat(child.pid)
    if (stat === null) throw new Error('the child is not there')
    expect(await readVariable(stat, 'MARK')).toBe('ü')
    expect(await readVariable(stat, 'NONE')).toBeNull()
    expect(await readCommandLine(stat)).toEqual(['/bin/sh', '-c', 'echo; read _'])
    child.kill('SIGKILL')
    await child.exited
    expect(await readVariable(stat, 'MARK')).toBeNull()
    expect(await readCommandLine(stat)).toBeNull()
  } finally {
    child.kill('SIGKILL')
  }
})
