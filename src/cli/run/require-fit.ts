/** Refuses what cannot run on this machine before it is fetched. Pure. */
import type { CatalogOffer } from '../../contract/models/catalog.ts'
import type { Fit } from '../../contract/models/fit.ts'
import { fitText, largestThatFits } from '../../lib/fit-text.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'

const warnings: Partial<Record<Fit['verdict'], string>> = {
  tight: 'is tight on this machine: it',
  partial: 'runs only partly on the GPU, which is slow: it',
}

/** The largest chat model of the catalog that fits here and can be pulled; null: none. */
export const smallerModel = (catalog: readonly CatalogOffer[]): string | null =>
  largestThatFits(catalog.filter(({ kind, pull, installed }) => kind === 'chat' && (pull !== null || installed)))?.id ??
  null

/**
 * @param fit null: not known, which is no reason to refuse
 * @param smaller what to run instead
 * @param anyway whether the user wants it all the same
 * @returns a sentence to warn with; null: there is nothing to warn of
 * @throws Failure when it does not fit
 */
export const requireFit = (name: string, fit: Fit | null, smaller: string | null, anyway: boolean): string | null => {
  if (fit === null) return null
  if (fit.verdict === 'no' && !anyway) {
    throw new Failure(exitCode.failed, `${name} does not fit this machine: it ${fitText(fit, smaller)}.`, {
      details: ['--anyway tries it all the same.'],
      ...(smaller === null ? {} : { hint: `hal0 run ${smaller}` }),
    })
  }
  const warning = fit.verdict === 'no' ? 'does not fit this machine: it' : warnings[fit.verdict]
  return warning === undefined ? null : `${name} ${warning} ${fitText(fit, null)}.`
}
