/**
 * Quantisation labels in file names, as publishers write them: `Q4_K_M`, `UD-Q4_K_XL`, `IQ4_KSS`, `Q4_0_R4`, `Q2_0_g64`,
 * `MXFP4_MOE`, `bf16`, `fp16`. Pure. Only this file knows their format. A publisher's own labels (`I-Compact`) are recognized by
 * their position: see hub/client/gguf-files.ts.
 */

/** The position of a label in a text. */
export interface LabelSpan {
  /** In its usual spelling, whatever case the name has: Q4_K_M, Q2_0_g64. */
  label: string
  start: number
  /** Index after its last character. */
  end: number
}

const head = '(?:UD[-_])?(?:B?F16|F32|F64|FP(?:4|8|16|32)|MXFP[468]|NVFP4|INT[48]|[A-Z]?Q[1-8][A-Z0-9]*)'
const tail = '(?:_[A-Z0-9]+)*'
/** An underscore may come before a label, but not after it: `Q4_K` is not found in `x_Q4_K_M`. */
const inText = new RegExp(`(?<![A-Z0-9])${head}${tail}(?!_?[A-Z0-9])`, 'gi')
const alone = new RegExp(`^${head}${tail}$`, 'i')

/** Publishers write labels in upper case, except for the group size. */
const written = (label: string): string =>
  label
    .toUpperCase()
    .replace(/^UD_/, 'UD-')
    .replace(/_G(?=\d+$)/, '_g')

/** The informative part of a path: without `.gguf` and the shard number. */
export const stemOf = (path: string): string => path.replace(/(?:-\d{5}-of-\d{5})?\.gguf$/i, '')

export const labelSpans = (stem: string): LabelSpan[] =>
  [...stem.matchAll(inText)].map((match) => ({
    label: written(match[0]),
    start: match.index,
    end: match.index + match[0].length,
  }))

/**
 * The label of a file: the last one in its path, since folders are often named after it too, and a name may begin with the label of
 * a tensor kept in another type. null if the path has none.
 */
export const labelOf = (path: string): string | null => {
  const labels = labelSpans(stemOf(path)).map(({ label }) => label)
  const last = labels.at(-1) ?? null
  // `UD-Q4_K_XL/tiny-Q4_K_XL.gguf`: the folder is more exact.
  return labels.find((label) => label === `UD-${last}`) ?? last
}

/** Whether the text is exactly one label. */
export const isLabel = (text: string): boolean => alone.test(text)

/** `FP16` and `F16` are two spellings of one type. */
const canonical = (label: string): string => written(label).replace(/^FP(?=16|32)/, 'F')

/** Whether `asked` means this label. The prefix `UD-`, which one publisher uses, may be left out. */
export const meansLabel = (asked: string, label: string): boolean =>
  canonical(asked) === canonical(label) || canonical(asked) === canonical(label).replace(/^UD-/, '')
