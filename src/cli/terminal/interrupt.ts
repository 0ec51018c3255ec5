import { talk } from './output.ts'

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

/**
 * One stage of a command that Ctrl-C leaves: what was begun goes on without it.
 * @param lines say what goes on, and how it is stopped
 * @throws what `work` throws; Interrupted after the lines were said
 */
export const sayingWhatGoesOn = async <T>(work: () => Promise<T>, lines: () => readonly string[]): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Interrupted) for (const line of lines()) talk.log(line)
    throw error
  }
}
