import { afterAll, expect, test } from 'bun:test'
import { FakeApi } from './support/fake-api.ts'
import { main } from './support/run-cli.ts'

const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index} ${'x'.repeat(100)}`)
const api = new FakeApi({ slotLogs: () => lines })
afterAll(() => api[Symbol.dispose]())

/** Runs `hal0 slot logs` in a shell's pipeline; `$?` of hal0 comes last on stderr. */
const pipe = async (into: string) => {
  const script = `{ "$0" "$1" slot logs primary -n 10000; echo "exit $?" >&2; } | ${into}`
  const child = Bun.spawn(['sh', '-c', script, process.execPath, main], {
    env: { PATH: process.env.PATH ?? '', HAL0_URL: api.url },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  return { stdout: await new Response(child.stdout).text(), stderr: await new Response(child.stderr).text() }
}

test('a reader that stops early ends the command silently', async () => {
  expect(await pipe('head -n 1')).toEqual({ stdout: `${lines[0]}\n`, stderr: 'exit 0\n' })
})

test('a slow reader gets everything', async () => {
  const { stdout, stderr } = await pipe('{ sleep 0.3; cat; }')
  expect({ length: stdout.length, stderr }).toEqual({ length: lines.join('\n').length + 1, stderr: 'exit 0\n' })
})

test('output that cannot be written is reported', async () => {
  const { stderr } = await pipe('cat >/dev/null; "$0" "$1" slot logs primary >/dev/full; echo "exit $?" >&2')
  expect(stderr).toContain('the output could not be written (ENOSPC).\nexit 1\n')
})
