/**
 * What hal0 costs: the same requests to a backend directly, through nginx, and through the compiled hal0 with its decision log
 * on. All in one run and in turns, since only ratios of one run mean anything; the backend is a stand-in that does no inference.
 *
 *   npm run bench [-- --rounds 5 --seconds 3]
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Figures, type Load, runLoad } from './load.ts'
import { streamedTokens } from './stand-in-backend.ts'
import { binary, freePorts, Processes, startHal0, startNginx } from './subjects.ts'

const subjects = ['direct', 'nginx', 'hal0'] as const
type Subject = (typeof subjects)[number]

/** Memory is read this long after the last load, when what it left behind has been given back. */
const settleMs = 5000

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** Every subject under the same load, in turns. */
const compare = async (
  folder: string,
  ports: Record<Subject, number>,
  rounds: number,
  load: Load,
): Promise<Record<Subject, Figures>> => {
  const runs: Record<Subject, Figures[]> = { direct: [], nginx: [], hal0: [] }
  for (const subject of subjects) await runLoad(folder, ports[subject], { ...load, seconds: 1 })
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) runs[subject].push(await runLoad(folder, ports[subject], load))
  }
  const middle = (subject: Subject): Figures => ({
    requestsPerSecond: median(runs[subject].map((run) => run.requestsPerSecond)),
    p50Ms: median(runs[subject].map((run) => run.p50Ms)),
  })
  return { direct: middle('direct'), nginx: middle('nginx'), hal0: middle('hal0') }
}

/** Milliseconds that the executable needs to print its version. */
const startOfBinary = (): number => {
  const times = Array.from({ length: 9 }, () => {
    const began = performance.now()
    Bun.spawnSync([binary, 'version'])
    return performance.now() - began
  })
  return median(times)
}

const bench = async (rounds: number, seconds: number): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'hal0-bench-'))
  const processes = new Processes()
  try {
    const versionMs = startOfBinary()
    const [direct = 0, nginx = 0, port = 0] = freePorts(3)
    const hal0 = await startHal0(processes, folder, port, direct)
    await startNginx(processes, folder, nginx, direct)
    const ports = { direct, nginx, hal0: port }
    const one = await compare(folder, ports, rounds, { connections: 1, seconds, streamed: false })
    const many = await compare(folder, ports, rounds, { connections: 32, seconds, streamed: false })
    const streams = await compare(folder, ports, rounds, { connections: 16, seconds, streamed: true })
    const peakMib = hal0.memoryMib('VmHWM')
    await Bun.sleep(settleMs)
    const memoryMib = hal0.memoryMib('VmRSS')
    await hal0.unload()

    const added = (subject: Subject): string => `${(one[subject].p50Ms - one.direct.p50Ms).toFixed(3)} ms`
    const rate = (figures: Figures, each = 1): string =>
      Math.round(figures.requestsPerSecond * each).toLocaleString('en')
    const share = (figures: Record<Subject, Figures>): string =>
      (figures.hal0.requestsPerSecond / figures.nginx.requestsPerSecond).toFixed(2)
    const rates = (figures: Record<Subject, Figures>, each = 1): string =>
      subjects.map((subject) => rate(figures[subject], each)).join(' | ')
    return `| | direct | nginx | hal0 | hal0 is | reach |
| --- | ---: | ---: | ---: | ---: | ---: |
| p50 at 1 connection | ${subjects.map((subject) => `${one[subject].p50Ms.toFixed(3)} ms`).join(' | ')} | + ${added('hal0')} (nginx + ${added('nginx')}) | ≤ + 0.2 ms |
| requests/s at 32 connections | ${rates(many)} | ${share(many)} of nginx | ≥ 0.5 |
| tokens/s at 16 streams | ${rates(streams, streamedTokens)} | ${share(streams)} of nginx | ≥ 1.0 |
| memory after that (at its peak) | | | | ${memoryMib.toFixed(0)} MiB (${peakMib.toFixed(0)} MiB) | ≤ 110 MiB |
| start (\`hal0 version\`) | | | | ${versionMs.toFixed(0)} ms | |
| start (\`hal0 serve\` to its first answer) | | | | ${hal0.startMs.toFixed(0)} ms | |

Medians of ${rounds} rounds of ${seconds} s on ${cpus().length} × ${cpus()[0]?.model ?? 'an unknown processor'}.`
  } finally {
    await processes.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, seconds: { type: 'string', default: '2' } },
})
const missing = ['wrk', 'nginx'].filter((program) => Bun.which(program) === null)
if (missing.length > 0) {
  console.error(`The benchmark needs ${missing.join(' and ')} (Debian: wrk, nginx-light).`)
  process.exit(1)
}
if (!existsSync(binary)) {
  console.error('There is no dist/hal0. Run: npm run build')
  process.exit(1)
}
console.log(await bench(Number(values.rounds), Number(values.seconds)))
