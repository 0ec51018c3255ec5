/** The dashboard in a browser, with stand-ins for the services behind its API: one build and one browser for all tests of a file. */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { buildWeb } from '../../web/build.ts'
import { startServer, type TestServer } from '../http/support/server.ts'
import { launch } from './chromium.ts'
import { offencesOf } from './offences.ts'

export interface Dashboard {
  page: Page
  context: BrowserContext
  server: TestServer
  /** Folder of the build; scratch files may lie beside it. */
  folder: string
  /** Opens a view and waits until the page has its first data. @param hash e.g. #/models */
  open(hash?: string): Promise<void>
}

/**
 * Sets up a page for each test of a `describe`; what its content security policy forbids fails the test.
 * @param options of the stand-in server of each test
 */
export const useDashboard = (options: () => Parameters<typeof startServer>[0] = () => ({})): Dashboard => {
  let browser: Browser
  let offences: string[]
  const dashboard = {} as Dashboard

  beforeAll(async () => {
    dashboard.folder = await mkdtemp(join(tmpdir(), 'hal0-web-'))
    await buildWeb(join(dashboard.folder, 'web'))
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    await rm(dashboard.folder, { recursive: true, force: true })
  })
  beforeEach(async () => {
    // Hostile values violate the schemas on purpose: the page must not rely on the daemon here.
    dashboard.server = await startServer({
      webDir: join(dashboard.folder, 'web'),
      checkReplies: false,
      ...options(),
    })
    dashboard.context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    dashboard.page = await dashboard.context.newPage()
    offences = offencesOf(dashboard.page)
  })
  afterEach(async () => {
    await dashboard.context.close()
    await dashboard.server.stop()
    expect(offences).toEqual([])
  })
  dashboard.open = async (hash = '#/') => {
    const { page, server } = dashboard
    // A changed hash alone would not load the page again.
    await page.goto('about:blank')
    await page.goto(`${server.url}/${hash}`)
    await page.locator('#status').waitFor({ state: 'attached' })
  }
  return dashboard
}
