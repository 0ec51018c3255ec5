import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { buildWeb } from '../../web/build.ts'
import { tiny } from '../http/support/fake-services.ts'
import { startServer, type TestServer } from '../http/support/server.ts'
import { launch, skipWithoutChromium } from './chromium.ts'
import { lowestContrast } from './contrast.ts'
import { offencesOf } from './offences.ts'

setDefaultTimeout(30_000)

/** Set it to keep screenshots, e.g. to check a change of the style. */
const pictures = process.env.HAL0_TEST_SCREENSHOTS

describe.skipIf(skipWithoutChromium)('the dashboard', () => {
  let folder: string
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let server: TestServer
  let offences: string[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hal0-web-'))
    await buildWeb(join(folder, 'web'))
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  beforeEach(async () => {
    // Hostile values violate the schemas on purpose: the page must not rely on the daemon here.
    server = await startServer({ webDir: join(folder, 'web'), checkReplies: false })
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    page = await context.newPage()
    offences = offencesOf(page)
  })
  afterEach(async () => {
    await context.close()
    await server.stop()
    expect(offences).toEqual([])
  })

  const card = (name: string) =>
    page.locator('article.card').filter({ has: page.getByRole('heading', { name, exact: true }) })
  const badge = (name: string) => card(name).locator('.badge')
  const open = async (): Promise<void> => {
    await page.goto(`${server.url}/`)
    await page.locator('table, #models .empty').waitFor()
  }

  test('shows the daemon, the slots, the models and how to call the API', async () => {
    server.slots.add('primary', { state: 'ready', port: 8083 })
    await open()
    expect(await page.locator('#status').textContent()).toContain('0.0.0 · up')
    expect(await badge('primary').textContent()).toBe('ready')
    expect(await card('primary').locator('dd').allTextContents()).toEqual([
      'tiny',
      '8083',
      expect.stringMatching(/ ago$/),
    ])
    expect(await page.locator('#models td').allTextContents()).toContain('492 kB')
    expect(await page.locator('#usage pre').textContent()).toContain(`curl ${server.url}/v1/chat/completions`)
    expect(await page.locator('#usage pre').textContent()).toContain('"model":"primary"')
  })

  test('follows a slot live: state, progress, error and the buttons that fit', async () => {
    server.slots.add('primary')
    await open()
    const buttons = () => card('primary').getByRole('button').allTextContents()
    expect(await buttons()).toEqual(['Load'])
    await card('primary').getByRole('button', { name: 'Load primary' }).click()
    await badge('primary').getByText('starting').waitFor()
    expect(server.slots.commands.map(({ command }) => command.do)).toEqual(['load'])
    expect(await buttons()).toEqual(['Cancel'])

    server.slots.become('primary', { state: 'warming' })
    const progress = { name: 'primary', state: 'warming' as const, elapsed_s: 12.3, expected_s: 30, pull: null }
    await badge('primary').getByText('warming').waitFor()
    server.slots.signals.publish({ kind: 'progress', progress })
    await card('primary').getByText('warming — 12 s of about 30 s').waitFor()

    server.slots.become('primary', { state: 'ready' })
    await badge('primary').getByText('ready').waitFor()
    expect(await buttons()).toEqual(['Unload', 'Restart'])
    expect(await card('primary').locator('.progress').isVisible()).toBe(false)
    expect(await page.locator('#announcements').textContent()).toBe('primary is ready')

    const message = 'The backend ran out of memory. Choose a smaller context_size and load again.'
    const error = { message, type: 'server_error', param: null, code: 'slot.out_of_memory', details: {} }
    server.slots.become('primary', { state: 'error', error })
    await card('primary').getByText(message).waitFor()
    expect(await buttons()).toEqual(['Load', 'Acknowledge'])

    server.slots.become('primary', { state: 'offline', error: null })
    await badge('primary').getByText('offline').waitFor()
    expect(await card('primary').locator('.failure').isVisible()).toBe(false)
  })

  test('shows the progress of a pull on the card of the slot that waits for it', async () => {
    server.slots.add('primary', { state: 'pulling', pull: 'big' })
    await open()
    const pull = {
      ...{ bytes_total: 398_000_000, bytes_received: 167_200_000, throughput_bps: 12_000_000, elapsed_s: 14 },
      ...{ eta_s: 19.2, file: 'big.gguf', phase: 'downloading' as const },
    }
    const tell = (phase: typeof pull.phase | 'resolving' | 'verifying') => {
      const progress = { name: 'primary', state: 'pulling' as const, elapsed_s: 14, expected_s: null }
      server.slots.signals.publish({ kind: 'progress', progress: { ...progress, pull: { ...pull, phase } } })
    }
    tell('downloading')
    await card('primary').getByText('pulling — 42 % of 398 MB, 12 MB/s, 20 s left', { exact: true }).waitFor()
    expect(await card('primary').locator('progress').getAttribute('value')).toMatch(/^0\.42/)
    tell('verifying')
    await card('primary').getByText('pulling — verifying 398 MB', { exact: true }).waitFor()
    tell('resolving')
    await card('primary').getByText('pulling — asking the hub', { exact: true }).waitFor()
  })

  test('adds created slots and drops deleted ones, sorted by name', async () => {
    server.slots.add('tts')
    await open()
    server.slots.add('embed')
    server.slots.become('embed', { state: 'starting' })
    await card('embed').waitFor()
    expect(await page.locator('article h3').allTextContents()).toEqual(['embed', 'tts'])
    await server.slots.delete('tts')
    await card('tts').waitFor({ state: 'detached' })
    await server.slots.delete('embed')
    await page.getByText('No slots yet.').waitFor()
  })

  test('says why a command was refused', async () => {
    server.slots.add('primary')
    server.slots.command = () => Promise.reject(new Hal0Error('slot.no_model', 'The slot has no model. Choose one.'))
    await open()
    await card('primary').getByRole('button', { name: 'Load primary' }).click()
    await card('primary').getByRole('alert').getByText('The slot has no model. Choose one.').waitFor()
    expect(await card('primary').getByRole('button', { name: 'Load primary' }).isEnabled()).toBe(true)
  })

  test('shows hostile names and messages as text', async () => {
    const evil = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
    const error = { message: evil, type: 'server_error', param: null, code: 'slot.crashed', details: {} }
    server.slots.add('primary', { state: 'error', model: evil, error })
    server.models.entries.set('tiny', { ...tiny, architecture: evil, quantization: evil })
    await open()
    expect(await card('primary').locator('.failure').textContent()).toBe(evil)
    expect(await card('primary').locator('dd').first().textContent()).toBe(evil)
    expect(await page.locator('#models td').allTextContents()).toContain(evil)
    expect(await page.locator('img, article script, table script').count()).toBe(0)
    expect(await page.title()).toBe('hal0')
  })

  test('says that the connection is lost, and is up to date once it has reconnected', async () => {
    server.slots.add('primary')
    server.slots.add('stt')
    await open()
    await context.setOffline(true)
    server.app.streams.closeAll()
    await page.getByText('Connection lost.').waitFor()
    server.slots.become('primary', { state: 'ready' })
    await server.slots.delete('stt')
    await context.setOffline(false)
    await badge('primary').getByText('ready').waitFor({ timeout: 20_000 })
    await card('stt').waitFor({ state: 'detached' })
    expect(await page.locator('#connection').isVisible()).toBe(false)
  })

  test('keeps the keyboard focus on a slot whose button disappears', async () => {
    server.slots.add('primary')
    await open()
    await card('primary').getByRole('button', { name: 'Load primary' }).focus()
    await page.keyboard.press('Enter')
    await badge('primary').getByText('starting').waitFor()
    expect(await card('primary').evaluate((root) => root === document.activeElement)).toBe(true)
  })

  test('fits a phone: nothing is wider than the page', async () => {
    await page.setViewportSize({ width: 390, height: 844 })
    server.slots.add('a'.repeat(32), { model: 'm'.repeat(120), state: 'error', error: null })
    server.models.entries.set('tiny', { ...tiny, id: 'x'.repeat(120) })
    await open()
    await card('a'.repeat(32)).waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  })

  test('and its API page load without violating their content security policy', async () => {
    await page.goto(`${server.url}/docs`)
    await page.getByText('/api/slots/{name}/load').first().click()
    expect(await page.evaluate(() => getComputedStyle(document.querySelector('summary') as Element).display)).toBe(
      'flex',
    )
  })

  test('is legible in light and dark, wide and narrow', async () => {
    const since = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString()
    const message = 'The backend ended with exit code 1. `hal0 slot logs stt` shows why; correct it and load again.'
    const error = { message, type: 'server_error', param: null, code: 'slot.crashed', details: {} }
    server.slots.add('big', { state: 'warming', model: 'llama-3.1-8b-instruct-q4_k_m', port: 8084, since: since(12) })
    server.slots.add('embed', { state: 'idle', model: 'bge-small-en-v1.5-q8_0', port: 8082, since: since(4000) })
    server.slots.add('primary', { state: 'serving', model: 'qwen2.5-0.5b-instruct-q4_k_m', since: since(4) })
    server.slots.add('stt', { state: 'error', error, port: 8083, since: since(200) })
    server.slots.add('tts', { port: 8085, since: since(90_000) })
    const progress = { name: 'big', state: 'warming' as const, elapsed_s: 12, expected_s: 30, pull: null }
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 900 })
        await open()
        await card('big').waitFor()
        server.slots.signals.publish({ kind: 'progress', progress })
        await card('big').locator('.progress').waitFor()
        const { ratio, text } = await lowestContrast(page)
        if (ratio < 4.5) throw new Error(`"${text}" has a contrast of ${ratio} only, ${colorScheme}, ${width} px wide`)
        const path = join(pictures ?? folder, `dashboard-${colorScheme}-${width}.png`)
        await page.screenshot({ path, fullPage: true })
      }
    }
    const picture = (scheme: string) => Bun.file(join(pictures ?? folder, `dashboard-${scheme}-1280.png`)).bytes()
    expect(Buffer.compare(await picture('light'), await picture('dark'))).not.toBe(0)
  })
})
