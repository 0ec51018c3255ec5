/**
 * Labels of quantisation in the names of files, as publishers write them: `Q4_K_M`, `UD-Q4_K_XL`, `IQ4_KSS`, `Q4_0_R4`, `Q2_0_g64`,
 * `MXFP4_MOE`, `bf16`, `fp16`. Pure. Only this file knows how they look; what else a publisher calls a size (`I-Compact`) is told by
 * where it stands: see hub/gguf-files.ts.
 */

/** Where a label stands in a text. */
export interface LabelSpan {
  /** As it is usually written, whatever case the name has: Q4_K_M, Q2_0_g64. */
  label: string
  start: number
  /** After its last character. */
  end: number
}

const head = '(?:UD[-_])?(?:B?F16|F32|F64|FP(?:4|8|16|32)|MXFP[468]|NVFP4|INT[48]|[A-Z]?Q[1-8][A-Z0-9]*)'
const tail = '(?:_[A-Z0-9]+)*'
/** An underscore may stand before a label, never end it: `Q4_K` is no part of `x_Q4_K_M`. */
const inText = new RegExp(`(?<![A-Z0-9])${head}${tail}(?!_?[A-Z0-9])`, 'gi')
const alone = new RegExp(`^${head}${tail}$`, 'i')

/** Publishers write all of it in upper case but the size of a group. */
const written = (label: string): string =>
  label
    .toUpperCase()
    .replace(/^UD_/, 'UD-')
    .replace(/_G(?=\d+$)/, '_g')

/** Of a path what may tell something: without `.gguf` and without the number of a shard. */
export const stemOf = (path: string): string => path.replace(/(?:-\d{5}-of-\d{5})?\.gguf$/i, '')

export const labelSpans = (stem: string): LabelSpan[] =>
  [...stem.matchAll(inText)].map((match) => ({
    label: written(match[0]),
    start: match.index,
    end: match.index + match[0].length,
  }))

/**
 * The label of a file: the last one of its path, since folders are often called after it as well, and a name may begin with that of
 * a tensor kept in another type. null when the path tells none.
 */
export const labelOf = (path: string): string | null => {
  const labels = labelSpans(stemOf(path)).map(({ label }) => label)
  const last = labels.at(-1) ?? null
  // `UD-Q4_K_XL/tiny-Q4_K_XL.gguf`: the folder says it more exactly.
  return labels.find((label) => label === `UD-${last}`) ?? last
}

/** Whether the text is such a label, and nothing else. */
export const isLabel = (text: string): boolean => alone.test(text)

/** `FP16` and `F16` are one type, by two customs. */
const canonical = (label: string): string => written(label).replace(/^FP(?=16|32)/, 'F')

/** Whether a person who asks for `asked` means this label. The `UD-` that one publisher puts first may be left out. */
export const meansLabel = (asked: string, label: string): boolean =>
  canonical(asked) === canonical(label) || canonical(asked) === canonical(label).replace(/^UD-/, '')
