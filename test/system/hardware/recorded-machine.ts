/** Machines written down from what they show in /sys, /proc and /dev; laid out as a tree that the real code reads. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Hardware } from '../../../src/contract/hardware.ts'
import { hostFiles } from '../../../src/system/hardware/host-files.ts'
import type { NvidiaAnswer } from '../../../src/system/hardware/nvidia.ts'
import type { MachineView } from '../../../src/system/hardware/read-machine.ts'
import { tempDir } from '../../support/temp-dir.ts'

interface Recorded {
  about: string
  /** The blocks of /proc/cpuinfo; cores: null where they are not numbered there. */
  cpus: { threads: number; cores: number | null; fields: Record<string, string> }
  /** Texts by path. */
  files: Record<string, string>
  /** Relative targets of links by path. */
  links: Record<string, string>
  nvidia?: NvidiaAnswer
  expected: Hardware
}

const folder = join(import.meta.dir, 'machines')

export const machineNames = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length))

const cpuinfo = ({ threads, cores, fields }: Recorded['cpus']): string =>
  Array.from({ length: threads }, (_, index) => {
    const numbered = {
      processor: String(index),
      ...fields,
      ...(cores === null ? {} : { 'core id': String(index % cores) }),
    }
    return Object.entries(numbered)
      .map(([key, value]) => `${key.padEnd(16)}: ${value}\n`)
      .join('')
  }).join('\n')

/** @returns the folder with its tree, and what was recorded */
export const layOut = (name: string): { root: string; recorded: Recorded; view: MachineView } => {
  const recorded = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Recorded
  const root = tempDir()
  const place = (path: string): string => {
    const full = join(root, path)
    mkdirSync(dirname(full), { recursive: true })
    return full
  }
  for (const [path, text] of Object.entries({ ...recorded.files, '/proc/cpuinfo': cpuinfo(recorded.cpus) })) {
    writeFileSync(place(path), text)
  }
  for (const [path, target] of Object.entries(recorded.links)) symlinkSync(target, place(path))
  const { total, free } = recorded.expected.disk
  const view: MachineView = {
    files: hostFiles(root),
    askNvidia: async () => recorded.nvidia ?? { kind: 'absent' },
    space: async () => {
      if (total === null || free === null) throw new Error('this file system does not say')
      return { total, free }
    },
  }
  return { root, recorded, view }
}
