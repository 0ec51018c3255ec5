/** Looks at every view with something in it. */
import { expect } from 'bun:test'
import { join } from 'node:path'
import { tiny } from '../http/support/fake-services.ts'
import { violationsOf } from './axe.ts'
import type { Dashboard } from './dashboard-page.ts'

/** Set it to keep screenshots, e.g. to check a change of the style. */
const pictures = process.env.HAL0_TEST_SCREENSHOTS

export type Look = readonly [colorScheme: 'light' | 'dark', width: 1280 | 360]

const views = ['', 'slots/stt', 'slots/stt/log', 'slots/stt/settings', 'slots/stt/use', 'models', 'chat/tts']

const since = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString()

/** Fails where axe-core finds something wrong with a view, or where it is wider than the page. */
export const expectGoodViews = async ({ server, page, open }: Dashboard, looks: readonly Look[]): Promise<void> => {
  const { slots, models } = server
  const message = 'The backend ended with exit code 1. `hal0 slot logs stt` shows why; correct it and load again.'
  const error = { message, type: 'server_error', param: null, code: 'slot.crashed', details: {} }
  slots.add('big', { state: 'warming', model: 'qwen3-8b-q4_k_m', port: 8084, since: since(12) })
  slots.add('embed', { state: 'idle', model: 'bge-small-en-v1.5-q8_0', port: 8082, since: since(4000) })
  slots.add('a'.repeat(32), { state: 'serving', model: 'm'.repeat(120), since: since(4) })
  slots.add('stt', { state: 'error', error, port: 8083, since: since(200) })
  slots.add('tts', { port: 8085, since: since(90_000) })
  models.entries.set('tiny', { ...tiny, id: 'x'.repeat(120) })
  for (const [colorScheme, width] of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height: 740 })
    await open()
    for (const view of views) {
      await page.evaluate((hash) => {
        location.hash = hash
      }, `#/${view}`)
      await page.locator('main h1').waitFor({ state: 'attached' })
      await page.locator(view.endsWith('settings') ? '#setting-port' : 'main').waitFor()
      const where = `${view} ${colorScheme} ${width}`
      expect([where, await violationsOf(page)]).toEqual([where, []])
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      expect([where, wide <= width]).toEqual([where, true])
      if (pictures === undefined) continue
      const name = `${view.replaceAll('/', '-') || 'home'}-${colorScheme}-${width}.png`
      await page.screenshot({ path: join(pictures, name), fullPage: true })
    }
  }
}
