import { didYouMean } from '../../lib/text/did-you-mean.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'

/** @param words that are known: slots, their aliases, models, the catalog */
export const unknownModel = (text: string, words: readonly string[]): Failure =>
  new Failure(
    exitCode.notFound,
    `There is no slot or model ${JSON.stringify(text)}, neither here nor in the catalog.${didYouMean(text, words)} A model of the hub is written OWNER/NAME.`,
    { hint: 'hal0 model search --catalog chat' },
  )
