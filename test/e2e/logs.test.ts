/** What a backend prints in one burst reaches `hal0 slot logs -f` of the compiled binary, line for line. */

import { expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binary } from '../support/daemon.ts'
import { startStandIn } from './stand-in-slot.ts'

setDefaultTimeout(60_000)

for (const [count, width] of [
  [30_000, 0],
  [50_000, 100],
] as const) {
  test(`${count} lines that come at once are all shown`, async () => {
    const { daemon, program } = await startStandIn()
    const go = join(daemon.root, 'go')
    const engine = join(daemon.root, 'talker')
    const burst = `awk 'BEGIN { for (i = 0; i < ${count}; i++) printf "burst %d %${width}s\\n", i, "" }'`
    writeFileSync(
      engine,
      `#!/bin/sh\n(until [ -e '${go}' ]; do sleep 0.02; done; ${burst}) &\nexec '${program}' "$@"\n`,
    )
    chmodSync(engine, 0o755)
    await daemon.must('PATCH', '/api/slots/primary', { engine })
    await daemon.load()
    const cli = Bun.spawn([binary, 'slot', 'logs', 'primary', '-f'], {
      env: { ...process.env, HAL0_URL: daemon.url },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of cli.stdout) {
      text += decoder.decode(chunk, { stream: true })
      // The last line so far: it follows from there on.
      if (text.includes('--- hal0: start ')) writeFileSync(go, '')
      if (text.includes(`\nburst ${count - 1} `)) break
    }
    cli.kill()
    const seen = text.split('\n').filter((line) => line.startsWith('burst '))
    expect(seen.map((line) => Number(line.split(' ')[1]))).toEqual(Array.from({ length: count }, (_, index) => index))
    expect(await new Response(cli.stderr).text()).not.toContain('lost')
  })
}
