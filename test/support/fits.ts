/** Machines and fits for tests that are about something else. */

import type { Hardware } from '../../src/contract/hardware.ts'
import type { Fit } from '../../src/contract/models/fit.ts'
import type { Verdict } from '../../src/contract/models/verdict.ts'
import type { FindRoom } from '../../src/models/fit/model-fits.ts'

/** A machine without GPUs. */
export const bareHardware: Hardware = {
  cpu: { model: 'Intel(R) N100', cores: 4, threads: 4, features: ['avx2', 'avx_vnni', 'f16c', 'fma'] },
  memory: { total: 16_000_000_000, available: 12_000_000_000, limit: null },
  gpus: [],
  npus: [],
  disk: { path: '/var/lib/hal0', total: 500_000_000_000, free: 120_000_000_000 },
}

/** A machine without GPUs, with that much free memory; null: it does not say. */
export const roomOf =
  (ram: number | null): FindRoom =>
  async () =>
    ram === null ? null : { ram, gpus: [] }

/** What the API says of a model that needs 1 GB. */
export const sampleFit = (verdict: Verdict, free = verdict === 'no' ? 500_000_000 : 8_000_000_000): Fit => ({
  verdict,
  needs: { weights: 400_000_000, kv: 200_000_000, compute: 400_000_000, total: 1_000_000_000 },
  have: { device: 'ram', free },
  context: 8192,
  gpu_layers: 0,
  basis: 'catalog',
})
