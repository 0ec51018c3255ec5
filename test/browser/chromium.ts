/** A headless Chromium for tests of the dashboard. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const program = process.env.CHROMIUM ?? programs.find((path) => existsSync(path))

/** Tests of the dashboard are skipped on a machine without Chromium; under CI they fail without it. */
export const skipWithoutChromium = program === undefined && process.env.CI !== 'true'
if (skipWithoutChromium) console.warn('skipped: tests of the dashboard need Chromium (apt install chromium)')

export const launch = (): Promise<Browser> => {
  if (program === undefined) throw new Error('there is no Chromium; install it or set CHROMIUM to its path')
  return chromium.launch({
    executablePath: program,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
