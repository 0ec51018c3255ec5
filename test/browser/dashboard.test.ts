import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import type { SlotView } from '../../src/slots/run/lease.ts'
import { decisionOf, tiny } from '../http/support/fake-services.ts'
import { skipWithoutChromium } from './chromium.ts'
import { useDashboard } from './dashboard-page.ts'

setDefaultTimeout(30_000)

const since = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString()
const errorOf = (message: string) => ({
  message,
  type: 'server_error',
  param: null,
  code: 'slot.crashed',
  details: {},
})

describe.skipIf(skipWithoutChromium)('the dashboard', () => {
  let problems: string[] = []
  const it = useDashboard(() => ({
    status: () => ({
      ...{ version: '0.0.0', uptime_s: 1, pid: process.pid, supervisor: 'process', url: 'http://127.0.0.1', problems },
      slots: [],
    }),
  }))
  const card = (name: string) =>
    it.page.locator('article.card').filter({ has: it.page.getByRole('heading', { name, exact: true }) })
  const badge = (name: string) => card(name).locator('.badge')

  test('shows the daemon, the machine and the slots at Home', async () => {
    it.server.slots.add('primary', { state: 'ready', port: 8083 })
    it.server.slots.views = () => [
      {
        ...{ name: 'primary', state: 'serving', model: 'tiny', aliases: [], load: 'manual', mode: 'chat', pid: 1 },
        ...{ requests: 3, waiting: 1, abilities: () => ({}) },
      } as unknown as SlotView,
    ]
    await it.open()
    expect(await it.page.locator('#status').textContent()).toContain('0.0.0 · up')
    expect(await badge('primary').textContent()).toBe('ready')
    await card('primary').getByText('2 + 1 wait', { exact: true }).waitFor()
    it.server.decisions.add({ ...decisionOf(1), time: since(1), tokens_per_second: 34.2 })
    await card('primary').locator('dd').getByText('34', { exact: true }).waitFor()
    await it.page.getByRole('region', { name: 'This machine' }).getByText('Disk').waitFor()
  })

  test('follows a slot live: state, progress, error and the verbs that are legal now', async () => {
    it.server.slots.add('primary')
    await it.open()
    const buttons = () => card('primary').getByRole('button').allTextContents()
    expect(await buttons()).toEqual(['Load'])
    await card('primary').getByRole('button', { name: 'Load primary' }).click()
    await badge('primary').getByText('starting').waitFor()
    expect(it.server.slots.commands.map(({ command }) => command.do)).toEqual(['load'])
    expect(await buttons()).toEqual(['Cancel'])

    it.server.slots.become('primary', { state: 'warming' })
    const progress = { name: 'primary', state: 'warming' as const, elapsed_s: 12.3, expected_s: 30, pull: null }
    await badge('primary').getByText('warming').waitFor()
    it.server.slots.signals.publish({ kind: 'progress', progress })
    await card('primary').getByText('12 s of about 30 s').waitFor()

    it.server.slots.become('primary', { state: 'ready' })
    await badge('primary').getByText('ready').waitFor()
    expect(await buttons()).toEqual(['Unload', 'Restart'])
    expect(await card('primary').locator('.progress').count()).toBe(0)
    expect(await it.page.locator('#announcements').textContent()).toBe('primary is ready')

    const message = 'The backend ran out of memory. Choose a smaller context_size and load again.'
    it.server.slots.become('primary', { state: 'error', error: errorOf(message) })
    await card('primary').getByText(message).waitFor()
    expect(await buttons()).toEqual(['Load', 'Acknowledge'])

    it.server.slots.become('primary', { state: 'offline', error: null })
    await badge('primary').getByText('offline').waitFor()
    expect(await card('primary').locator('.failure').count()).toBe(0)
  })

  test('shows the progress of a pull on the card of the slot that waits for it', async () => {
    it.server.slots.add('primary', { state: 'pulling', pull: 'big' })
    await it.open()
    const pull = {
      ...{ bytes_total: 398_000_000, bytes_received: 167_200_000, throughput_bps: 12_000_000, elapsed_s: 14 },
      ...{ eta_s: 19.2, file: 'big.gguf', phase: 'downloading' as const },
    }
    const tell = (phase: typeof pull.phase | 'resolving' | 'verifying') => {
      const progress = { name: 'primary', state: 'pulling' as const, elapsed_s: 14, expected_s: null }
      it.server.slots.signals.publish({ kind: 'progress', progress: { ...progress, pull: { ...pull, phase } } })
    }
    await card('primary').waitFor()
    tell('downloading')
    await card('primary').getByText('42 % of 398 MB, 12 MB/s, 20 s left', { exact: true }).waitFor()
    expect(await card('primary').locator('progress').getAttribute('value')).toMatch(/^0\.42/)
    tell('verifying')
    await card('primary').getByText('verifying 398 MB', { exact: true }).waitFor()
    tell('resolving')
    await card('primary').getByText('asking the hub', { exact: true }).waitFor()
  })

  test('adds created slots and drops deleted ones, sorted by name, and says what to do without any', async () => {
    it.server.slots.add('tts')
    await it.open()
    await card('tts').waitFor()
    it.server.slots.add('embed')
    it.server.slots.become('embed', { state: 'starting' })
    await card('embed').waitFor()
    expect(await it.page.locator('article h3').allTextContents()).toEqual(['embed', 'tts'])
    await it.server.slots.delete('tts')
    await card('tts').waitFor({ state: 'detached' })
    await it.server.slots.delete('embed')
    await it.page.getByText('No slots yet.').waitFor()
    await it.page.getByRole('link', { name: 'Choose a model' }).click()
    await it.page.getByRole('heading', { name: 'Models', level: 1 }).waitFor()
  })

  test('shows what is wrong with the daemon, on top and live', async () => {
    problems = ['The disk is full. Delete models that you do not need.']
    await it.open()
    await it.page
      .locator('#problems')
      .getByText(problems[0] ?? '')
      .waitFor()
    problems = []
    await it.page.locator('#problems').waitFor({ state: 'hidden' })
  })

  test('makes a slot from Home, and says why a name cannot be', async () => {
    await it.open()
    await it.page.getByRole('button', { name: 'New slot' }).click()
    const name = it.page.getByLabel('Name')
    expect(await name.inputValue()).toBe('primary')
    await name.fill('Primary!')
    await it.page.getByText('A name has 1 to 32 letters').waitFor()
    await name.fill('writer')
    await it.page.getByRole('button', { name: 'Create' }).click()
    await it.page.getByRole('heading', { name: 'writer', level: 1 }).waitFor()
    expect((await it.server.slots.show('writer')).config).toMatchObject({ model: 'tiny', load: 'on-demand' })
  })

  test('offers well-known models where there are none, with size, licence and fit, and pulls one at a click', async () => {
    it.server.models.entries.clear()
    await it.open('#/models')
    const offers = it.page.locator('.offers li')
    await offers.first().waitFor()
    expect(await offers.first().textContent()).toMatch(/fits.*licence .*needs .* free/)
    const asked = it.page.waitForRequest((request) => request.method() === 'POST')
    await offers.first().getByRole('button').click()
    expect((await asked).url()).toMatch(/\/api\/models\/[^/]+\/pull$/)
    await it.page.locator('#pulls li').first().waitFor()
  })

  test('says why a command was refused', async () => {
    it.server.slots.add('primary')
    it.server.slots.command = () => Promise.reject(new Hal0Error('slot.no_model', 'The slot has no model. Choose one.'))
    await it.open()
    await card('primary').getByRole('button', { name: 'Load primary' }).click()
    await card('primary').getByRole('alert').getByText('The slot has no model. Choose one.').waitFor()
    expect(await card('primary').getByRole('button', { name: 'Load primary' }).getAttribute('aria-disabled')).toBe(
      'false',
    )
  })

  test('shows hostile names and messages as text, wherever they are', async () => {
    const evil = `<img src=x onerror="alert(1)"><script>alert(2)</script>`
    it.server.slots.add('primary', { state: 'error', model: evil, error: errorOf(evil), reason: evil })
    it.server.models.entries.set('tiny', { ...tiny, architecture: evil, quantization: evil })
    it.server.slots.logs = async () => [evil]
    problems = [evil]
    for (const hash of ['#/', '#/slots/primary', '#/slots/primary/settings', '#/models', '#/chat/primary']) {
      await it.open(hash)
      await it.page.getByText(evil).first().waitFor()
      expect(await it.page.locator('main img, main script').count()).toBe(0)
    }
    problems = []
    await it.open(`#/slots/${encodeURIComponent(evil)}`)
    await it.page.getByRole('heading', { name: evil }).waitFor()
  })

  test('says since when it is stale, and is up to date once it has reconnected', async () => {
    it.server.slots.add('primary')
    it.server.slots.add('stt')
    await it.open()
    await card('stt').waitFor()
    await it.context.setOffline(true)
    it.server.app.streams.closeAll()
    await it.page.getByText(/Connection lost\. What you see is from \d+ s ago/).waitFor()
    it.server.slots.become('primary', { state: 'ready' })
    await it.server.slots.delete('stt')
    await it.context.setOffline(false)
    await badge('primary').getByText('ready').waitFor({ timeout: 20_000 })
    await card('stt').waitFor({ state: 'detached' })
    expect(await it.page.locator('#connection').isVisible()).toBe(false)
  })

  test('keeps the keyboard focus on a slot whose button disappears', async () => {
    it.server.slots.add('primary')
    await it.open()
    await card('primary').getByRole('button', { name: 'Load primary' }).focus()
    await it.page.keyboard.press('Enter')
    await badge('primary').getByText('starting').waitFor()
    expect(await card('primary').evaluate((root) => root === document.activeElement)).toBe(true)
  })

  test('has a palette that finds views, slots and verbs by keyboard alone', async () => {
    it.server.slots.add('primary')
    await it.open()
    await card('primary').waitFor()
    await it.page.keyboard.press('Control+k')
    const field = it.page.getByRole('combobox')
    await field.waitFor()
    await it.page.keyboard.type('load pri')
    expect(await it.page.getByRole('option').allTextContents()).toEqual(['Load primaryaction'])
    await it.page.keyboard.press('Enter')
    await it.page.getByRole('heading', { name: 'primary', level: 1 }).waitFor()
    expect(it.server.slots.commands.map(({ command }) => command.do)).toEqual(['load'])
    await it.page.keyboard.press('Control+k')
    await it.page.keyboard.type('zzz')
    await it.page.getByText('Nothing here is called that.').waitFor()
    await it.page.keyboard.press('Escape')
    await field.waitFor({ state: 'detached' })
  })

  test('works below a path of a proxy: each of its addresses is relative', async () => {
    it.server.slots.add('primary', { state: 'ready' })
    const proxy = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: (request) => {
        const url = new URL(request.url)
        if (!url.pathname.startsWith('/box/')) return new Response('elsewhere', { status: 404 })
        return fetch(`${it.server.url}${url.pathname.slice(4)}${url.search}`, { headers: { host: 'localhost' } })
      },
    })
    try {
      await it.page.goto(`http://127.0.0.1:${proxy.port}/box/#/`)
      await badge('primary').getByText('ready').waitFor()
      await it.page.goto(`http://127.0.0.1:${proxy.port}/box/#/slots/primary/use`)
      await it.page.getByText(`curl http://127.0.0.1:${proxy.port}/box/v1/chat/completions`).waitFor()
    } finally {
      await proxy.stop(true)
    }
  })

  test('and its API page load without violating their content security policy', async () => {
    await it.page.goto(`${it.server.url}/docs`)
    await it.page.getByText('/api/slots/{name}/load').first().click()
    expect(await it.page.evaluate(() => getComputedStyle(document.querySelector('summary') as Element).display)).toBe(
      'flex',
    )
  })
})
