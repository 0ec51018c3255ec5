import type { HubOffer } from '../../../contract/models/pull.ts'
import type { Verdict } from '../../../contract/models/verdict.ts'
import { bytes } from '../../../lib/figures.ts'
import { ask, canAsk } from '../../terminal/ask.ts'
import { exitCode } from '../../terminal/exit-code.ts'
import { Failure } from '../../terminal/failure.ts'
import { talk } from '../../terminal/output.ts'
import { printable } from '../../terminal/style.ts'
import { pad } from '../../text/wrap.ts'

const notes: Partial<Record<Verdict, string>> = {
  tight: '  (tight on this machine)',
  partial: '  (partly on the GPU)',
  no: '  (too big for this machine)',
}

const note = ({ installed, fit }: HubOffer): string => {
  if (installed) return '  (is here)'
  return fit === null ? '' : (notes[fit.verdict] ?? '')
}

/** One line for each offer; the names come last, so that long ones are not cut. */
export const offerLines = (offers: readonly HubOffer[]): string[] => {
  const sizes = offers.map(({ size }) => bytes(size))
  const width = Math.max(...sizes.map((size) => size.length))
  const digits = String(offers.length).length
  return offers.map((offer, index) => {
    const number = pad(String(index + 1), digits, 'right')
    return `  ${number}  ${pad(sizes[index] ?? '', width, 'right')}  ${printable(offer.file)}${note(offer)}`
  })
}

/**
 * Asks on the terminal which of several offers is meant.
 * @param sentence describes the offers, without a full stop
 * @param commandFor the command that names one file
 * @throws Failure if nobody can be asked, or nothing is chosen
 */
export const chooseOffer = async (
  sentence: string,
  offers: readonly HubOffer[],
  commandFor: (file: string) => string,
): Promise<HubOffer> => {
  if (!canAsk()) {
    const [first] = offers
    throw new Failure(exitCode.failed, `${sentence}. Name the one that you want.`, {
      details: offerLines(offers),
      ...(first === undefined ? {} : { hint: commandFor(first.file) }),
    })
  }
  talk.log(`${sentence}:`)
  for (const line of offerLines(offers)) talk.log(line)
  for (;;) {
    const answer = await ask(`Which one? [1-${offers.length}] `)
    if (answer === '') throw new Failure(exitCode.failed, 'Nothing was chosen, so nothing is pulled.')
    const chosen = offers.find((offer, index) => answer === String(index + 1) || answer === offer.file)
    if (chosen !== undefined) return chosen
    talk.log(`There is no ${printable(answer)}. Write a number from 1 to ${offers.length}, or nothing to leave it.`)
  }
}
