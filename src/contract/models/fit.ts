/** Wire type of the fit: whether a model runs on this machine, and where (spec §9). */
import { type Static, Type } from 'typebox'
import { nullable } from '../schema/nullable.ts'
import { verdicts } from './verdict.ts'

const bytes = (description: string) => Type.Integer({ minimum: 0, description })

export const Fit = Type.Object(
  {
    verdict: Type.Enum(verdicts, {
      description:
        'fits: with room to spare; tight: it runs if nothing else needs memory; partial: the GPU takes some of the layers, the rest runs from RAM; no: it needs more memory than is free.',
    }),
    needs: Type.Object(
      {
        weights: bytes('Tensors of all its files.'),
        kv: bytes('Cache of `context` tokens.'),
        compute: bytes('Buffers to compute with.'),
        total: bytes('The sum.'),
      },
      { additionalProperties: false, description: 'Bytes that the model needs.' },
    ),
    have: Type.Object(
      {
        device: Type.String({
          description: '"ram", or the ids of the GPUs that it would use, with commas; both where it runs nowhere.',
        }),
        free: bytes('Free there now.'),
      },
      { additionalProperties: false },
    ),
    context: nullable(Type.Integer({ minimum: 1, description: 'Tokens that this is about; null: it has no context.' })),
    gpu_layers: nullable(
      Type.Integer({ minimum: 0, description: 'Layers that the GPU takes; null: how many it has is not known.' }),
    ),
    basis: Type.Enum(['measured', 'header', 'catalog'], {
      description:
        'Where the needs come from: a load that was measured, the header of the file, or the sizes that the catalog or the hub gives.',
    }),
  },
  { additionalProperties: false },
)
export type Fit = Static<typeof Fit>

/** In every list and answer about a model. */
export const ShownFit = nullable(Fit)
