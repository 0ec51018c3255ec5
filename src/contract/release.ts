/** The release manifest: what a version of hal0 consists of. It is signed as a whole (`manifest.json.minisig`). */
import { type Static, Type } from 'typebox'
import { patterned, Sha256 } from './schema/pattern.ts'

/** Machines that executables are built for. `baseline` is for x86-64 without AVX2. */
export const releaseTargets = ['linux-x64', 'linux-x64-baseline', 'linux-arm64'] as const
export type ReleaseTarget = (typeof releaseTargets)[number]

const version = (description: string) =>
  patterned('^\\d+\\.\\d+\\.\\d+(-[0-9A-Za-z.-]+)?$', 'must be a semantic version, as 1.2.3', { description })

const instant = (description: string) =>
  patterned(
    '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?Z$',
    'must be a time in UTC, as 2026-01-31T12:00:00Z',
    { description },
  )

export const ReleaseArtifact = Type.Object({
  url: Type.String({
    minLength: 1,
    description: 'Of the executable; relative ones start at the address of the manifest.',
  }),
  size: Type.Integer({ minimum: 1, maximum: 4 * 1024 ** 3, description: 'Bytes.' }),
  sha256: Sha256,
})
export type ReleaseArtifact = Static<typeof ReleaseArtifact>

/** Fields of later versions are allowed, so that an old hal0 can read a new manifest. */
export const ReleaseManifest = Type.Object({
  version: version('Semantic version, without a leading v.'),
  released_at: instant('RFC 3339, UTC.'),
  expires_at: instant(
    'From then on the manifest is refused, so that nobody can keep newer ones from a machine unnoticed.',
  ),
  min_version: version('The oldest version that may update to this one directly.'),
  targets: Type.Object({
    'linux-x64': Type.Optional(ReleaseArtifact),
    'linux-x64-baseline': Type.Optional(ReleaseArtifact),
    'linux-arm64': Type.Optional(ReleaseArtifact),
  }),
})
export type ReleaseManifest = Static<typeof ReleaseManifest>
