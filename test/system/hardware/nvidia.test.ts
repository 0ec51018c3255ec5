/** NVIDIA's program, with stand-ins for it that answer, refuse and hang. */
import { describe, expect, test } from 'bun:test'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { askNvidia, type NvidiaAnswer, oneAtATime, parseNvidia } from '../../../src/system/hardware/nvidia.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** A stand-in for nvidia-smi. */
const standIn = (script: string): string => {
  const path = join(tempDir(), 'nvidia-smi')
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return path
}

const ask = (program: string | null, timeoutMs?: number): Promise<NvidiaAnswer> => askNvidia(program, timeoutMs).answer

describe('a question to nvidia-smi', () => {
  test('is answered with its text', async () => {
    expect(await ask(standIn('echo "$1"'))).toEqual({
      kind: 'answered',
      text: '--query-gpu=pci.bus_id,name,driver_version,memory.total,memory.used\n',
    })
  })

  test('fails in its words, whichever stream they are on', async () => {
    const why = 'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.'
    for (const stream of [1, 2]) {
      expect(await ask(standIn(`echo "${why}" >&${stream}; exit 9`))).toEqual({ kind: 'failed', why })
    }
    expect(await ask(standIn('exit 6'))).toEqual({ kind: 'failed', why: 'it ended with exit status 6' })
  })

  test('ends at the deadline, even if a child of it holds its pipes', async () => {
    const began = performance.now()
    expect(await ask(standIn('sleep 30 & sleep 30'), 100)).toEqual({
      kind: 'failed',
      why: 'it did not answer within 0.1 s',
    })
    expect(performance.now() - began).toBeLessThan(20_000)
  })

  test('is an answer if it fails because of another card', async () => {
    const line = '00000000:01:00.0, NVIDIA T4, 550.54, 15360, 0'
    expect(await ask(standIn(`echo "${line}"; echo "Unable to determine the device handle" >&2; exit 15`))).toEqual({
      kind: 'answered',
      text: `${line}\n`,
    })
  })

  test('is not asked where it is not installed, and fails where it cannot be run', async () => {
    expect(await ask(null)).toEqual({ kind: 'absent' })
    expect(await ask('/nowhere/nvidia-smi')).toMatchObject({ kind: 'failed' })
  })
})

describe('questions one at a time', () => {
  test('share the program that runs, and start another one once it has ended', async () => {
    let asked = 0
    let end: (value?: unknown) => void = () => {}
    const question = oneAtATime(() => {
      asked += 1
      const ended = new Promise((resolve) => {
        end = resolve
      })
      return { answer: Promise.resolve({ kind: 'failed', why: `answer ${asked}` }), ended }
    })
    // The first one has its answer, and its program hangs.
    const answers = [await question(), await question(), await question()]
    expect(answers.map((one) => one.kind === 'failed' && one.why)).toEqual(['answer 1', 'answer 1', 'answer 1'])
    end()
    await Promise.resolve()
    expect(await question()).toEqual({ kind: 'failed', why: 'answer 2' })
  })
})

describe('the lines of nvidia-smi', () => {
  test('are cards, with memory in MiB', () => {
    expect(parseNvidia('00000000:0A:00.0, NVIDIA RTX A4000, 535.183.01, 16376, 2\n')).toEqual([
      {
        address: '0000:0a:00.0',
        name: 'NVIDIA RTX A4000',
        driverVersion: '535.183.01',
        total: 16376 * 2 ** 20,
        used: 2 * 2 ** 20,
      },
    ])
  })

  test('say nothing of memory that processor and GPU share', () => {
    expect(parseNvidia('0000000F:01:00.0, NVIDIA GB10, 580.95.05, [N/A], [N/A]')).toMatchObject([
      { address: '000f:01:00.0', total: null, used: null },
    ])
  })

  test('are skipped where they are no cards, or lost ones', () => {
    const lost = '00000000:02:00.0, NVIDIA T4, 550.54, [GPU requires reset], [GPU requires reset]'
    expect(parseNvidia(`No devices were found\n\n${lost}\n`)).toEqual([])
  })
})
