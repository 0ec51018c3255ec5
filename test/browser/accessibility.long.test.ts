import { describe, setDefaultTimeout, test } from 'bun:test'
import { skipWithoutChromium } from './chromium.ts'
import { useDashboard } from './dashboard-page.ts'
import { expectGoodViews } from './views.ts'

setDefaultTimeout(240_000)

describe.skipIf(skipWithoutChromium)('every view', () => {
  const dashboard = useDashboard()

  test('has nothing that axe-core finds wrong and fits its page, light on a phone, and dark and wide', () =>
    expectGoodViews(dashboard, [
      ['light', 360],
      ['dark', 1280],
    ]))
})
