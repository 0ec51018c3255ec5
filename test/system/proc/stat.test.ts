import { describe, expect, test } from 'bun:test'
import {
  isRunning,
  type ProcStat,
  parseStat,
  readStat,
  runningProcesses,
  startedAt,
  stillRuns,
} from '../../../src/system/proc/stat.ts'

const line = (name: string) =>
  `4321 (${name}) S 17 4300 4299 0 -1 4194560 55 0 1 0 0 0 0 0 20 0 1 0 225908 2560000 320 18446744073709551615 0 0`

describe('/proc/<pid>/stat', () => {
  for (const name of ['sleep', 'a b', ') R 1 1 1 (', '((', 'new\nline']) {
    test(`is read with the program name ${JSON.stringify(name)}`, () => {
      expect(parseStat(line(name))).toEqual({
        pid: 4321,
        state: 'S',
        ppid: 17,
        pgrp: 4300,
        session: 4299,
        kernelThread: false,
        threads: 1,
        startTime: 225908,
      })
    })
  }

  test('shows a kernel thread by its flag', () => {
    const thread = '2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 0 0 0 0'
    expect(parseStat(thread)).toMatchObject({ pid: 2, kernelThread: true })
  })

  for (const text of ['', 'no parenthesis', '1 (x)', '1 (x) S 1 2', 'x (y) S 1 2 3 4 5 6 7']) {
    test(`is not read from ${JSON.stringify(text)}`, () => expect(parseStat(text)).toBeNull())
  }

  test('shows a zombie as running until its last thread has ended', () => {
    const zombie = (threads: number) =>
      parseStat(line('x').replace(') S', ') Z').replace('20 0 1 0', `20 0 ${threads} 0`))
    expect(zombie(2)).toMatchObject({ state: 'Z', threads: 2 })
    expect([3, 2, 1].map((threads) => isRunning(zombie(threads) as ProcStat))).toEqual([true, true, false])
  })

  test('of this process is among those of all', () => {
    expect(readStat(process.pid)).toMatchObject({ pid: process.pid, ppid: process.ppid })
    expect(runningProcesses().map(({ pid }) => pid)).toContain(process.pid)
  })

  test('of a process that has ended shows it as no longer running', async () => {
    const child = Bun.spawn(['/bin/sleep', '60'])
    const stat = readStat(child.pid)
    expect(stat !== null && stillRuns(stat)).toBe(true)
    expect(stillRuns({ pid: child.pid, startTime: (stat?.startTime ?? 0) + 1 })).toBe(false)
    child.kill('SIGKILL')
    await child.exited
    expect(stat !== null && stillRuns(stat)).toBe(false)
  })

  test('shows when a process was started', async () => {
    const before = Date.now()
    const child = Bun.spawn(['/bin/sleep', '60'])
    const after = Date.now()
    const began = startedAt(readStat(child.pid)?.startTime ?? 0)
    child.kill('SIGKILL')
    // The kernel counts in hundredths of a second, and the two clocks are read at different moments.
    expect(began).toBeGreaterThan(before - 100)
    expect(began).toBeLessThan(after + 100)
  })
})
