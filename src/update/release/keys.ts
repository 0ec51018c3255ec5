/** The keys that releases are signed with: the current one and the next, so that an update can replace a lost key. */
import { Hal0Error } from '../../lib/hal0-error.ts'
import { type PublicKey, parsePublicKey } from './minisign.ts'

/** build.ts replaces it with the public keys of `--release-key`, separated by spaces; undefined when run from source. */
declare const HAL0_RELEASE_KEYS: string | undefined

/**
 * The keys that were built into this executable. Nothing that runs later (environment, configuration) adds one.
 * @throws Hal0Error `update.untrusted` when there is none
 */
export const pinnedKeys = (): PublicKey[] => {
  const text = typeof HAL0_RELEASE_KEYS === 'undefined' ? '' : HAL0_RELEASE_KEYS
  const keys = text.split(' ').filter((key) => key !== '')
  if (keys.length > 0) return keys.map(parsePublicKey)
  throw new Hal0Error(
    'update.untrusted',
    'This build of hal0 has no release keys, so it can trust no release. Build it with: npm run build -- --release-key PUBLIC_KEY',
  )
}
