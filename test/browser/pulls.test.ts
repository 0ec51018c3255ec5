/** Pulls on the dashboard: Chromium, the compiled daemon, and a fake hub that the hub's own client downloads from. */
import { afterAll, beforeAll, describe, expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { smallProjector } from '../models/gguf/gguf-bytes.ts'
import { Daemon } from '../support/daemon.ts'
import { FakeHub } from '../support/fake-hub/fake-hub.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { launch, skipWithoutChromium } from './chromium.ts'
import { lowestContrast } from './contrast.ts'
import { offencesOf } from './offences.ts'

setDefaultTimeout(60_000)

/** Set it to keep screenshots, e.g. to check a change of the style. */
const pictures = process.env.HAL0_TEST_SCREENSHOTS

const repo = 'acme/tiny-GGUF'
const id = 'tiny-q4_k_m'
const evil = `<img src=x onerror="document.title='owned'">`

describe.skipIf(skipWithoutChromium)('pulls on the dashboard', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser?.close())

  /** A model of 31 MB in three quantisations, a gated repository, and one with hostile names. */
  const setUp = async () => {
    const content = await Bun.file(await tinyModel('chat', { layers: 16, width: 256 })).bytes()
    const files = (...names: string[]) => names.map((path) => ({ path, content }))
    const hub = await FakeHub.start({
      repos: [
        { id: repo, files: files('tiny-Q4_K_M.gguf', 'tiny-Q5_K_M.gguf', 'tiny-Q8_0.gguf'), downloads: 52_714 },
        { id: 'acme/tiny-gated-GGUF', files: files('gated-Q4_K_M.gguf'), downloads: 907, gated: 'manual' },
        { id: 'acme/evil', files: files(`${evil}-Q4_K_M.gguf`) },
        { id: `acme/${evil}`, files: [] },
        {
          id: 'acme/eye',
          files: [...files('eye-Q4_K_M.gguf'), { path: 'mmproj-F16.gguf', content: new Uint8Array(smallProjector()) }],
        },
        {
          id: 'acme/twins',
          files: files('a-Q4_K_M.gguf', 'b-Q4_K_M.gguf', 'UD-Q4_K_XL/c.gguf', 'mtp-a-Q8_0.gguf', '模型-Q5_0.gguf'),
        },
      ],
    })
    onTestFinished(() => hub.stop())
    const daemon = await Daemon.start({
      env: { HF_ENDPOINT: hub.url, HOME: '/nonexistent', HF_HOME: '/nonexistent', NO_PROXY: '127.0.0.1' },
    })
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    const page = await context.newPage()
    const offences = offencesOf(page)
    onTestFinished(async () => {
      await context.close()
      expect(offences).toEqual([])
    })
    await open(page, daemon)
    return { hub, daemon, page }
  }

  const open = async (page: Page, daemon: Daemon): Promise<void> => {
    await page.goto('about:blank')
    await page.goto(`${daemon.url}/#/models`)
    await page.locator('#models table, #models .empty').waitFor()
  }
  const slowly = (hub: FakeHub, bytesPerSecond: number): void => {
    hub.behave = ({ kind }) => (kind === 'cdn' ? { bytesPerSecond } : null)
  }
  const card = (page: Page, name: string) =>
    page.locator('#pulls > li').filter({ has: page.getByRole('heading', { name, exact: true }) })
  const badge = (page: Page, name: string, text: string) =>
    card(page, name).locator('.badge').getByText(text, { exact: true })
  const look = async (page: Page, text: string): Promise<void> => {
    await page.getByLabel('Pull a model').fill(text)
    await page.getByRole('button', { name: 'Look', exact: true }).click()
  }
  const offer = (page: Page, file: string) => page.getByRole('button', { name: `Pull ${file}`, exact: true })
  const pull = async (page: Page, text: string, file: string): Promise<void> => {
    await look(page, text)
    await offer(page, file).click()
  }
  /** Paths of the event streams that the page opens. */
  const streamsOf = (page: Page): string[] => {
    const streams: string[] = []
    page.on('request', (request) => {
      const { pathname } = new URL(request.url())
      if (/\/events$/.test(pathname)) streams.push(pathname)
    })
    return streams
  }
  /** Waits until the bar has passed `part`. @returns its position then */
  const barBeyond = async (page: Page, name: string, part: number): Promise<number> => {
    const bar = await card(page, name).locator('progress').elementHandle()
    const beyond = await page.waitForFunction(
      ([node, least]) => {
        const { value } = node as HTMLProgressElement
        return value > (least as number) ? value : null
      },
      [bar, part] as const,
    )
    return (await beyond.jsonValue()) as number
  }

  test('let a person type a repository, pull a model, watch its bar and find it in the list, all by keyboard', async () => {
    const { hub, page } = await setUp()
    slowly(hub, 2_000_000)
    await page.getByLabel('Pull a model').focus()
    await page.keyboard.type(repo)
    await page.keyboard.press('Enter')
    await page.getByText(`Models of ${repo}.`).waitFor()
    expect(await page.locator('#hub tbody tr').first().locator('td').allTextContents()).toEqual([
      'tiny-Q4_K_M.gguf',
      'Q4_K_M',
      expect.stringMatching(/^\d+ MB$/),
      'fits',
      'Pull',
    ])
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    expect(await offer(page, 'tiny-Q4_K_M.gguf').evaluate((button) => button === document.activeElement)).toBe(true)
    await page.keyboard.press('Enter')
    const first = await barBeyond(page, id, 0)
    expect(await card(page, id).evaluate((root) => root === document.activeElement)).toBe(true)
    expect(await page.locator('#hub').isVisible()).toBe(false)
    expect(await badge(page, id, 'downloading').isVisible()).toBe(true)
    expect(await card(page, id).locator('.source').textContent()).toBe(`tiny-Q4_K_M.gguf from ${repo}`)
    await card(page, id)
      .getByText(/^[\d.]+ MB of \d+ MB, [\d.]+ MB\/s, \d+ s left$/)
      .waitFor()
    expect(await barBeyond(page, id, first)).toBeGreaterThan(first)
    hub.behave = () => null
    await badge(page, id, 'done').waitFor()
    // With a short timeout: the refresh every 30 s would show it as well.
    await page.locator('#models td').getByText(id, { exact: true }).waitFor({ timeout: 10_000 })
    expect(await card(page, id).getByRole('button').allTextContents()).toEqual(['Hide'])
    await card(page, id)
      .getByRole('button', { name: `Hide ${id}` })
      .click()
    await card(page, id).waitFor({ state: 'detached' })
    await look(page, `${repo}:q4_k_m`)
    await page.locator('#hub tbody').getByText('is here').waitFor()
    expect(await page.locator('#hub tbody tr').count()).toBe(1)
  })

  test('search the hub for words, and list what the repository of a hit offers', async () => {
    const { page } = await setUp()
    await look(page, 'tiny')
    const hits = page.getByRole('list', { name: 'Repositories' }).getByRole('listitem')
    await hits.first().waitFor()
    expect(await hits.allTextContents()).toEqual([
      `${repo}52,714 downloads · qwen2`,
      'acme/tiny-gated-GGUF907 downloads · qwen2 · gated',
    ])
    await hits.getByRole('button', { name: repo }).click()
    await offer(page, 'tiny-Q8_0.gguf').waitFor()
    expect(await page.getByLabel('Pull a model').inputValue()).toBe(repo)
    await look(page, 'nothing of that name')
    await page.getByText('No repository at the hub with GGUF models fits “nothing of that name”.').waitFor()
    await look(page, `${repo}:Q3_K_S`)
    await page.getByText(`${repo} has no Q3_K_S. It has these:`).waitFor()
    expect(await page.locator('#hub tbody tr').count()).toBe(3)
    await look(page, 'acme/none')
    await page.locator('#hub').getByRole('alert').getByText('The hub does not show acme/none').waitFor()
  })

  test('have the daemon parse pasted text: offer exactly what it shows, ask about several matches, refuse anything else', async () => {
    const { hub, page } = await setUp()
    const offers = () => page.locator('#hub tbody tr td:first-child').allTextContents()
    const shows = async (text: string, files: string[]) => {
      await look(page, text)
      await offer(page, files[0] ?? '').waitFor()
      expect([text, await offers()]).toEqual([text, files])
    }
    for (const site of ['https://huggingface.co', hub.url, 'hf.co']) {
      await shows(`${site}/acme/twins/blob/main/b-Q4_K_M.gguf`, ['b-Q4_K_M.gguf'])
      await shows(`${site}/acme/twins/tree/main/UD-Q4_K_XL`, ['UD-Q4_K_XL/c.gguf'])
      await shows(`${site}/acme/twins?show_file_info=mtp-a-Q8_0.gguf`, ['mtp-a-Q8_0.gguf'])
      await shows(`${site}/acme/twins:Q4_K_XL`, ['UD-Q4_K_XL/c.gguf'])
    }
    await shows('acme/twins:q4_k_m', ['a-Q4_K_M.gguf', 'b-Q4_K_M.gguf'])
    await page.getByText('acme/twins has several models for q4_k_m. Choose one.').waitFor()
    const refused = page.locator('#hub').getByRole('alert')
    await look(page, 'https://huggingface.co/datasets/acme/twins')
    await refused.getByText('is a dataset of the hub, not a model').waitFor()
    await look(page, 'https://hub.example/acme/twins')
    await refused.getByText('is not an address of the hub, nor of a mirror in use').waitFor()
    await pull(page, 'acme/twins:Q5_0', '模型-Q5_0.gguf')
    await page.locator('#models td').getByText('twins-q5_0', { exact: true }).waitFor()
  })

  test('bring the projector when it is asked for', async () => {
    const { daemon, page } = await setUp()
    await look(page, 'acme/eye')
    await page.getByLabel('Also fetch the vision projector').check()
    await offer(page, 'eye-Q4_K_M.gguf').click()
    await page.locator('#models td').getByText('eye-q4_k_m-mmproj', { exact: true }).waitFor()
    expect((await daemon.must<{ id: string }[]>('GET', '/api/models')).map((model) => model.id)).toEqual([
      'eye-q4_k_m',
      'eye-q4_k_m-mmproj',
    ])
  })

  test('say that a model is gated, link to the page for access, and try again', async () => {
    const { hub, daemon, page } = await setUp()
    await look(page, 'acme/tiny-gated-GGUF')
    await page.getByText('It is gated: its owner has to grant access first.').waitFor()
    await offer(page, 'gated-Q4_K_M.gguf').click()
    const gated = card(page, 'gated-q4_k_m')
    await gated.getByText('acme/tiny-gated-GGUF is gated: its owner grants access on').waitFor()
    const link = gated.getByRole('link', { name: 'Ask for access' })
    expect(await link.getAttribute('href')).toBe('https://huggingface.co/acme/tiny-gated-GGUF')
    // Another page does not know the request: the file is found by the id.
    await open(page, daemon)
    await link.waitFor()
    const opened = hub.repos.get('acme/tiny-gated-GGUF')
    if (opened !== undefined) opened.gated = false
    await gated.getByRole('button', { name: 'Try again gated-q4_k_m' }).click()
    await page.locator('#models td').getByText('gated-q4_k_m', { exact: true }).waitFor()
    expect(await gated.locator('.failure').count()).toBe(0)
  })

  test('say what a cancelled pull has kept, resume it from there, and discard another', async () => {
    const { hub, daemon, page } = await setUp()
    slowly(hub, 500_000)
    await pull(page, repo, 'tiny-Q4_K_M.gguf')
    await barBeyond(page, id, 0.02)
    await card(page, id)
      .getByRole('button', { name: `Cancel ${id}` })
      .click()
    await badge(page, id, 'cancelled').waitFor()
    await card(page, id)
      .getByText(/^[\d.]+ [kM]B are kept: the next try continues from there\.$/)
      .waitFor()
    // A page that is opened now shows it too.
    await open(page, daemon)
    await card(page, id)
      .getByRole('button', { name: `Go on ${id}` })
      .click()
    await badge(page, id, 'downloading').waitFor()
    await card(page, id)
      .getByRole('button', { name: `Cancel ${id}` })
      .click()
    await card(page, id)
      .getByRole('button', { name: `Discard ${id}` })
      .click()
    await card(page, id).waitFor({ state: 'detached' })
    expect(await daemon.must<unknown[]>('GET', '/api/pulls/leftovers')).toEqual([])
    expect(await page.getByLabel('Pull a model').evaluate((input) => input === document.activeElement)).toBe(true)
    await open(page, daemon)
    expect(await page.locator('#pulls > li').count()).toBe(0)
  })

  test('follow many pulls with one stream, and start the waiting ones in turn', async () => {
    const { hub, daemon, page } = await setUp()
    const streams = streamsOf(page)
    await open(page, daemon)
    slowly(hub, 500_000)
    for (const name of ['Q4_K_M', 'Q5_K_M', 'Q8_0']) await pull(page, repo, `tiny-${name}.gguf`)
    await badge(page, 'tiny-q8_0', 'waiting').waitFor()
    await badge(page, 'tiny-q5_k_m', 'downloading').waitFor()
    expect(await page.locator('#pulls h3').allTextContents()).toEqual(['tiny-q8_0', 'tiny-q5_k_m', 'tiny-q4_k_m'])
    await card(page, id)
      .getByRole('button', { name: `Cancel ${id}` })
      .click()
    await badge(page, 'tiny-q8_0', 'downloading').waitFor()
    expect(streams).toEqual(['/api/events'])
  })

  test('are not followed by a hidden page until it is shown again', async () => {
    const { hub, page } = await setUp()
    const streams = streamsOf(page)
    slowly(hub, 500_000)
    await pull(page, repo, 'tiny-Q4_K_M.gguf')
    await barBeyond(page, id, 0)
    const ended = page.waitForEvent('requestfailed', (request) => request.url().includes('/api/events'))
    const become = (hidden: boolean) =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { value, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, hidden)
    await become(true)
    await ended
    const far = await barBeyond(page, id, 0)
    await become(false)
    await barBeyond(page, id, far)
    expect(streams).toEqual(['/api/events'])
  })

  test('are followed to the end when the daemon dies and resumes them', async () => {
    const { hub, daemon, page } = await setUp()
    slowly(hub, 1_000_000)
    await pull(page, repo, 'tiny-Q4_K_M.gguf')
    await barBeyond(page, id, 0.1)
    await daemon.kill()
    await page.getByText('Connection lost.').waitFor()
    hub.behave = () => null
    await daemon.launch()
    await page.locator('#models td').getByText(id, { exact: true }).waitFor()
    await badge(page, id, 'done').waitFor()
  })

  test('that a slot starts are shown on its card and in the list', async () => {
    const { hub, daemon, page } = await setUp()
    slowly(hub, 1_000_000)
    await daemon.must('POST', '/api/slots', { name: 'primary' })
    await daemon.must('POST', '/api/slots/primary/swap', { model: 'one', repo, file: ':Q4_K_M' })
    await barBeyond(page, 'one', 0)
    await page.goto(`${daemon.url}/#/`)
    await page
      .locator('article.card')
      .getByText(/^\d+ % of \d+ MB, [\d.]+ [kM]B\/s, /)
      .waitFor()
  })

  test('show hostile names from the hub as text', async () => {
    const { page } = await setUp()
    await look(page, 'onerror')
    // The daemon lets no impossible name through.
    await page.getByText('No repository at the hub with GGUF models fits “onerror”.').waitFor()
    await look(page, 'acme/evil')
    await page.locator('#hub td').getByText(`${evil}-Q4_K_M.gguf`, { exact: true }).waitFor()
    await page.getByRole('button', { name: `Pull ${evil}` }).click()
    await page.locator('#pulls .source').getByText(`${evil}-Q4_K_M.gguf from acme/evil`, { exact: true }).waitFor()
    await page.locator('#pulls .badge').getByText('done', { exact: true }).waitFor()
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.title()).not.toBe('owned')
  })

  test('are legible in light and dark, and fit a phone', async () => {
    const { hub, page } = await setUp()
    slowly(hub, 300_000)
    await pull(page, 'acme/tiny-gated-GGUF', 'gated-Q4_K_M.gguf')
    await badge(page, 'gated-q4_k_m', 'failed').waitFor()
    await pull(page, repo, 'tiny-Q5_K_M.gguf')
    await barBeyond(page, 'tiny-q5_k_m', 0.01)
    await card(page, 'tiny-q5_k_m').getByRole('button', { name: 'Cancel' }).click()
    await badge(page, 'tiny-q5_k_m', 'cancelled').waitFor()
    await pull(page, repo, 'tiny-Q4_K_M.gguf')
    await barBeyond(page, id, 0.02)
    for (const asked of ['tiny', repo]) {
      await look(page, asked)
      await page.locator(asked === repo ? '#hub table' : '#hub .hits').waitFor()
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        for (const width of [1280, 390]) {
          await page.setViewportSize({ width, height: 900 })
          const { ratio, text } = await lowestContrast(page)
          if (ratio < 4.5)
            throw new Error(`"${text}" has a contrast of ${ratio} only, ${colorScheme}, ${width} px wide`)
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
          if (pictures === undefined) continue
          const name = `pulls-${asked === repo ? 'offers' : 'search'}-${colorScheme}-${width}.png`
          await page.screenshot({ path: join(pictures, name), fullPage: true })
        }
      }
    }
  })
})
