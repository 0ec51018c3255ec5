/** AMD's GPUs by the files of their driver, amdgpu, and of its compute part, KFD. */
import type { HostFiles } from './host-files.ts'
import { numberIn } from './host-files.ts'
import type { Figures } from './machine.ts'
import { folderOf } from './pci.ts'

export interface AmdMemory {
  own: Figures | null
  shared: Figures | null
  /** Part of the processor. */
  unified: boolean
}

const pageBytes = 4096

const figures = async (files: HostFiles, folder: string, kind: 'vram' | 'gtt'): Promise<Figures | null> => {
  const total = numberIn(await files.text(`${folder}/mem_info_${kind}_total`))
  const used = numberIn(await files.text(`${folder}/mem_info_${kind}_used`))
  return total === null ? null : { total, used: used ?? 0 }
}

/**
 * A processor with graphics may also take RAM (GTT), at most what the kernel's memory manager for GPUs hands out. A card uses RAM only
 * as a place to move things to, so that does not count.
 */
export const readAmdMemory = async (files: HostFiles, address: string): Promise<AmdMemory> => {
  const folder = folderOf(address)
  const own = await figures(files, folder, 'vram')
  // The driver has both files only for cards; kernels before 6.8 lack the first one.
  const isCard = (await files.exists(`${folder}/board_info`)) || (await files.exists(`${folder}/mem_busy_percent`))
  if (isCard || own === null) return { own, shared: null, unified: false }
  const gtt = await figures(files, folder, 'gtt')
  const pages = numberIn(await files.text('/sys/module/ttm/parameters/pages_limit'))
  const most = pages === null || pages === 0 ? Number.POSITIVE_INFINITY : pages * pageBytes
  return { own, shared: gtt === null ? null : { ...gtt, total: Math.min(gtt.total, most) }, unified: true }
}

const nodesFolder = '/sys/class/kfd/kfd/topology/nodes'

/** Numbers of the render nodes of the GPUs that ROCm can use: KFD knows their instruction set. */
export const readRocmNodes = async (files: HostFiles): Promise<Set<number>> => {
  if (!(await files.exists('/dev/kfd'))) return new Set()
  const read = async (node: string): Promise<number[]> => {
    const properties = (await files.text(`${nodesFolder}/${node}/properties`)) ?? ''
    const value = (key: string): number => Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(properties)?.[1] ?? 0)
    // A node of a processor has version 0.
    return value('gfx_target_version') > 0 ? [value('drm_render_minor')] : []
  }
  return new Set((await Promise.all((await files.names(nodesFolder)).map(read))).flat())
}
