/** What the tests that run inside a host have in common: its commands, and the API of the hal0 that is set up there. */
import { chmodSync, writeFileSync } from 'node:fs'
import type { Slot } from '../../src/contract/slot-config.ts'

export const url = 'http://127.0.0.1:8080'

export const sh = (...argv: string[]): { code: number; out: string } => {
  const { exitCode, stdout, stderr } = Bun.spawnSync(argv, { stdout: 'pipe', stderr: 'pipe', timeout: 60_000 })
  return { code: exitCode, out: `${stdout}${stderr}`.trim() }
}
export const must = (...argv: string[]): string => {
  const { code, out } = sh(...argv)
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${out}`)
  return out
}
export const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url + path, {
    // As root's commands do: over the network, programs on this machine may only infer.
    unix: '/run/hal0/api.sock',
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer: unknown = response.status === 204 ? null : await response.json()
  if (!response.ok) throw Object.assign(new Error(`${method} ${path}: ${JSON.stringify(answer)}`), { answer })
  return answer as T
}
export const slot = async (name = 'primary') => (await call<Slot>('GET', `/api/slots/${name}`)).state
export const until = async (what: string, limitMs: number, done: () => boolean | Promise<boolean>): Promise<number> => {
  const began = performance.now()
  while (!(await Promise.resolve(done()).catch(() => false))) {
    if (performance.now() - began > limitMs) throw new Error(`${what}: not within ${limitMs} ms`)
    await Bun.sleep(5)
  }
  return performance.now() - began
}

const systemctl = '/usr/bin/systemctl'
/** The real one in the meantime. */
export const realSystemctl = '/usr/bin/systemctl.real'
/**
 * Puts a script in the place of systemctl while `work` is done.
 * @param script null: there is none
 */
export const withSystemctl = async (script: string | null, work: () => Promise<void>): Promise<void> => {
  must('mv', systemctl, realSystemctl)
  if (script !== null) {
    writeFileSync(systemctl, `#!/bin/sh\n${script}\n`)
    chmodSync(systemctl, 0o755)
  }
  try {
    await work()
  } finally {
    must('mv', realSystemctl, systemctl)
  }
}
