import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { until } from '../support/until.ts'
import { skipWithoutChromium } from './chromium.ts'
import { useDashboard } from './dashboard-page.ts'

setDefaultTimeout(60_000)

const happening = (time: string, state: string, text: string) => ({
  ...{ time, what: 'state' as const, slot: 'primary', text, state: state as 'ready', model: 'tiny', code: null },
  ...{ said: null, request_id: null, caller: null },
})

describe.skipIf(skipWithoutChromium)('the page of a slot', () => {
  const it = useDashboard(() => ({
    why: {
      asked: () => {},
      explain: async () => ({
        sentences: ['Slot primary is ready.'],
        events: [
          happening('2026-01-02T03:04:05.000Z', 'starting', 'load requested'),
          happening('2026-01-02T03:04:06.000Z', 'warming', 'the backend is up'),
          happening('2026-01-02T03:04:20.000Z', 'ready', 'passed its probe'),
        ],
      }),
    },
  }))

  test('lights the present state, and says what happened, how long it took and why', async () => {
    it.server.slots.add('primary', { state: 'ready' })
    await it.open('#/slots/primary')
    const lit = it.page.locator('.lifecycle [aria-current="step"]')
    expect(await lit.textContent()).toBe('ready')
    await it.page.getByText('Slot primary is ready.').waitFor()
    expect(await it.page.locator('.timeline').first().locator('li').allTextContents()).toEqual([
      expect.stringContaining('ready passed its probe'),
      expect.stringMatching(/warming the backend is up.*for 14 s$/),
      expect.stringMatching(/starting load requested.*for 1 s$/),
    ])
    it.server.slots.become('primary', { state: 'serving' })
    await lit.getByText('serving').waitFor()
  })

  test('shows the log live, searches it, holds it still, and gives it as a file', async () => {
    it.server.slots.add('primary', { state: 'ready' })
    await it.open('#/slots/primary/log')
    await until('the page follows the log', () => it.server.slots.followers.get('primary')?.size === 1)
    const print = (text: string) => {
      for (const take of it.server.slots.followers.get('primary') ?? []) void take([{ id: null, entry: text }])
    }
    print('loading the model')
    print('<b>ready</b>')
    const log = it.page.getByRole('log')
    await log.getByText('<b>ready</b>', { exact: true }).waitFor()
    await it.page.getByLabel('Search the log').fill('MODEL')
    await log.getByText('<b>ready</b>').waitFor({ state: 'detached' })
    expect(await log.locator('div').allTextContents()).toEqual(['loading the model'])
    await it.page.getByLabel('Search the log').fill('')
    await it.page.getByRole('button', { name: 'Pause' }).click()
    print('later')
    await it.page.getByText('1 new line', { exact: true }).waitFor()
    expect(await log.getByText('later').count()).toBe(0)
    await it.page.getByRole('button', { name: 'Go on' }).click()
    await log.getByText('later').waitFor()
    const [download] = await Promise.all([
      it.page.waitForEvent('download'),
      it.page.getByRole('button', { name: 'Download' }).click(),
    ])
    expect(download.suggestedFilename()).toBe('primary.log')
    expect(await Bun.file(await download.path()).text()).toBe('one\ntwo\nthree\n')
  })

  test('changes settings: says when they take effect, what its file will have, and what cannot be', async () => {
    it.server.slots.add('primary', { state: 'ready' })
    await it.open('#/slots/primary/settings')
    const { page } = it
    await page.getByLabel('queue_length').fill('-1')
    await page.getByText('queue_length must be at least 0').waitFor()
    expect(await page.getByRole('button', { name: 'Save' }).getAttribute('aria-disabled')).toBe('true')
    await page.getByLabel('queue_length').fill('8')
    await page.getByText('takes effect at once').waitFor()
    await page.getByLabel('context_size').fill('4096')
    await page.getByText('takes effect at the next load').waitFor()
    await page.getByLabel('aliases').fill('gpt-4\n gpt-4o ')
    await page.getByLabel('autostart').check()
    const toml = (await page.getByRole('figure', { name: 'In its file' }).textContent()) ?? ''
    expect(toml).toContain('queue_length = 8')
    expect(toml).toContain('aliases = ["gpt-4", "gpt-4o"]')
    expect(toml).toMatch(/\[llama_cpp\]\n(.*\n)*context_size = 4096/)
    await page.getByRole('button', { name: 'Save' }).press('Enter')
    await page.getByText('takes effect at once').first().waitFor({ state: 'detached' })
    expect((await it.server.slots.show('primary')).config).toMatchObject({
      ...{ queue_length: 8, context_size: 4096, aliases: ['gpt-4', 'gpt-4o'], autostart: true },
    })
    it.server.slots.edit = () => Promise.reject(new Hal0Error('request.invalid', 'The port 1 is taken.'))
    await page.getByLabel('port').fill('1')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alert').getByText('The port 1 is taken.').waitFor()
  })

  test('shows how to use it from curl, Python and JavaScript, and copies that without a clipboard', async () => {
    it.server.slots.add('primary', { state: 'ready' })
    await it.open('#/slots/primary/use')
    for (const example of ['curl', 'Python', 'JavaScript']) {
      const text = (await it.page.getByRole('figure', { name: example }).textContent()) ?? ''
      expect(text).toContain(`${it.server.url}/v1`)
      expect(text).toContain('primary')
      expect(text).toContain('HAL0_API_KEY')
    }
    await it.page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }))
    await it.page.getByRole('button', { name: 'Copy curl' }).click()
    await it.page.getByText('Copied', { exact: true }).waitFor()
  })

  test('swaps the model, and deletes only what is offline, after it has asked', async () => {
    it.server.slots.add('primary', { state: 'ready', model: null })
    await it.open('#/slots/primary')
    await it.page.getByRole('button', { name: 'Swap model' }).click()
    await it.page.getByRole('dialog').getByLabel('Model').selectOption('tiny')
    await it.page.getByRole('button', { name: 'Swap and load' }).click()
    await until('the swap was asked for', () => it.server.slots.commands.length === 1)
    expect(it.server.slots.commands[0]?.command).toEqual({ do: 'swap', model: 'tiny' })
    await it.page.getByRole('button', { name: 'Delete' }).click()
    await it.page.getByText('Unload the slot first').waitFor()
    await it.page.keyboard.press('Escape')
    it.server.slots.become('primary', { state: 'offline' })
    await it.page.locator('.lifecycle [aria-current="step"]').getByText('offline').waitFor()
    await it.page.getByRole('button', { name: 'Delete' }).click()
    await it.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await it.page.getByText('No slots yet.').waitFor()
    await it.open('#/slots/primary')
    await it.page.getByText('There is no slot primary.').waitFor()
  })
})
