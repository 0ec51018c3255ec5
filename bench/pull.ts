/**
 * What a verified pull costs: hal0 against `curl` and `aria2c`, each followed by `sha256sum`, from the same local origin in one run.
 *
 *   npm run bench:pull [-- --mb 2048 --rounds 3]
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writePlumbingModel } from '../src/models/plumbing-model.ts'
import { binary, freePorts, Processes } from './subjects.ts'

const repo = 'bench/big'
const file = 'big-Q8_0.gguf'
const smallFile = 'small-Q8_0.gguf'

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const run = (argv: string[]): void => {
  const { exitCode, stderr } = Bun.spawnSync(argv, { stdout: 'ignore', stderr: 'pipe' })
  if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`)
}

/** A real GGUF header, then zeroes up to `bytes`. */
const makeModel = async (path: string, bytes: number): Promise<string> => {
  await writePlumbingModel(path, { seed: 1, kind: 'chat' })
  run(['truncate', '-s', String(bytes), path])
  const { stdout } = Bun.spawnSync(['sha256sum', path])
  return stdout.toString().slice(0, 64)
}

/** Stands in for the hub: where the file is and what it sums up to; the bytes come from nginx. */
interface Offer {
  path: string
  size: number
  sha256: string
}

const startHub = (offer: () => Offer, storage: () => string) =>
  Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url }) => {
      const { pathname } = new URL(url)
      const { path, size, sha256 } = offer()
      const commit = 'a'.repeat(40)
      if (pathname.startsWith('/api/models/') && pathname.includes('/tree/')) {
        return Response.json([{ type: 'file', path, size, oid: 'b'.repeat(40), lfs: { oid: sha256, size } }])
      }
      if (pathname.startsWith('/api/models/')) return Response.json({ id: repo, sha: commit, gated: false })
      const headers = {
        location: storage(),
        'x-repo-commit': commit,
        'x-linked-size': String(size),
        'x-linked-etag': `"${sha256}"`,
      }
      return new Response(null, { status: 302, headers })
    },
  })

const startNginx = (processes: Processes, folder: string, ports: Record<'free' | 'slow', number>): void => {
  const own = (name: string): string => join(folder, `nginx-${name}`)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${own(kind)};`,
  )
  const server = (port: number, limit: string): string =>
    `server { listen 127.0.0.1:${port}; root ${folder}/www; ${limit} }`
  writeFileSync(
    own('conf'),
    `worker_processes 1; daemon off; pid ${own('pid')}; error_log ${own('errors')}; user root;
events { worker_connections 256; }
http { access_log off; sendfile on; ${temporary.join(' ')} ${server(ports.free, '')} ${server(ports.slow, 'limit_rate 3m;')} }
`,
  )
  processes.start(['nginx', '-c', own('conf'), '-e', own('errors')], process.env, own('output'))
}

const seconds = async (work: () => void | Promise<void>): Promise<number> => {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

const bench = async (bytes: number, rounds: number): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'hal0-bench-'))
  const processes = new Processes()
  const [free = 0, slow = 0, api = 0] = freePorts(3)
  mkdirSync(join(folder, 'www'))
  mkdirSync(join(folder, 'root'))
  let storage = ''
  const offers = new Map<string, Offer>()
  for (const [path, size] of [
    [file, bytes],
    [smallFile, Math.round(bytes / 8)],
  ] as const) {
    offers.set(path, { path, size, sha256: await makeModel(join(folder, 'www', path), size) })
  }
  let offered = file
  const offer = (): Offer => offers.get(offered) ?? { path: '', size: 0, sha256: '' }
  const hub = startHub(offer, () => storage)
  try {
    startNginx(processes, folder, { free, slow })
    const env = {
      ...process.env,
      HAL0_ROOT: join(folder, 'root'),
      HF_ENDPOINT: `http://127.0.0.1:${hub.port}`,
      NO_PROXY: '127.0.0.1',
    }
    const child = processes.start(
      [binary, 'serve', '--port', String(api), '--supervisor', 'process'],
      env,
      join(folder, 'log'),
    )
    const url = `http://127.0.0.1:${api}`
    while (
      !(await fetch(`${url}/api/health`).then(
        (response) => response.ok,
        () => false,
      ))
    )
      await Bun.sleep(5)
    const call = async (method: string, path: string, body?: unknown): Promise<{ phase: string }> => {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(url + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return response.status === 204 ? { phase: '' } : ((await response.json()) as { phase: string })
    }
    const target = join(folder, 'fetched')
    const check = (): void => {
      writeFileSync(`${target}.sha256`, `${offer().sha256}  ${target}\n`)
      run(['sha256sum', '-c', '--quiet', `${target}.sha256`])
      rmSync(target)
    }
    const subjects = {
      hal0: async () => {
        await call('POST', '/api/models/big/pull', { repo, file: offered })
        for (;;) {
          const { phase } = await call('GET', '/api/models/big/pull')
          if (phase === 'done') return
          if (phase === 'failed') throw new Error(JSON.stringify(await call('GET', '/api/models/big/pull')))
          await Bun.sleep(10)
        }
      },
      'curl + sha256sum': () => {
        run(['curl', '-sf', '-o', target, storage])
        check()
      },
      'aria2c -x8 + sha256sum': () => {
        run(['aria2c', '-q', '-x8', '-s8', '-k1M', '--allow-overwrite=true', '-d', folder, '-o', 'fetched', storage])
        check()
      },
    }
    const lines: string[] = []
    const scenarios = [
      { name: 'unthrottled', port: free, served: file },
      // nginx lets each request of a second pass its limit once: a small limit and a small file keep that out of the figures.
      { name: `3 MB/s a connection, ${Math.round(bytes / 8e6)} MB`, port: slow, served: smallFile },
    ]
    for (const { name, port, served } of scenarios) {
      storage = `http://127.0.0.1:${port}/${served}`
      offered = served
      const times = new Map(Object.keys(subjects).map((subject) => [subject, [] as number[]]))
      for (let round = 0; round < rounds; round++) {
        for (const [subject, work] of Object.entries(subjects)) {
          // One connection takes eight times as long there, which needs no measuring.
          if (port === slow && subject.startsWith('curl')) continue
          times.get(subject)?.push(await seconds(work))
          if (subject === 'hal0') await call('DELETE', '/api/models/big')
        }
      }
      const of = (subject: string): number => median(times.get(subject) ?? [])
      const shown = (value: number, unit = ''): string =>
        Number.isNaN(value) ? '' : `${value.toFixed(unit === '' ? 2 : 1)}${unit}`
      const cells = Object.keys(subjects).map((subject) => shown(of(subject), ' s'))
      const ratios = ['curl + sha256sum', 'aria2c -x8 + sha256sum'].map((subject) => shown(of(subject) / of('hal0')))
      lines.push(`| ${[name, ...cells, ...ratios].join(' | ')} |`)
    }
    const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? '0'
    return `| ${(bytes / 1e9).toFixed(1)} GB | ${Object.keys(subjects).join(' | ')} | times curl's speed | times aria2c's |
| --- | ---: | ---: | ---: | ---: | ---: |
${lines.join('\n')}

Medians of ${rounds} rounds. Memory of the daemon at its peak: ${Math.round(Number(peak) / 1024)} MiB.`
  } finally {
    await hub.stop(true)
    await processes.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

const { values } = parseArgs({
  options: { mb: { type: 'string', default: '2048' }, rounds: { type: 'string', default: '3' } },
})
const missing = ['nginx', 'curl', 'aria2c'].filter((program) => Bun.which(program) === null)
if (missing.length > 0) {
  console.error(`The benchmark needs ${missing.join(', ')} (Debian: nginx-light, curl, aria2).`)
  process.exit(1)
}
console.log(await bench(Number(values.mb) * 1024 * 1024, Number(values.rounds)))
