/** The verdicts on whether a model fits a machine. Without a schema, so that the dashboard carries none for them. */
export const verdicts = ['fits', 'tight', 'partial', 'no'] as const
export type Verdict = (typeof verdicts)[number]

/** What a list says about a model in a word or two. */
export const verdictWords: Record<Verdict, string> = {
  fits: 'fits',
  tight: 'tight',
  partial: 'partly on the GPU',
  no: 'too big',
}
