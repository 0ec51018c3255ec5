/** This machine in words, at most 50 columns wide. Pure. */
import type { Gpu, Hardware } from '../../contract/hardware.ts'
import { bytes } from '../../lib/figures.ts'

/** What a line is about, '' on the lines that follow it; and its text. */
type Line = readonly [string, string]

/** Columns of a text beside its label. */
const textWidth = 39

const inLines = (words: readonly string[]): string[] => {
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= textWidth) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

const under = (label: string, texts: readonly string[]): Line[] =>
  texts.map((text, index) => [index === 0 ? label : '', text])

/** e.g. "16 cores, 32 threads"; what is not known is left out. */
const listed = (...parts: (string | null)[]): string[] => {
  const known = parts.filter((part) => part !== null)
  return known.length === 0 ? [] : [known.join(', ')]
}

const amount = (value: number | null, what: string): string | null => (value === null ? null : `${bytes(value)}${what}`)
const number = (value: number | null, one: string): string | null =>
  value === null ? null : `${value} ${one}${value === 1 ? '' : 's'}`

const gpuLines = ({ id, vendor, name, driver, memory, backends }: Gpu): Line[] => {
  const { total, used, unified } = memory
  const size = amount(total, unified ? ' shared with the RAM' : '')
  const unused = driver === 'vfio-pci' ? 'set aside for a virtual machine' : 'no engine can use it: hal0 doctor'
  const title = name === null ? `unknown (${vendor})` : name.includes(vendor) ? name : `${vendor} ${name}`
  return under('GPU', [
    ...inLines(title.split(' ')),
    ...(size === null ? [unified ? 'memory shared with the RAM' : 'memory not known'] : [size]),
    ...listed(amount(used, ' of it in use')),
    backends.length === 0 ? unused : backends.join(', '),
    `${driver ?? 'no driver'}, ${id}`,
  ])
}

/** Labels and texts, in the order in which they are shown. */
export const machineLines = ({ cpu, memory, gpus, npus, disk }: Hardware): Line[] => [
  ...under('processor', [
    ...inLines((cpu.model ?? 'unknown').split(' ')),
    ...listed(number(cpu.cores, 'core'), number(cpu.threads, 'thread')),
    ...inLines(cpu.features),
  ]),
  ...under('memory', [
    ...listed(amount(memory.total, ''), amount(memory.available, ' available')),
    ...listed(amount(memory.limit, ' is the limit (control group)')),
  ]),
  ...(gpus.length === 0 ? under('GPU', ['none']) : gpus.flatMap(gpuLines)),
  ...npus.flatMap(({ id, name, driver }) => under('NPU', [name ?? 'unknown', `${driver ?? 'no driver'}, ${id}`])),
  ...under('disk', [...listed(amount(disk.total, ''), amount(disk.free, ' free')), disk.path]),
]
