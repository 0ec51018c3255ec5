/** A download into a folder of the test, with small numbers instead of the real ones. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../src/lib/clock.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { type DownloadProgress, download } from '../../../src/models/pull/download/download.ts'
import type { DownloadSettings } from '../../../src/models/pull/download/settings.ts'
import type { DownloadedFile } from '../../../src/models/pull/download/staged-file.ts'
import type { RemoteFile } from '../../../src/models/pull/origin/origin.ts'
import { originAt } from './raw-origin.ts'

export const small: DownloadSettings = {
  segmentBytes: 256 * 1024,
  headBytes: 64 * 1024,
  maxConnections: 4,
  stallMs: 60,
  maxFailures: 5,
  firstDelayMs: 1,
  longestDelayMs: 8,
  longestRetryAfterMs: 1000,
  progressBytes: 16 * 1024,
  journalMs: 20,
  reserveBytes: 1024 * 1024,
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export const remoteOf = (path: string, content: Uint8Array): RemoteFile => ({
  path,
  size: content.length,
  sum: { kind: 'sha256', hex: sha256(content) },
})

export interface Attempt {
  folder: string
  url: string
  files: RemoteFile[]
  commit?: string
  settings?: Partial<DownloadSettings>
  random?: () => number
  signal?: AbortSignal
  onProgress?: (progress: DownloadProgress) => void
}

/** @returns the files, or the typed error; anything else is thrown */
export const attempt = async (given: Attempt): Promise<DownloadedFile[] | Hal0Error> => {
  const { folder, url, files, commit = 'c0ffee' } = given
  try {
    return await download(
      { folder, commit, files },
      {
        origin: originAt(url),
        clock: systemClock,
        signal: given.signal ?? new AbortController().signal,
        onProgress: given.onProgress ?? (() => {}),
        random: given.random ?? Math.random,
        settings: { ...small, ...given.settings },
      },
    )
  } catch (error) {
    if (error instanceof Hal0Error) return error
    throw error
  }
}

/** What is wrong with a staging folder after a download that succeeded; null: nothing. */
export const problemOfSuccess = (folder: string, contents: Record<string, Uint8Array>): string | null => {
  for (const [name, content] of Object.entries(contents)) {
    if (!existsSync(join(folder, name))) return `${name} is missing`
    if (!readFileSync(join(folder, name)).equals(content)) return `${name} has other bytes`
    const sidecar = readFileSync(join(folder, `${name}.sha256`), 'utf8')
    if (sidecar !== `${sha256(content)}  ${name}\n`) return `the sidecar of ${name} says ${sidecar}`
  }
  const expected = Object.keys(contents).flatMap((name) => [name, `${name}.sha256`])
  const others = readdirSync(folder).filter((name) => !expected.includes(name))
  return others.length === 0 ? null : `there is also ${others.join(', ')}`
}
