/** Who downloads: hal0, and what people have otherwise. Each ends with a file whose checksum was compared, but for the hub's client. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { file, repo } from './origin.ts'
import { runBeside } from './programs.ts'

export interface Place {
  folder: string
  /** Address of the daemon. */
  url: string
  /** Address of the hub. */
  hub: string
  /** Address of the file at the storage. */
  storage: () => string
  sha256: string
  /** A python that has huggingface_hub; null: none. */
  python: string | null
}

export type Downloader = (place: Place) => Promise<void>

export const call = async (
  url: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ phase: string; error?: unknown }> => {
  const response = await fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return response.status === 204 ? { phase: '' } : ((await response.json()) as { phase: string })
}

/** One model pulled, verified and registered by the daemon. @param lookEveryMs how soon its end is seen */
export const pullByHal0 = async ({ url }: Place, lookEveryMs = 10): Promise<void> => {
  await call(url, 'POST', '/api/models/big/pull', { repo, file })
  for (;;) {
    const { phase, error } = await call(url, 'GET', '/api/models/big/pull')
    if (phase === 'done') return
    if (phase === 'failed') throw new Error(JSON.stringify(error))
    await Bun.sleep(lookEveryMs)
  }
}

export const removeFromHal0 = ({ url }: Place): Promise<unknown> => call(url, 'DELETE', '/api/models/big')

const streams = 8

/** The same bytes over as many connections, thrown away, at the priority of hal0's download: what their arrival alone costs. */
export const discard = async ({ storage }: Place, bytes: number): Promise<void> => {
  const each = Math.ceil(bytes / streams)
  const ranges = Array.from({ length: streams }, (_, index) => `${index * each}-${(index + 1) * each - 1}`)
  await Promise.all(
    ranges.map((range) => runBeside(['nice', '-n', '10', 'curl', '-sf', '-r', range, '-o', '/dev/null', storage()])),
  )
}

const fetched = ({ folder }: Place): string => join(folder, 'fetched')

const check = async (place: Place): Promise<void> => {
  const path = fetched(place)
  writeFileSync(`${path}.sha256`, `${place.sha256}  ${path}\n`)
  await runBeside(['sha256sum', '-c', '--quiet', `${path}.sha256`])
  rmSync(path)
}

const client = `
import os, sys
from huggingface_hub import hf_hub_download
hf_hub_download("${repo}", "${file}", local_dir=sys.argv[1])
`

export const others: Record<string, Downloader> = {
  'curl + sha256sum': async (place) => {
    await runBeside(['curl', '-sf', '-o', fetched(place), place.storage()])
    await check(place)
  },
  'aria2c -x8 + sha256sum': async (place) => {
    const flags = ['-q', '-x8', '-s8', '-k1M', '--allow-overwrite=true', '-d', place.folder, '-o', 'fetched']
    await runBeside(['aria2c', ...flags, place.storage()])
    await check(place)
  },
  huggingface_hub: async (place) => {
    if (place.python === null) return
    const home = join(place.folder, 'home')
    const env = {
      PATH: process.env.PATH,
      HOME: home,
      HF_HOME: home,
      HF_ENDPOINT: place.hub,
      HF_HUB_DISABLE_TELEMETRY: '1',
      HF_HUB_DISABLE_PROGRESS_BARS: '1',
    }
    await runBeside([place.python, '-c', client, join(home, 'model')], env)
    rmSync(home, { recursive: true, force: true })
  },
}
