import { describe, expect, test } from 'bun:test'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hardware } from '../../../src/contract/hardware.ts'
import { problemsOf } from '../../../src/lib/validate.ts'
import { hostFiles } from '../../../src/system/hardware/host-files.ts'
import { readMachine } from '../../../src/system/hardware/read-machine.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { layOut, machineNames } from './recorded-machine.ts'

const data = '/var/lib/hal0'

describe('a recorded machine', () => {
  test.each(machineNames)('%s is read as it is', async (name) => {
    const { recorded, view } = layOut(name)
    const { hardware } = await readMachine(data, view)
    expect(hardware).toEqual(recorded.expected)
    expect(problemsOf(Hardware, hardware)).toEqual([])
  })

  test('is read afresh each time', async () => {
    const { root, view } = layOut('no-gpu')
    const before = (await readMachine(data, view)).hardware.memory.available
    writeFileSync(join(root, 'proc/meminfo'), 'MemTotal: 8127000 kB\nMemAvailable: 1000 kB\n')
    const after = (await readMachine(data, view)).hardware.memory.available
    expect([before, after]).toEqual([7_100_000 * 1024, 1000 * 1024])
  })
})

describe('the memory of a GPU', () => {
  test('is told apart: what is its own, and the RAM that it may take', async () => {
    const { view } = layOut('radeon-card')
    const [card, inCpu] = (await readMachine(data, view)).gpus
    expect([card?.own, card?.shared]).toEqual([{ total: 25_753_026_560, used: 1_210_056_704 }, null])
    expect([inCpu?.own?.total, inCpu?.shared]).toEqual([536_870_912, { total: 8_125_000 * 4096, used: 16_777_216 }])
  })

  test('is that of a card also on a kernel without board_info', async () => {
    const { root, view } = layOut('radeon-card')
    rmSync(join(root, 'sys/bus/pci/devices/0000:03:00.0/board_info'))
    expect((await readMachine(data, view)).gpus[0]?.gpu.memory.unified).toBe(false)
  })
})

describe('what cannot use a GPU says why', () => {
  const broken = async (name: string) => (await readMachine(data, layOut(name).view)).gpus.map((one) => one.broken)

  test('in the words of a driver that is broken, and of one for virtual machines', async () => {
    expect(await broken('broken-driver')).toEqual([
      'nvidia-smi says: Failed to initialize NVML: Driver/library version mismatch',
      'it is set aside for a virtual machine (vfio-pci)',
    ])
  })

  test('in a container without its devices', async () => {
    expect(await broken('container-with-a-limit')).toEqual(['there is no device file for it in /dev'])
  })

  test('and nothing about one that works', async () => {
    expect(await broken('two-nvidia-cards')).toEqual([null, null])
    expect(await broken('radeon-card')).toEqual([null, null])
  })
})

test('a tree without anything is a machine that does not say', async () => {
  const view = {
    files: hostFiles(tempDir()),
    askNvidia: async () => ({ kind: 'absent' }) as const,
    space: () => Promise.reject(new Error('no such folder')),
  }
  expect((await readMachine('/x', view)).hardware).toEqual({
    cpu: { model: null, cores: null, threads: null, features: [] },
    memory: { total: null, available: null, limit: null },
    gpus: [],
    npus: [],
    disk: { path: '/x', total: null, free: null },
  })
})

test('this machine says how much memory and disk it has', async () => {
  const { hardware } = await readMachine(tempDir())
  expect(problemsOf(Hardware, hardware)).toEqual([])
  expect(hardware.memory.total).toBeGreaterThan(0)
  expect(hardware.memory.available).toBeGreaterThan(0)
  expect(hardware.cpu.threads).toBeGreaterThan(0)
  expect(hardware.disk.total).toBeGreaterThan(0)
})
