/** Fetches a release manifest, and trusts it only with a valid signature. */
import { ReleaseManifest } from '../../contract/release.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { parseJsonBody } from '../../lib/http/json-body.ts'
import { problemsOf } from '../../lib/validate.ts'
import { isVersion } from '../../system/files/release-folder.ts'
import { longestSignatureBytes, type PublicKey, verifySignature } from './minisign.ts'
import { type Fetch, receiveAll, type TimeLimits } from './receive.ts'

/** A manifest with three targets has 1 KiB. */
const longestManifestBytes = 64 * 1024
const deepest = 16

/** @throws Hal0Error `update.not_configured` unless it is an http or https address */
const webAddress = (text: string, base?: string): URL => {
  const url = URL.canParse(text, base) ? new URL(text, base) : null
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url
  throw new Hal0Error(
    'update.not_configured',
    `"${text}" is not an http or https address. Correct [update] url in hal0.toml, or --url.`,
  )
}

/**
 * The address of one version's manifest: `manifest-<version>.json` beside the newest one.
 * @param url of the newest manifest
 */
export const manifestUrl = (url: string, version: string | null): string => {
  const newest = webAddress(url)
  return version === null ? newest.href : new URL(`manifest-${version}.json`, newest).href
}

/** Address of an executable that a manifest names. @throws Hal0Error `update.not_configured` */
export const artifactUrl = (manifest: string, url: string): string => webAddress(url, manifest).href

/** @throws Hal0Error `update.invalid_manifest` */
const parseManifest = (bytes: Uint8Array): ReleaseManifest => {
  const invalid = (why: string, cause?: unknown): Hal0Error =>
    new Hal0Error('update.invalid_manifest', `The release manifest is signed, but not valid: ${why}`, { cause })
  let value: unknown
  try {
    value = parseJsonBody(bytes, deepest)
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error), error)
  }
  const problem = problemsOf(ReleaseManifest, value)[0]
  if (problem !== undefined) throw invalid(`${problem.field || 'it'} ${problem.reason}.`)
  const manifest = value as ReleaseManifest
  // The pattern of the schema is looser than semver, and a version becomes the name of a folder.
  for (const version of [manifest.version, manifest.min_version]) {
    if (!isVersion(version)) throw invalid(`"${version}" is not a version.`)
  }
  return manifest
}

/**
 * @param url of the manifest; its signature is beside it as `….minisig`
 * @throws Hal0Error `update.network`, `update.untrusted`, `update.invalid_manifest`
 */
export const fetchManifest = async (
  get: Fetch,
  url: string,
  keys: readonly PublicKey[],
  limits: TimeLimits,
): Promise<ReleaseManifest> => {
  const signatureUrl = new URL(url)
  signatureUrl.pathname += '.minisig'
  const content = await receiveAll(get, url, longestManifestBytes, limits)
  const signature = await receiveAll(get, signatureUrl.href, longestSignatureBytes, limits).catch((error) => {
    if (!(error instanceof Hal0Error) || error.details.status !== 404) throw error
    throw new Hal0Error(
      'update.untrusted',
      `The release is not signed: there is no ${signatureUrl.href}. Nothing was changed.`,
      { details: { url: signatureUrl.href }, cause: error },
    )
  })
  verifySignature(content, signature, keys)
  return parseManifest(content)
}
