/**
 * A model that is a file in a package of a package index. Everything is pinned: the version, the archive and the file in it, by size
 * and sha256. So the index is asked only for the address of the archive, and nothing that it says is believed.
 */
import { type Static, Type } from 'typebox'
import { patterned, Sha256 } from '../schema/pattern.ts'
import { ggufPathPattern, longestFile } from './hub-source.ts'

const bytes = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Bytes.' })

/** A package at one version, and its archive that has the model. */
export const ModelPackage = Type.Object(
  {
    index: Type.Enum(['pypi'], { description: 'The Python package index that the machine uses.' }),
    name: patterned('^[a-z0-9]+(?:-[a-z0-9]+)*$', 'must be the name of a package in lower case, with hyphens', {
      maxLength: 100,
      description: 'As the index normalises it (PEP 503): lower case, hyphens.',
    }),
    version: patterned('^[0-9A-Za-z][0-9A-Za-z.!+_-]{0,63}$', 'must be a version of the package, such as 0.1.2'),
    archive: Type.Object(
      {
        file: patterned('^[0-9A-Za-z][0-9A-Za-z.!+_-]*\\.whl$', 'must be the name of a wheel', {
          maxLength: 200,
          description: 'Name of the wheel.',
        }),
        size: bytes,
        sha256: Sha256,
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)
export type ModelPackage = Static<typeof ModelPackage>

/** The file of a package that is the model. */
export const packageMember = {
  package: ModelPackage,
  file: patterned(ggufPathPattern, 'must be the path of a GGUF file in the archive', {
    minLength: 1,
    maxLength: longestFile,
    description: 'Path of the GGUF file in the archive.',
  }),
  size: bytes,
  sha256: Sha256,
}
