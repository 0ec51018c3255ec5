import { expect, test } from 'bun:test'
import { unitIn } from '../../../src/system/proc/process-unit.ts'

test('a process belongs to the unit of its control group, in both versions of control groups', () => {
  expect(unitIn('0::/system.slice/hal0.service\n')).toBe('hal0.service')
  expect(unitIn('1:name=systemd:/\n0::/system.slice/system-hal0\\x2dslot.slice/hal0-slot@a.service\n')).toBe(
    'hal0-slot@a.service',
  )
  expect(unitIn('0::/user.slice/user-1000.slice/user@1000.service/app.slice/hal0.service')).toBe('hal0.service')
  expect(unitIn('0::/init.scope\n')).toBeNull()
})
