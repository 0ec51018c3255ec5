/** Doctor about the port of a daemon that has taken another one, in a network of its own. */
import { expect, setDefaultTimeout } from 'bun:test'
import { alone, testAlone } from '../cli/support/alone.ts'
import { binary } from '../support/daemon.ts'
import { tempDir } from '../support/temp-dir.ts'

setDefaultTimeout(60_000)

interface Report {
  id: string
  problem: string
}

/** @param serve whether the daemon of the folder runs, on another port than the usual one, which a stand-in holds */
const findings = async (serve: boolean): Promise<string[]> => {
  const root = tempDir()
  const script = `ip link set lo up
    "$BUN" -e 'Bun.serve({ hostname: "127.0.0.1", port: 8080, fetch: () => new Response() })' & stand_in=$!
    ${serve ? '"$HAL0" serve --port 8100 --supervisor process > "$HAL0_ROOT/said" & daemon=$!' : 'daemon='}
    ${serve ? 'until grep -q "listens on" "$HAL0_ROOT/said"; do sleep 0.05; done' : ''}
    until (exec 3<>/dev/tcp/127.0.0.1/8080) 2> /dev/null; do sleep 0.05; done
    "$HAL0" doctor --json
    kill $stand_in $daemon && wait`
  const child = Bun.spawn([...alone, 'bash', '-c', script], {
    env: { PATH: process.env.PATH, HOME: root, HAL0_ROOT: root, HAL0: binary, BUN: process.execPath },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  await child.exited
  if (stdout === '') throw new Error(stderr)
  return (JSON.parse(stdout) as Report[]).map(({ problem }) => problem)
}

testAlone('the usual port is no finding while the daemon listens on another one', async () => {
  expect((await findings(true)).filter((problem) => problem.includes('8080'))).toEqual([])
})

testAlone('the usual port is a finding while no daemon runs and another program has it', async () => {
  expect((await findings(false)).filter((problem) => problem.includes('8080'))).toHaveLength(1)
})
