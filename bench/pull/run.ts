/**
 * What a verified pull costs: hal0 against `curl` and `aria2c`, each followed by `sha256sum`, and the hub's own client, which
 * compares only the size. From the same local origin in one run, plain and behind slower lines; and what the API is like meanwhile.
 *
 *   npm run bench:pull [-- --mb 2048 --rounds 3]
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pythonPackages } from '../../test/support/python-packages.ts'
import { binary, freePorts, Processes, untilAnswers } from '../subjects.ts'
import { askDuring, p99 } from './answering.ts'
import { type Downloader, discard, others, type Place, pullByHal0, removeFromHal0 } from './downloaders.ts'
import { file, type Line, makeModel, startHub, startLine, startNginx } from './origin.ts'

const lines: Line[] = [
  { name: 'unthrottled', delayMs: 0, rate: 0 },
  { name: '60 ms away', delayMs: 30, rate: 0 },
  { name: '30 MB/s a connection', delayMs: 0, rate: 30e6 },
  { name: '15 MB/s a connection (1 Gbit/s in all)', delayMs: 0, rate: 15e6 },
]

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const seconds = async (work: () => void | Promise<void>): Promise<number> => {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

interface Row {
  name: string
  /** Seconds of each downloader. */
  took: Map<string, number>
  answers: Answers
}

/** 99th percentiles of the API's answers, milliseconds. */
interface Answers {
  idleMs: number
  /** During a pull. */
  pullingMs: number
  /** While the same bytes only arrive. */
  arrivingMs: number
}

const downloaders: Record<string, Downloader> = { hal0: pullByHal0, ...others }
const manyConnections = ['hal0', 'aria2c -x8 + sha256sum']

/** Whoever has one connection takes minutes on a slow line, and one round tells all. */
const isTold = (name: string, { rate }: Line, round: number): boolean =>
  rate > 0 && (round > 0 || rate < 20e6) && !manyConnections.includes(name)

const timeDownloads = async (line: Line, place: Place, rounds: number): Promise<Map<string, number>> => {
  const times = new Map<string, number[]>()
  for (let round = 0; round < rounds; round++) {
    for (const [name, download] of Object.entries(downloaders)) {
      if (isTold(name, line, round) || (name === 'huggingface_hub' && place.python === null)) continue
      times.set(name, [...(times.get(name) ?? []), await seconds(() => download(place))])
      if (name === 'hal0') await removeFromHal0(place)
    }
  }
  return new Map([...times].map(([name, each]) => [name, median(each)]))
}

/** Long enough for a 99th percentile, milliseconds. */
const idleForMs = 5000

/** In rounds of their own: the questions take time from the downloads, and looking for their end from the answers. */
const timeAnswers = async (place: Place, bytes: number, rounds: number): Promise<Answers> => {
  const idle: number[] = []
  const pulling: number[] = []
  const arriving: number[] = []
  for (let round = 0; round < rounds; round++) {
    idle.push(...(await askDuring(place.url, Bun.sleep(idleForMs))))
    pulling.push(...(await askDuring(place.url, pullByHal0(place, 200))))
    await removeFromHal0(place)
    // Once more: the speed of a virtual machine changes within seconds.
    idle.push(...(await askDuring(place.url, Bun.sleep(idleForMs))))
    arriving.push(...(await askDuring(place.url, discard(place, bytes))))
  }
  return { idleMs: p99(idle), pullingMs: p99(pulling), arrivingMs: p99(arriving) }
}

const measure = async (line: Line, place: Place, bytes: number, rounds: number): Promise<Row> => {
  const took = await timeDownloads(line, place, rounds)
  return { name: line.name, took, answers: await timeAnswers(place, bytes, rounds) }
}

const table = (rows: Row[], bytes: number): string => {
  const shown = (value: number | undefined, digits: number, unit = ''): string =>
    value === undefined ? '' : `${value.toFixed(digits)}${unit}`
  const rivals = Object.keys(others)
  const head = [
    `${(bytes / 1e9).toFixed(1)} GB`,
    'hal0',
    ...rivals,
    ...rivals.map((rival) => `times ${rival.split(' ')[0]}'s speed`),
    'p99 idle',
    'while hal0 pulls',
    'while the bytes only arrive',
  ]
  const cells = rows.map(({ name, took, answers: { idleMs, pullingMs, arrivingMs } }) => {
    const own = took.get('hal0') ?? Number.NaN
    const ratio = (value: number | undefined, to: number) => (value === undefined ? undefined : value / to)
    return [
      name,
      ...['hal0', ...rivals].map((subject) => shown(took.get(subject), 1, ' s')),
      ...rivals.map((rival) => shown(ratio(took.get(rival), own), 2)),
      shown(idleMs, 2, ' ms'),
      ...[pullingMs, arrivingMs].map((each) => shown(each / idleMs, 1)),
    ]
  })
  const all = [head, ['---', ...Array(head.length - 1).fill('---:')], ...cells]
  return all.map((one) => `| ${one.join(' | ')} |`).join('\n')
}

const bench = async (bytes: number, rounds: number): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'hal0-bench-'))
  const processes = new Processes()
  const [origin = 0, api = 0, ...linePorts] = freePorts(2 + lines.length)
  mkdirSync(join(folder, 'www'))
  mkdirSync(join(folder, 'root'))
  const sha256 = await makeModel(join(folder, 'www', file), bytes)
  let storage = ''
  const hub = startHub({ size: bytes, sha256 }, () => storage)
  const url = `http://127.0.0.1:${api}`
  const hubUrl = `http://127.0.0.1:${hub.port}`
  try {
    startNginx(processes, folder, origin)
    const env = { ...process.env, HAL0_ROOT: join(folder, 'root'), HF_ENDPOINT: hubUrl, NO_PROXY: '127.0.0.1' }
    const serve = [binary, 'serve', '--port', String(api), '--supervisor', 'process']
    const daemon = processes.start(serve, env, join(folder, 'log'))
    await untilAnswers(`${url}/api/health`, performance.now())
    const tools = await pythonPackages('huggingface_hub==2.4.0')
    const python = tools === null ? null : join(tools, 'python')
    const place: Place = { folder, url, hub: hubUrl, storage: () => storage, sha256, python }
    const rows: Row[] = []
    for (const [index, line] of lines.entries()) {
      const port = line.delayMs === 0 && line.rate === 0 ? origin : (linePorts[index] ?? 0)
      if (port !== origin) {
        startLine(processes, folder, line, port, origin)
        await untilAnswers(`http://127.0.0.1:${port}/${file}`, performance.now(), 'HEAD')
      }
      storage = `http://127.0.0.1:${port}/${file}`
      rows.push(await measure(line, place, bytes, rounds))
    }
    const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1] ?? '0'
    return `${table(rows, bytes)}

Medians of ${rounds} rounds. p99: the API's 99th percentile when idle, and what it is as a multiple of that while hal0 pulls and
while curl throws the same bytes away.
Memory of the daemon at its peak: ${((Number(peak) * 1024) / 1e6).toFixed(0)} MB.`
  } finally {
    await hub.stop(true)
    await processes.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

const { values } = parseArgs({
  options: { mb: { type: 'string', default: '2048' }, rounds: { type: 'string', default: '3' } },
})
const missing = ['nginx', 'curl', 'aria2c', 'chrt', 'python3'].filter((program) => Bun.which(program) === null)
if (missing.length > 0) {
  console.error(`The benchmark needs ${missing.join(', ')} (Debian: nginx-light, curl, aria2, util-linux, python3).`)
  process.exit(1)
}
console.log(await bench(Number(values.mb) * 1024 * 1024, Number(values.rounds)))
