/**
 * What hal0 costs: the same requests to a backend directly, through nginx, and through the compiled hal0 with its decision log
 * on. All in one run and in turns, since only ratios of one run mean anything. The backend is a stand-in that does no inference, and
 * then a real llama.cpp with a small real model.
 *
 *   npm run bench [-- --rounds 5 --seconds 3 --real no]
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Figures, type Load, runLoad } from './load.ts'
import { median } from './quantile.ts'
import { streamedTokens } from './stand-in-backend.ts'
import { runStreams, type StreamFigures, type StreamLoad } from './streams.ts'
import {
  type Backend,
  binary,
  freePorts,
  type Hal0,
  Processes,
  realBackend,
  standIn,
  startAlone,
  startHal0,
  startNginx,
} from './subjects.ts'
import { type Each, ownRow, rateRow, streamRows, subjects, tableHead, timeRow } from './table.ts'

/** Memory is read this long after the last load, when what it left behind has been given back. */
const settleMs = 5000
const coldStarts = 5
/** An engine of 50 tokens a second for each stream. */
const paceMs = 20

interface Place {
  folder: string
  ports: Each<number>
  hal0: Hal0
  rounds: number
}

/** Runs `once` for every subject in turns, after one run of each that does not count. */
const inTurns = async <T>({ ports, rounds }: Place, once: (port: number) => Promise<T>): Promise<Each<T[]>> => {
  const runs: Each<T[]> = { direct: [], nginx: [], hal0: [] }
  for (const subject of subjects) await once(ports[subject])
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) runs[subject].push(await once(ports[subject]))
  }
  return runs
}

const eachOf = <T, R>(runs: Each<T>, make: (run: T) => R): Each<R> => ({
  direct: make(runs.direct),
  nginx: make(runs.nginx),
  hal0: make(runs.hal0),
})

const loaded = async (place: Place, load: Load): Promise<Each<Figures>> =>
  eachOf(await inTurns(place, (port) => runLoad(place.folder, port, load)), (runs) => ({
    requestsPerSecond: median(runs.map((run) => run.requestsPerSecond)),
    p50Ms: median(runs.map((run) => run.p50Ms)),
    p99Ms: median(runs.map((run) => run.p99Ms)),
  }))

const streamed = async (place: Place, load: StreamLoad): Promise<Each<StreamFigures>> =>
  eachOf(await inTurns(place, (port) => runStreams(port, load)), (runs) => {
    const middle = (which: keyof StreamFigures) => ({
      p50: median(runs.map((run) => run[which].p50)),
      p99: median(runs.map((run) => run[which].p99)),
    })
    return { first: middle('first'), between: middle('between') }
  })

/** How much later the first answer comes than the backend by itself would have given one, milliseconds. */
const coldLag = async (processes: Processes, folder: string, hal0: Hal0, backend: Backend): Promise<number> => {
  const through: number[] = []
  const alone: number[] = []
  for (let start = 0; start < coldStarts; start++) {
    await hal0.unload()
    alone.push(await startAlone(processes, folder, backend))
    through.push(await hal0.coldAnswer())
  }
  return median(through) - median(alone)
}

/** Milliseconds that the executable needs to print its version. */
const startOfBinary = (): number =>
  median(
    Array.from({ length: 9 }, () => {
      const began = performance.now()
      Bun.spawnSync([binary, 'version'])
      return performance.now() - began
    }),
  )

/** Starts all subjects before a backend, and ends them after `measure`. */
const withPlace = async (
  rounds: number,
  backendAt: (folder: string, port: number) => Promise<Backend>,
  measure: (place: Place, lag: () => Promise<number>) => Promise<string[]>,
): Promise<string[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'hal0-bench-'))
  const processes = new Processes()
  try {
    const [direct = 0, nginx = 0, port = 0] = freePorts(3)
    const backend = await backendAt(folder, direct)
    const hal0 = await startHal0(processes, folder, port, backend)
    await startNginx(processes, folder, nginx, direct)
    const place = { folder, ports: { direct, nginx, hal0: port }, hal0, rounds }
    return await measure(place, () => coldLag(processes, folder, hal0, backend))
  } finally {
    await processes.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

const standInRows = (rounds: number, seconds: number): Promise<string[]> =>
  withPlace(rounds, standIn, async (place, lag) => {
    const versionMs = startOfBinary()
    const one = await loaded(place, { connections: 1, seconds, kind: 'small' })
    const rows = [
      timeRow(
        'a request at 1 connection, p50',
        eachOf(one, ({ p50Ms }) => p50Ms),
        '≤ + 0.2 ms',
      ),
      rateRow('requests/s at 1 connection', one, ''),
    ]
    for (const connections of [32, 200]) {
      const many = await loaded(place, { connections, seconds, kind: 'small' })
      rows.push(rateRow(`requests/s at ${connections} connections`, many, '≥ 0.5'))
    }
    const megabytes = await loaded(place, { connections: 8, seconds, kind: 'megabyte' })
    rows.push(rateRow('bodies of 1 MB/s at 8 connections', megabytes, '≥ 0.95'))
    const fast = await loaded(place, { connections: 16, seconds, kind: 'streamed' })
    rows.push(rateRow('tokens/s at 16 streams without a pace', fast, '≥ 0.95', streamedTokens))
    for (const streams of [1, 16, 100]) {
      const load = { streams, turns: streams === 1 ? 5 : 2, pauseMs: 200, body: { pace_ms: paceMs } }
      const goals: [string, string] = ['≤ + 0.5 ms', streams === 100 ? '≤ + 2 ms' : '']
      rows.push(...streamRows(`${streams} stream${streams === 1 ? '' : 's'}`, await streamed(place, load), goals))
    }
    const endMib = place.hal0.memoryMib('VmRSS')
    const peakMib = place.hal0.memoryMib('VmHWM')
    await Bun.sleep(settleMs)
    const settledMib = place.hal0.memoryMib('VmRSS')
    return [
      ...rows,
      ownRow('memory at the end (at its peak)', `${endMib.toFixed(0)} MiB (${peakMib.toFixed(0)} MiB)`),
      ownRow('memory 5 s later', `${settledMib.toFixed(0)} MiB`, '≤ 110 MiB'),
      ownRow('cold start, later than the backend by itself', `${(await lag()).toFixed(0)} ms`, '≤ 50 ms'),
      ownRow('start: `hal0 version`', `${versionMs.toFixed(0)} ms`),
      ownRow('start: `hal0 serve` to its first answer', `${place.hal0.startMs.toFixed(0)} ms`),
    ]
  })

const realRows = (rounds: number): Promise<string[]> =>
  withPlace(
    rounds,
    (folder, port) => realBackend(folder, port),
    async (place, lag) => {
      const body = { max_tokens: 32, temperature: 0 }
      const one = await streamed(place, { streams: 1, turns: 5, pauseMs: 200, body })
      return [
        ...streamRows('1 stream of the real engine', one, ['≤ + 0.5 ms', '']),
        ownRow('cold start of the real engine, later than by itself', `${(await lag()).toFixed(0)} ms`, '≤ 50 ms'),
      ]
    },
  )

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    real: { type: 'string', default: 'yes' },
  },
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
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const rows = [...(await standInRows(rounds, seconds)), ...(values.real === 'yes' ? await realRows(rounds) : [])]
console.log(`${[tableHead, ...rows].join('\n')}

Medians of ${rounds} rounds of ${seconds} s on ${cpus().length} × ${cpus()[0]?.model ?? 'an unknown processor'}.`)
