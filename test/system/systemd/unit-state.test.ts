import { describe, expect, test } from 'bun:test'
import { exitOf, isOver, parseUnitState } from '../../../src/system/systemd/unit/unit-state.ts'

const shown = (changes: Record<string, string | number> = {}): string =>
  Object.entries({
    LoadState: 'loaded',
    ActiveState: 'active',
    MainPID: 12,
    InvocationID: 'abc',
    Result: 'success',
    ExecMainCode: 0,
    ExecMainStatus: 0,
    ControlGroup: '/system.slice/x.service',
    ...changes,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')

describe('what systemctl shows of a unit', () => {
  test('is read by name', () => {
    expect(parseUnitState(shown())).toEqual({
      loaded: true,
      active: 'active',
      mainPid: 12,
      invocation: 'abc',
      result: 'success',
      how: 0,
      status: 0,
      controlGroup: '/system.slice/x.service',
    })
  })

  test('may be empty', () => {
    expect(parseUnitState('')).toMatchObject({ loaded: false, active: 'inactive', mainPid: 0 })
  })

  test('says whether anything runs', () => {
    for (const active of ['active', 'activating', 'deactivating', 'reloading']) {
      expect(isOver(parseUnitState(shown({ ActiveState: active })))).toBe(false)
    }
    for (const active of ['inactive', 'failed']) {
      expect(isOver(parseUnitState(shown({ ActiveState: active })))).toBe(true)
    }
  })
})

describe('the end of a main process', () => {
  const cases: [string, Record<string, string | number>, object][] = [
    ['by itself', { ExecMainCode: 1, ExecMainStatus: 3 }, { exitCode: 3, signal: null, outOfMemory: false }],
    ['well', { ExecMainCode: 1, ExecMainStatus: 0 }, { exitCode: 0, signal: null, outOfMemory: false }],
    ['by a signal', { ExecMainCode: 2, ExecMainStatus: 9 }, { exitCode: null, signal: 'SIGKILL', outOfMemory: false }],
    ['with a core dump', { ExecMainCode: 3, ExecMainStatus: 11 }, { exitCode: null, signal: 'SIGSEGV' }],
    ['by a real-time signal', { ExecMainCode: 2, ExecMainStatus: 37 }, { signal: 'SIGRTMIN+3' }],
    // What systemd reports about the kernel's OOM killer (systemd.service(5), OOMPolicy). It is given as text, since a test host has no
    // memory controller of its own.
    [
      'for want of memory',
      { ExecMainCode: 2, ExecMainStatus: 9, Result: 'oom-kill' },
      { signal: 'SIGKILL', outOfMemory: true },
    ],
    ['in a way that systemd no longer knows', {}, { exitCode: null, signal: null, outOfMemory: false }],
  ]
  for (const [how, changes, exit] of cases) {
    test(`${how} is reported correctly`, () => expect(exitOf(parseUnitState(shown(changes)))).toMatchObject(exit))
  }
})
