/** The parts of the hub's JSON that are read, validated as untrusted input. Pure. */
import { type Static, type TSchema, Type } from 'typebox'
import { HubRepo } from '../../../contract/models/hub-source.ts'
import { nullable } from '../../../contract/schema/nullable.ts'
import { patterned } from '../../../contract/schema/pattern.ts'
import { parseJsonBody } from '../../../lib/http/json-body.ts'
import { isSafeRemotePath } from '../../../lib/hub/remote-path.ts'
import { problemsOf } from '../../../lib/validate.ts'
import { unreachable } from './hub-error.ts'

const Size = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

/** `GET /api/models/{repo}/revision/{rev}`; `gated` is false, "auto" or "manual". */
export const RepositoryInfo = Type.Object({
  /** It becomes a folder. */
  id: HubRepo,
  sha: patterned('^[0-9a-f]{40}$', 'must be a commit: 40 hexadecimal digits'),
  gated: Type.Optional(nullable(Type.Union([Type.Boolean(), Type.String()]))),
})

/** One page of `GET /api/models/{repo}/tree/{rev}`. */
export const TreePage = Type.Array(
  Type.Object({
    type: Type.String(),
    oid: Type.String(),
    size: Size,
    path: Type.String(),
    lfs: Type.Optional(nullable(Type.Object({ oid: Type.String(), size: Size }))),
  }),
)
export type TreePage = Static<typeof TreePage>

/** `GET /api/models?search=`, with the fields requested by `expand[]`. */
export const SearchPage = Type.Array(
  Type.Object({
    id: Type.String(),
    downloads: Type.Optional(nullable(Type.Number())),
    likes: Type.Optional(nullable(Type.Number())),
    gated: Type.Optional(nullable(Type.Union([Type.Boolean(), Type.String()]))),
    gguf: Type.Optional(
      nullable(
        Type.Object({
          total: Type.Optional(nullable(Type.Number())),
          architecture: Type.Optional(nullable(Type.String())),
          context_length: Type.Optional(nullable(Type.Number())),
        }),
      ),
    ),
  }),
)

/** A file of a repository at one commit. */
export interface HubFile {
  path: string
  /** Bytes. */
  size: number
  /** For a large file (LFS). null for a small one, and for a gated repository without access, where the hub hides it. */
  sha256: string | null
  /** For a small file: sha1 of `"blob " + size + "\0" + content`. null for a large one, where the hub's value is of a pointer file. */
  blobSha1: string | null
}

const deepest = 64

/**
 * @param origin that answered, for the error message
 * @throws Hal0Error `pull.network` for anything but the expected JSON, such as a captive portal's page
 */
export const parseHubJson = <S extends TSchema>(schema: S, bytes: Uint8Array, origin: string): Static<S> => {
  let value: unknown
  try {
    value = parseJsonBody(bytes, deepest)
  } catch (error) {
    throw unreachable(origin, 'answered with something that is not JSON of the hub', error)
  }
  const problem = problemsOf(schema, value)[0]
  if (problem === undefined) return value as Static<S>
  const what = problem.field === '' ? 'the value' : problem.field
  throw unreachable(origin, `answered with JSON that hal0 does not understand: ${what} ${problem.reason}`)
}

const hex = (text: string, digits: number): string | null =>
  text.length === digits && /^[0-9a-f]+$/i.test(text) ? text.toLowerCase() : null

/** The files of a page; `refused` are paths that must not be used on this machine. */
export const treeFiles = (page: TreePage): { files: HubFile[]; refused: string[] } => {
  const files: HubFile[] = []
  const refused: string[] = []
  for (const { type, path, size, oid, lfs } of page) {
    if (type !== 'file') continue
    const isLarge = lfs !== undefined && lfs !== null
    if (!isSafeRemotePath(path)) refused.push(path)
    else if (isLarge) files.push({ path, size: lfs.size, sha256: hex(lfs.oid, 64), blobSha1: null })
    else files.push({ path, size, sha256: null, blobSha1: hex(oid, 40) })
  }
  return { files, refused }
}
