/** The hub as an origin for the download engine: files with checksums to verify, and ranges of them. */
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { HubClient, HubRepository } from '../../hub/client/hub-client.ts'
import { gatedRepository } from '../../hub/client/hub-error.ts'
import type { HubFile } from '../../hub/client/hub-json.ts'
import type { Origin, RemoteFile } from '../origin/origin.ts'

/** A repository's files at its pinned commit. */
export const hubOrigin = (client: HubClient, { repo, commit }: Pick<HubRepository, 'repo' | 'commit'>): Origin => ({
  open: (path, from, to, signal) => client.open({ repo, commit, path }, from, to, signal),
})

/**
 * Files to pull, each with the hub's own checksum.
 * @param hasToken chooses the right advice about a gated repository
 * @throws Hal0Error `pull.gated` if the hub hides the checksums, before a byte is requested; `pull.network` for a hub that has none
 */
export const remoteFiles = (
  { repo, gated }: Pick<HubRepository, 'repo' | 'gated'>,
  files: readonly HubFile[],
  hasToken: boolean,
): RemoteFile[] =>
  files.map(({ path, size, sha256, blobSha1 }): RemoteFile => {
    if (sha256 !== null) return { path, size, sum: { kind: 'sha256', hex: sha256 } }
    if (blobSha1 !== null) return { path, size, sum: { kind: 'git-sha1', hex: blobSha1 } }
    if (gated) throw gatedRepository(repo, hasToken)
    throw new Hal0Error(
      'pull.network',
      `The hub states no checksum for ${path} in ${repo}, so it cannot be verified. Check HF_ENDPOINT and the mirrors.`,
      { details: { repo, path } },
    )
  })
