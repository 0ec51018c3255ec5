/** The abort reason after Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/**
 * Turns Ctrl-C into an abort for as long as the value is in scope (`using interrupt = catchInterrupt()`); a second one ends the
 * process as usual.
 */
export const catchInterrupt = (): { signal: AbortSignal } & Disposable => {
  const controller = new AbortController()
  const onSignal = () => controller.abort(new Interrupted('interrupted'))
  process.once('SIGINT', onSignal)
  return { signal: controller.signal, [Symbol.dispose]: () => process.removeListener('SIGINT', onSignal) }
}
