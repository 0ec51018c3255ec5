/** Where the bytes come from: a stand-in for the hub's pages, and its storage, by nginx and behind slower lines. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writePlumbingModel } from '../../test/support/plumbing/plumbing-model.ts'
import type { Processes } from '../subjects.ts'
import { run } from './programs.ts'

export const repo = 'bench/big'
export const file = 'big-Q8_0.gguf'
const commit = 'a'.repeat(40)

/** A real GGUF header, then zeroes up to `bytes`. @returns its sha256 */
export const makeModel = async (path: string, bytes: number): Promise<string> => {
  await writePlumbingModel(path, { seed: 1, kind: 'chat' })
  run(['truncate', '-s', String(bytes), path])
  return run(['sha256sum', path]).slice(0, 64)
}

/** @param storage where the hub redirects to */
export const startHub = ({ size, sha256 }: { size: number; sha256: string }, storage: () => string) =>
  Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url }) => {
      const { pathname } = new URL(url)
      if (pathname.startsWith('/api/models/') && pathname.includes('/tree/')) {
        return Response.json([{ type: 'file', path: file, size, oid: 'b'.repeat(40), lfs: { oid: sha256, size } }])
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

/**
 * The origin and the line to it are other machines in life: they get what the rest leaves (SCHED_IDLE), so that the time which
 * they take is not found as hal0's.
 */
const elsewhere = ['chrt', '--idle', '0']

export const startNginx = (processes: Processes, folder: string, port: number): void => {
  const own = (name: string): string => join(folder, `nginx-${name}`)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${own(kind)};`,
  )
  writeFileSync(
    own('conf'),
    `worker_processes 1; daemon off; pid ${own('pid')}; error_log ${own('errors')}; user root;
events { worker_connections 256; }
http { access_log off; sendfile on; sendfile_max_chunk 128k; ${temporary.join(' ')} server { listen 127.0.0.1:${port}; root ${folder}/www; } }
`,
  )
  processes.start([...elsewhere, 'nginx', '-c', own('conf'), '-e', own('errors')], process.env, own('output'))
}

export interface Line {
  name: string
  /** Half of the round trip, milliseconds. */
  delayMs: number
  /** Bytes a second of one connection; 0: any. */
  rate: number
}

/** Bytes under way on one connection: the usual most of Linux' receive window. */
const windowBytes = 6 * 1024 * 1024

/** The same file at `port`, behind that line. @param origin where nginx listens */
export const startLine = (
  processes: Processes,
  folder: string,
  { delayMs, rate }: Line,
  port: number,
  origin: number,
): void => {
  const own = (name: string): string => join(import.meta.dir, name)
  const far = [process.execPath, own('long-line.ts'), port, origin, delayMs, windowBytes]
  const narrow = ['python3', own('paced-origin.py'), port, join(folder, 'www'), rate]
  const argv = (delayMs > 0 ? far : narrow).map(String)
  processes.start([...elsewhere, ...argv], process.env, join(folder, `line-${port}`))
}
