/** The GPUs of the machine: on the PCI bus those of AMD, Intel and NVIDIA, and on boards those that have a render node. */
import type { Gpu, GpuBackend } from '../../contract/hardware.ts'
import { readAmdMemory, readRocmNodes } from './amd.ts'
import type { HostFiles } from './host-files.ts'
import type { GpuReading } from './machine.ts'
import { type NvidiaAnswer, type NvidiaCard, parseNvidia } from './nvidia.ts'
import { type PciDevice, pciName, readPci, readPciNames } from './pci.ts'

/** By PCI vendor. Displays of others belong to virtual machines and to the management of servers, and compute nothing. */
const vendors: Readonly<Record<string, string>> = { '1002': 'AMD', '8086': 'Intel', '10de': 'NVIDIA' }

/** Displays (03), and AMD's accelerators for data centres (12), among which Intel has its NPUs. */
const isGpu = (vendor: string, deviceClass: string): boolean =>
  vendors[vendor] !== undefined &&
  (deviceClass.startsWith('03') || (deviceClass.startsWith('12') && vendors[vendor] === 'AMD'))

/** What all GPUs are read with. */
interface Reading {
  files: HostFiles
  /** Text of pci.ids. */
  names: string
  /** Model of the processor. */
  cpu: string | null
  rocmNodes: Set<number>
  nvidia: NvidiaAnswer
  cards: NvidiaCard[]
}

/** The Vulkan of Mesa and of NVIDIA opens a render node. A container may have none although /sys shows the GPU. */
const vulkan = async (files: HostFiles, { driver, renderNodes }: PciDevice): Promise<GpuBackend[]> => {
  // The driver of AMD's cards from before 2012, for which there is no Vulkan.
  if (driver === 'radeon') return []
  for (const node of renderNodes) if (await files.exists(`/dev/dri/renderD${node}`)) return ['vulkan']
  return []
}

/** Why nothing can use a GPU that no program reaches. */
const brokenBy = (driver: string | null, backends: readonly GpuBackend[]): string | null => {
  if (backends.length > 0) return null
  if (driver === null) return 'no driver is loaded for it'
  if (driver === 'vfio-pci') return 'it is set aside for a virtual machine (vfio-pci)'
  return 'there is no device file for it in /dev'
}

const readAmd = async ({ files, names, cpu, rocmNodes }: Reading, device: PciDevice): Promise<GpuReading> => {
  const { own, shared, unified } = await readAmdMemory(files, device.address)
  const isReady = own !== null && device.renderNodes.some((node) => rocmNodes.has(node))
  const backends: GpuBackend[] = [...(isReady ? ['rocm' as const] : []), ...(await vulkan(files, device))]
  const parts = [own, shared].filter((part) => part !== null)
  const sum = (key: 'total' | 'used') => (own === null ? null : parts.reduce((all, part) => all + part[key], 0))
  // "AMD RYZEN AI MAX+ 395 w/ Radeon 8060S": the list of devices has one name for several processors.
  const [, inCpu = null] = unified ? (/ w\/ (Radeon.+)$/.exec(cpu ?? '') ?? []) : []
  const soldAs = (await files.text(`/sys/bus/pci/devices/${device.address}/product_name`)) || null
  const gpu: Gpu = {
    id: device.address,
    vendor: 'AMD',
    name: soldAs ?? inCpu ?? pciName(names, device),
    driver: device.driver,
    memory: { total: sum('total'), used: sum('used'), unified },
    backends,
  }
  return { gpu, own, shared, broken: brokenBy(device.driver, backends) }
}

const nvidiaReading = (card: NvidiaCard, backends: GpuBackend[]): GpuReading => {
  const { address, name, driverVersion, total, used } = card
  return {
    gpu: {
      id: address,
      vendor: 'NVIDIA',
      name,
      driver: `nvidia ${driverVersion}`,
      // Where processor and GPU share their memory (GB10, Jetson), nvidia-smi says "[N/A]".
      memory: { total, used, unified: total === null },
      backends,
    },
    own: total === null ? null : { total, used: used ?? 0 },
    shared: null,
    broken: null,
  }
}

const readNvidia = async (reading: Reading, device: PciDevice): Promise<GpuReading> => {
  const { files, names, nvidia, cards } = reading
  const card = cards.find(({ address }) => address === device.address)
  const byRenderNode = await vulkan(files, device)
  if (card !== undefined) return nvidiaReading(card, ['cuda', ...byRenderNode])
  // The library that nvidia-smi asks is a part of the driver's Vulkan, too.
  const isBroken = device.driver === 'nvidia' && nvidia.kind !== 'absent'
  const backends = isBroken ? [] : byRenderNode
  const version = device.driver === 'nvidia' ? await files.text('/sys/module/nvidia/version') : null
  const why = nvidia.kind === 'failed' ? `nvidia-smi says: ${nvidia.why}` : 'nvidia-smi does not list it'
  return {
    gpu: {
      id: device.address,
      vendor: 'NVIDIA',
      name: pciName(names, device),
      driver: version === null ? device.driver : `nvidia ${version}`,
      memory: { total: null, used: null, unified: false },
      backends,
    },
    own: null,
    shared: null,
    broken: isBroken ? why : brokenBy(device.driver, backends),
  }
}

const readIntel = async ({ files, names }: Reading, device: PciDevice): Promise<GpuReading> => {
  const backends = await vulkan(files, device)
  const gpu: Gpu = {
    id: device.address,
    vendor: 'Intel',
    name: pciName(names, device),
    driver: device.driver,
    // The graphics of a processor are on its own bus. The drivers show no memory in /sys.
    memory: { total: null, used: null, unified: device.address.startsWith('0000:00:') },
    backends,
  }
  return { gpu, own: null, shared: null, broken: brokenBy(device.driver, backends) }
}

const readers = { AMD: readAmd, Intel: readIntel, NVIDIA: readNvidia }

/** Makers by their prefix in the device tree; of others, the prefix. */
const makers: Readonly<Record<string, string>> = { arm: 'Arm', brcm: 'Broadcom', qcom: 'Qualcomm', img: 'Imagination' }

/** The GPUs of boards: devices of the device tree that have a render node. */
const readBoard = async (files: HostFiles): Promise<GpuReading[]> => {
  const read = async (node: string): Promise<GpuReading[]> => {
    const folder = `/sys/class/drm/${node}/device`
    const [, maker, model = null] =
      /^([\w-]+),(\S+)/.exec((await files.text(`${folder}/of_node/compatible`)) ?? '') ?? []
    if (!node.startsWith('renderD') || maker === undefined) return []
    const driver = await files.linkName(`${folder}/driver`)
    const backends: GpuBackend[] = (await files.exists(`/dev/dri/${node}`)) ? ['vulkan'] : []
    const gpu: Gpu = {
      id: (await files.linkName(folder)) ?? node,
      vendor: makers[maker] ?? maker,
      name: model,
      driver,
      memory: { total: null, used: null, unified: true },
      backends,
    }
    return [{ gpu, own: null, shared: null, broken: brokenBy(driver, backends) }]
  }
  return (await Promise.all((await files.names('/sys/class/drm')).map(read))).flat()
}

/**
 * @param cpu model of the processor
 * @param askNvidia not called on machines without NVIDIA's driver
 */
export const readGpus = async (
  files: HostFiles,
  cpu: string | null,
  askNvidia: () => Promise<NvidiaAnswer>,
): Promise<GpuReading[]> => {
  const devices = await readPci(files, isGpu)
  // On the Windows Subsystem for Linux no bus shows the cards.
  const hasNvidia = devices.some(({ driver }) => driver === 'nvidia') || (await files.exists('/dev/dxg'))
  const nvidia: NvidiaAnswer = hasNvidia ? await askNvidia() : { kind: 'absent' }
  const cards = nvidia.kind === 'answered' ? parseNvidia(nvidia.text) : []
  const names = devices.length === 0 ? '' : await readPciNames(files)
  const reading: Reading = { files, names, cpu, rocmNodes: await readRocmNodes(files), nvidia, cards }
  const onBus = await Promise.all(
    devices.map((device) => readers[vendors[device.vendor] as keyof typeof readers](reading, device)),
  )
  const offBus = cards.filter(({ address }) => devices.every((device) => device.address !== address))
  return [...onBus, ...offBus.map((card) => nvidiaReading(card, ['cuda'])), ...(await readBoard(files))]
}
