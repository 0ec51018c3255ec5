import type { Page } from 'playwright-core'

/** Collects what must never happen on the page: violations of its content security policy, dialogs, and errors in its code. */
export const offencesOf = (page: Page): string[] => {
  const offences: string[] = []
  page.on('pageerror', (error) => offences.push(error.message))
  page.on('dialog', (dialog) => {
    offences.push(`a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    if (/content security policy|refused to/i.test(message.text())) offences.push(message.text())
  })
  return offences
}
