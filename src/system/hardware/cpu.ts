/** The processor, from /proc/cpuinfo (proc_cpuinfo(5)). Pure except `readCpu`. */
import type { Hardware } from '../../contract/hardware.ts'
import type { HostFiles } from './host-files.ts'

/** What engines have code of their own for; `flags` of x86, `Features` of Arm. */
const usedFeatures: ReadonlySet<string> = new Set([
  'sse4_2',
  'avx',
  'avx2',
  'avx_vnni',
  'f16c',
  'fma',
  'bmi2',
  'avx512f',
  'avx512bw',
  'avx512_vnni',
  'avx512_bf16',
  'avx512_fp16',
  'amx_tile',
  'amx_int8',
  'amx_bf16',
  'asimd',
  'asimddp',
  'asimdhp',
  'bf16',
  'i8mm',
  'sve',
  'sve2',
  'sme',
])

const fieldsOf = (block: string): Map<string, string> =>
  new Map(
    block.split('\n').flatMap((line) => {
      const at = line.indexOf(':')
      return at < 0 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()]]
    }),
  )

/** @param board name of the board, for processors that have none of their own in /proc/cpuinfo (Arm); null: unknown */
export const parseCpu = (cpuinfo: string, board: string | null): Hardware['cpu'] => {
  const threads = cpuinfo
    .split(/\n\s*\n/)
    .map(fieldsOf)
    .filter((fields) => fields.has('processor'))
  const [first] = threads
  if (first === undefined) return { model: board, cores: null, threads: null, features: [] }
  const cores = new Set(
    threads.flatMap((fields) => {
      const core = fields.get('core id')
      return core === undefined ? [] : [`${fields.get('physical id') ?? 0}/${core}`]
    }),
  )
  // Arm does not number its cores here. None of its processors for homes has more than one thread a core.
  const withoutNumbers = first.has('CPU architecture') ? threads.length : null
  const listed = (first.get('flags') ?? first.get('Features') ?? '').split(' ')
  return {
    model: first.get('model name')?.replaceAll(/\s+/g, ' ') || board,
    cores: cores.size > 0 ? cores.size : withoutNumbers,
    threads: threads.length,
    features: listed.filter((feature) => usedFeatures.has(feature)).sort(),
  }
}

export const readCpu = async (files: HostFiles): Promise<Hardware['cpu']> =>
  parseCpu((await files.text('/proc/cpuinfo')) ?? '', await files.text('/proc/device-tree/model'))
