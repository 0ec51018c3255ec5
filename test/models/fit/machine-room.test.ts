/** What models can get on the recorded machines, with engines that use GPUs in one way or another. */
import { expect, test } from 'bun:test'
import type { GpuBackend } from '../../../src/contract/hardware.ts'
import { roomOn } from '../../../src/models/fit/machine-room.ts'
import { readMachine } from '../../../src/system/hardware/read-machine.ts'
import { layOut } from '../../system/hardware/recorded-machine.ts'

const kB = 1024
const MiB = 2 ** 20
const machine = (name: string) => readMachine('/var/lib/hal0', layOut(name).view)
const room = async (name: string, usable: readonly GpuBackend[] | null) => roomOn(await machine(name), usable)

test('a card has its own memory, and the graphics beside it do not count', async () => {
  expect(await room('radeon-card', ['vulkan'])).toEqual({
    ram: 60_000_000 * kB,
    gpus: [{ id: '0000:03:00.0', own: 25_753_026_560 - 1_210_056_704, shared: 0 }],
  })
})

test('two cards count both', async () => {
  expect((await room('two-nvidia-cards', ['cuda']))?.gpus).toEqual([
    { id: '0000:01:00.0', own: (24_576 - 512) * MiB, shared: 0 },
    { id: '0000:21:00.0', own: (24_576 - 18) * MiB, shared: 0 },
  ])
})

test('unified memory is what was set aside and what it may take of the RAM, while the RAM has it', async () => {
  const ram = 124_518_408 * kB
  expect(await room('strix-halo', ['rocm'])).toEqual({
    ram,
    gpus: [
      { id: '0000:c2:00.0', own: 536_870_912 - 171_966_464, shared: Math.min(ram, 31_457_280 * 4096 - 41_943_040) },
    ],
  })
})

test('graphics of a processor that do not say how much memory they have use all of the RAM; a silent card does not count', async () => {
  const ram = 29_000_000 * kB
  expect(await room('intel-graphics-and-arc', null)).toEqual({
    ram,
    gpus: [{ id: '0000:00:02.0', own: 0, shared: ram }],
  })
})

test.each([
  ['radeon-card', []],
  ['radeon-card', ['cuda']],
  ['raspberry-pi-5', null],
  ['container-with-a-limit', null],
  ['no-gpu', null],
  ['broken-driver', null],
] as const)('on %s an engine with %p uses no GPU', async (name, usable) => {
  expect((await room(name, usable))?.gpus).toEqual([])
})

test('an engine that does not say what it uses may use each', async () => {
  expect((await room('two-nvidia-cards', null))?.gpus).toHaveLength(2)
})

test('a machine that does not say how much is free has no room that could be named', async () => {
  const { hardware, gpus } = await machine('radeon-card')
  expect(roomOn({ hardware: { ...hardware, memory: { ...hardware.memory, available: null } }, gpus }, null)).toBeNull()
})
