import { expect, test } from 'bun:test'
import { machineFindings } from '../../../src/system/hardware/findings.ts'
import { readMachine } from '../../../src/system/hardware/read-machine.ts'
import { layOut, machineNames } from './recorded-machine.ts'

const machine = (name: string) => readMachine('/var/lib/hal0', layOut(name).view)
const problems = async (name: string) => machineFindings(await machine(name)).map(({ problem }) => problem)

test('a driver that is broken is named with what it says, and a card of a virtual machine is left alone', async () => {
  expect(await problems('broken-driver')).toEqual([
    'No engine can use NVIDIA GeForce RTX 3090: nvidia-smi says: Failed to initialize NVML: Driver/library version mismatch.',
  ])
  const [mismatch] = machineFindings(await machine('broken-driver'))
  expect(mismatch?.advice).toContain('restart the machine')
})

test('a container is told how to hand its GPU in', async () => {
  expect(machineFindings(await machine('container-with-a-limit'))).toEqual([
    {
      about: 'GPU',
      problem: 'No engine can use the AMD GPU at 0000:03:00.0: there is no device file for it in /dev.',
      advice: 'In a container hand the device in (--device /dev/dri, for ROCm /dev/kfd too); else install its driver',
    },
  ])
})

test('nothing is wrong with a machine whose GPUs work, or that has none', async () => {
  for (const name of machineNames.filter((one) => !['broken-driver', 'container-with-a-limit'].includes(one))) {
    expect([name, await problems(name)]).toEqual([name, []])
  }
})

test('a limit that leaves no room for a model is said', async () => {
  const { hardware, gpus } = await machine('no-gpu')
  const limited = { hardware: { ...hardware, memory: { ...hardware.memory, limit: 536_870_912 } }, gpus }
  expect(machineFindings(limited).map(({ problem }) => problem)).toEqual([
    'The control group of hal0 limits its memory to 537 MB: no model fits.',
  ])
})
