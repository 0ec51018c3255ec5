/** Wire type of this machine (spec §9): bytes everywhere, null where the machine does not say. */
import { type Static, Type } from 'typebox'
import { nullable } from './schema/nullable.ts'

const bytes = (description: string) => nullable(Type.Integer({ minimum: 0, description }))
const text = (description: string) => nullable(Type.String({ description }))
const closed = { additionalProperties: false } as const

/** The ways in which an engine can use a GPU. */
export const gpuBackends = ['cuda', 'rocm', 'vulkan'] as const
export type GpuBackend = (typeof gpuBackends)[number]

export const Gpu = Type.Object(
  {
    id: Type.String({ description: 'Address on its bus, e.g. 0000:03:00.0; stays the same over reboots.' }),
    vendor: Type.String({ description: 'e.g. AMD, NVIDIA, Intel; of others the number that the bus gives.' }),
    name: text('As sold, as far as the machine knows it.'),
    driver: text('Kernel driver, with its version where it has its own; null: none is bound.'),
    memory: Type.Object(
      {
        total: bytes('Of unified memory: as much of it as the GPU may take.'),
        used: bytes('By all programs.'),
        unified: Type.Boolean({ description: 'It is the RAM of the machine, all or most of it.' }),
      },
      closed,
    ),
    backends: Type.Array(Type.Enum(gpuBackends), {
      description: 'By which an engine can use it; empty: its driver is missing or broken.',
    }),
  },
  closed,
)
export type Gpu = Static<typeof Gpu>

export const Hardware = Type.Object(
  {
    cpu: Type.Object(
      {
        model: text('As the processor or the board calls itself.'),
        cores: nullable(Type.Integer({ minimum: 1 })),
        threads: nullable(Type.Integer({ minimum: 1 })),
        features: Type.Array(Type.String(), {
          description: 'Instruction sets that engines make use of, as Linux names them.',
        }),
      },
      closed,
    ),
    memory: Type.Object(
      {
        total: bytes('RAM of the machine.'),
        available: bytes('What programs can still get without swapping, within the limit.'),
        limit: bytes('The smallest limit of the control groups that hal0 runs in; null: none.'),
      },
      closed,
    ),
    gpus: Type.Array(Gpu),
    npus: Type.Array(
      Type.Object({ id: Type.String(), name: text('As its driver calls it.'), driver: text('Kernel driver.') }, closed),
    ),
    disk: Type.Object(
      {
        path: Type.String({ description: 'Where models, engines and slots are kept.' }),
        total: bytes('Of its file system.'),
        free: bytes('For hal0, without what is reserved for root.'),
      },
      closed,
    ),
  },
  closed,
)
export type Hardware = Static<typeof Hardware>
