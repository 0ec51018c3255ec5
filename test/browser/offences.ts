import type { Page } from 'playwright-core'

/** What the page may never cause: refused by its content security policy, or an error of its code. Filled while it runs. */
export const offencesOf = (page: Page): string[] => {
  const offences: string[] = []
  page.on('pageerror', (error) => offences.push(error.message))
  page.on('console', (message) => {
    if (/content security policy|refused to/i.test(message.text())) offences.push(message.text())
  })
  return offences
}
