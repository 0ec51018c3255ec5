import { expect, test } from 'bun:test'
import { Units } from '../../../src/system/systemd/unit/units.ts'

const unit = 'hal0-slot@primary.service'

test('a cut-off answer of systemctl does not mean that a unit has ended', async () => {
  for (const stdout of ['', 'LoadState=loaded\n', 'LoadState=loaded\nActiveState=']) {
    const asked: string[] = []
    const units = new Units({
      scope: 'system',
      run: async ([verb]) => {
        asked.push(verb ?? '')
        return { code: 0, stdout, stderr: '' }
      },
    })
    await expect(units.end(unit, 0)).rejects.toMatchObject({ code: 'supervisor.failed' })
    expect(asked).toEqual(['show'])
  }
})
