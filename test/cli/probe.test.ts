import { afterAll, describe, expect, test } from 'bun:test'
import { machineLines } from '../../src/cli/probe/machine-text.ts'
import { Hardware } from '../../src/contract/hardware.ts'
import { problemsOf } from '../../src/lib/validate.ts'
import { bareHardware } from '../support/fits.ts'
import { tempDir } from '../support/temp-dir.ts'
import { layOut, machineNames } from '../system/hardware/recorded-machine.ts'
import { FakeApi } from './support/fake-api.ts'
import { hal0 } from './support/run-cli.ts'

const shown = (name: string): string =>
  machineLines(layOut(name).recorded.expected)
    .map(([label, text]) => `${label.padEnd(9)}  ${text}`)
    .join('\n')

describe('a machine in words', () => {
  test.each(machineNames)('%s takes 50 columns at most', (name) => {
    expect(
      shown(name)
        .split('\n')
        .filter((line) => line.length > 50),
    ).toEqual([])
  })

  test('has its processor, memory, GPUs, NPUs and disk', () => {
    expect(shown('strix-halo')).toBe(
      `
processor  AMD RYZEN AI MAX+ 395 w/ Radeon 8060S
           16 cores, 32 threads
           avx avx2 avx512_bf16 avx512_vnni
           avx512bw avx512f avx_vnni bmi2 f16c fma
           sse4_2
memory     134 GB, 128 GB available
GPU        AMD Radeon 8060S
           129 GB shared with the RAM
           214 MB of it in use
           rocm, vulkan
           amdgpu, 0000:c2:00.0
NPU        NPU Strix Halo
           amdxdna, 0000:c3:00.1
disk       2.0 TB, 1.2 TB free
           /var/lib/hal0`.slice(1),
    )
  })

  test('says what limits it, and which GPU nothing can use', () => {
    expect(shown('container-with-a-limit')).toContain('8.6 GB is the limit (control group)')
    expect(shown('container-with-a-limit')).toContain('no engine can use it: hal0 doctor')
    expect(shown('no-gpu')).toContain('GPU        none')
  })

  test('leaves out what the machine does not say', () => {
    const nothing: Hardware = {
      cpu: { model: null, cores: null, threads: null, features: [] },
      memory: { total: null, available: null, limit: null },
      gpus: [],
      npus: [],
      disk: { path: '/data', total: null, free: null },
    }
    expect(machineLines(nothing)).toEqual([
      ['processor', 'unknown'],
      ['GPU', 'none'],
      ['disk', '/data'],
    ])
  })
})

describe('hal0 probe', () => {
  const api = new FakeApi({ showHardware: () => bareHardware })
  afterAll(() => api[Symbol.dispose]())

  test('asks the daemon that HAL0_URL names', async () => {
    const { code, stdout } = await hal0(['probe', '--json'], { url: api.url })
    expect([code, JSON.parse(stdout)]).toEqual([0, bareHardware])
    expect((await hal0(['probe'], { url: api.url })).stdout).toContain('Intel(R) N100')
  })

  test('looks by itself while no daemon runs here', async () => {
    const { code, stdout } = await hal0(['probe', '--json'], { env: { HAL0_ROOT: tempDir() } })
    expect([code, problemsOf(Hardware, JSON.parse(stdout))]).toEqual([0, []])
  })

  test('says that the daemon of another machine is not reachable', async () => {
    const { code, stdout, stderr } = await hal0(['probe'], { url: 'http://127.0.0.1:9' })
    expect([code, stdout]).toEqual([3, ''])
    expect(stderr).toContain('not reachable at http://127.0.0.1:9')
  })
})
