/** The chat: with answers that a test writes, and with the real model in the compiled daemon. */
import { afterAll, beforeAll, describe, expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import type { Browser } from 'playwright-core'
import type { Dispatch } from '../../src/dispatch/dispatch-port.ts'
import { Daemon } from '../support/daemon.ts'
import { realEngine } from '../support/real-engine.ts'
import { smallModel } from '../support/small-model.ts'
import { launch, skipWithoutChromium } from './chromium.ts'
import { useDashboard } from './dashboard-page.ts'
import { offencesOf } from './offences.ts'

setDefaultTimeout(60_000)

type Delta = Record<string, unknown>

/** What the next request is answered with. */
let deltas: Delta[] = []
const asked: Record<string, unknown>[] = []
/** Resolves before the last delta is sent. */
let beforeLast: Promise<void> = Promise.resolve()

const scripted: Dispatch = async ({ request: { body } }, answer) => {
  const pieces: Buffer[] = []
  for (let piece = await body.next(); piece !== null; piece = await body.next()) pieces.push(piece)
  asked.push(JSON.parse(Buffer.concat(pieces).toString()))
  answer.begin(200, 'content-type: text/event-stream\r\n', null)
  const say = (chunk: unknown) => answer.write(Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`))
  const parts = [...deltas]
  const last = parts.pop()
  for (const delta of parts) say({ choices: [{ delta, finish_reason: null }] })
  await beforeLast
  say({ choices: [{ delta: last, finish_reason: 'stop' }] })
  say({ choices: [], usage: { completion_tokens: 7 }, timings: { predicted_per_second: 34.2 } })
  answer.write(Buffer.from('data: [DONE]\n\n'))
  answer.end()
}

describe.skipIf(skipWithoutChromium)('the chat', () => {
  const it = useDashboard(() => ({ dispatch: scripted }))
  const say = async (text: string): Promise<void> => {
    await it.page.getByLabel('Ask primary').fill(text)
    await it.page.keyboard.press('Enter')
  }
  const begin = async (): Promise<void> => {
    asked.length = 0
    beforeLast = Promise.resolve()
    it.server.slots.add('primary', { state: 'ready' })
    await it.open('#/chat/primary')
  }

  test('shows Markdown, folded thoughts, tool calls and figures, and asks again and otherwise', async () => {
    await begin()
    deltas = [
      { reasoning_content: 'The person wants a list.' },
      { content: '# Sizes\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n```sh\nls -S\n```\n\n$x^2$ and **bold**' },
      { tool_calls: [{ index: 0, function: { name: 'weather', arguments: '{"city":' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '"Oslo"}' } }] },
    ]
    await say('How?')
    await it.page.getByText('34 tokens/s').waitFor()
    await it.page.getByText('7 tokens', { exact: true }).waitFor()
    expect(await it.page.locator('.prose td').allTextContents()).toEqual(['1', '2'])
    expect(await it.page.getByRole('figure', { name: 'Code, sh' }).textContent()).toBe('ls -S')
    await it.page.getByText('$x^2$').waitFor()
    expect(await it.page.getByText('The person wants a list.').isVisible()).toBe(false)
    await it.page.getByText(/^Thought for/).click()
    await it.page.getByText('The person wants a list.').waitFor()
    await it.page.getByText('Calls weather').click()
    await it.page.getByText('{"city":"Oslo"}').waitFor()

    deltas = [{ content: 'Otherwise.' }]
    await it.page.getByRole('button', { name: 'Again' }).click()
    await it.page.getByText('Otherwise.').waitFor()
    await it.page.getByRole('button', { name: 'Edit' }).click()
    await it.page.getByRole('textbox', { name: 'Edit' }).fill('And how now?')
    deltas = [{ content: 'Like that.' }]
    await it.page.getByRole('button', { name: 'Send again' }).click()
    await it.page.getByText('Like that.').waitFor()
    expect(asked.map(({ messages }) => messages)).toEqual([
      [{ role: 'user', content: 'How?' }],
      [{ role: 'user', content: 'How?' }],
      [{ role: 'user', content: 'And how now?' }],
    ])
  })

  test('never runs what a model writes, and links only to pages', async () => {
    await begin()
    const evil = `<img src=x onerror="alert(1)"><script>alert(2)</script>`
    deltas = [
      { content: `${evil}\n\n[a](javascript:alert(3)) [b](https://example.com/) ![c](https://example.com/x.png)\n\n` },
      { content: `\`\`\`${evil}\n${evil}\n\`\`\`\n\n<iframe srcdoc="${evil}">` },
    ]
    await say(evil)
    await it.page.getByText('34 tokens/s').waitFor()
    expect(await it.page.locator('.turns img, .turns script, .turns iframe').count()).toBe(0)
    const links = it.page.locator('.prose a')
    expect(await links.evaluateAll((all) => all.map((link) => link.getAttribute('href')))).toEqual([
      'https://example.com/',
    ])
  })

  test('stops an answer, keeps what came, and keeps conversations in this browser only', async () => {
    await begin()
    beforeLast = new Promise(() => {})
    deltas = [{ content: 'It begins' }, { content: ' and ends' }]
    await say('First')
    await it.page.getByText('It begins').waitFor()
    await it.page.getByRole('button', { name: 'Stop' }).click()
    await it.page.getByText('stopped', { exact: true }).waitFor()
    beforeLast = Promise.resolve()
    await it.page.getByRole('button', { name: 'New chat' }).first().click()
    await it.page.getByRole('button', { name: 'Options' }).click()
    await it.page.getByLabel('System prompt').fill('Be brief.')
    await it.page.getByLabel('Temperature').fill('0.5')
    deltas = [{ content: 'Second answer' }]
    await say('Second')
    await it.page.getByText('Second answer').waitFor()
    expect(asked.at(-1)).toMatchObject({
      ...{ model: 'primary', temperature: 0.5, stream: true },
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Second' },
      ],
    })
    await it.page.getByText('Kept in this browser only.').waitFor()
    await it.open('#/chat')
    const talks = it.page.getByRole('complementary', { name: 'Conversations' }).getByRole('listitem')
    expect(await talks.allTextContents()).toEqual(['Second', 'First'])
    await talks.getByText('First').click()
    await it.page.getByText('It begins').waitFor()
    const [download] = await Promise.all([
      it.page.waitForEvent('download'),
      it.page.getByRole('button', { name: 'Export First' }).click(),
    ])
    expect(await Bun.file(await download.path()).text()).toContain('**You**\n\nFirst')
    await it.page.getByRole('button', { name: 'Delete First' }).click()
    await it.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await talks.getByText('First').waitFor({ state: 'detached' })
  })

  test('can be used with one thumb: everything is there on a phone', async () => {
    await begin()
    await it.page.setViewportSize({ width: 360, height: 640 })
    deltas = [{ content: 'x'.repeat(400) }]
    await it.page.getByLabel('Ask primary').fill('Long?')
    await it.page.getByRole('button', { name: 'Send' }).click()
    await it.page.getByText('34 tokens/s').waitFor()
    expect(await it.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
    await it.page.getByRole('button', { name: 'Chats' }).click()
    await it.page.getByRole('button', { name: 'Long?', exact: true }).click()
    expect(await it.page.getByLabel('Ask primary').isVisible()).toBe(true)
  })

  describe('with a real model', () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await launch()
    })
    afterAll(() => browser?.close())

    test('shows a cold slot load in place, streams its answer, and says that the daemon went away', async () => {
      const daemon = await Daemon.start()
      await daemon.addSlot(await smallModel(), {
        ...{ name: 'primary', model: 'small', engine: await realEngine(), load: 'on-demand', context_size: 2048 },
      })
      const page = await browser.newPage()
      onTestFinished(() => page.close())
      // A model in a busy machine takes its time.
      page.setDefaultTimeout(100_000)
      const offences = offencesOf(page)
      await page.goto(`${daemon.url}/#/chat/primary`)
      await page.getByText('It is not loaded; the first question loads it.').waitFor()
      await page.getByLabel('Ask primary').fill('Write a very long story about the sea.')
      await page.keyboard.press('Enter')
      await page.getByText(/primary is loading|Waiting for primary/).waitFor()
      await page.locator('.prose').getByText(/\w/).first().waitFor()
      await page.locator('.talk-head .badge').getByText('serving').waitFor()
      await daemon.kill()
      await page.getByRole('alert').getByText('The answer broke off.').waitFor()
      await page.getByText('Connection lost.').waitFor()
      await daemon.launch()
      await page.getByText('Connection lost.').waitFor({ state: 'hidden' })
      await page.getByRole('button', { name: 'Again' }).click()
      await page.getByRole('button', { name: 'Stop' }).click()
      await page.getByText('stopped', { exact: true }).waitFor()
      expect(offences).toEqual([])
    }, 240_000)
  })
})
