/**
 * Finds out why a llama.cpp backend died, from the last lines that it printed. The line with the reason is seldom the last: the
 * messages of its callers follow, or a backtrace. The wordings are those of builds b9993 to b11549 (recorded, or read in their
 * sources).
 */
import type { Cause } from '../../provider.ts'
import { recentLines } from './recent-lines.ts'

type Wording = readonly [RegExp, (match: RegExpMatchArray) => string]

/** Failures of a load. The more exact ones come first, since one failure prints several lines. */
const ofLoads: readonly Wording[] = [
  [
    /unknown model architecture: '([^']*)'/,
    ([, name]) =>
      `its engine does not know the architecture of the model, ${name || 'which names none'}; a newer engine may`,
  ],
  [
    /unknown (?:pre-)?tokenizer[^:]*: *'?([\w.-]+)/,
    ([, name]) => `its engine does not know the tokenizer of the model, ${name}; a newer engine may`,
  ],
  [
    /invalid ggml type (\d+)/,
    () => 'its engine does not know how the weights of the model are stored; a newer engine may',
  ],
  [
    /mismatch between text model \(n_embd = (\d+)\) and mmproj \(n_embd = (\d+)\)/,
    ([, model, projector]) =>
      `the projector belongs to another model (it is made for embeddings of length ${projector}, this model's have ${model})`,
  ],
  [/failed to load CLIP model from (\S+)/i, ([, path]) => `it could not load the projector ${path}`],
  [/failed to load multimodal model/, () => 'it could not load the projector'],
  [
    /failed to open GGUF file '([^']*)'(?: \(([^)]*)\))?/,
    ([, path, why]) => `it could not open ${path}${why === undefined ? '' : ` (${why})`}`,
  ],
  [/invalid magic characters/, () => 'the model file is not a GGUF file'],
  [
    /is not within the file bounds|corrupted or incomplete|failed to read (?:key-value pairs|tensor|magic|header)|unexpectedly reached end of file/,
    () => 'the model file is cut off or damaged',
  ],
  [
    /missing tensor '([^']+)'|tensor '([^']+)' not found/,
    ([, one, other]) => `the model file lacks the tensor ${one ?? other}, which its architecture needs`,
  ],
  [/tensor '([^']+)' has wrong shape/, ([, name]) => `the tensor ${name} of the model file has a wrong shape`],
  [/wrong number of tensors/, () => 'the model file holds other tensors than its architecture needs'],
  [/key not found in model: (\S+)/, ([, key]) => `the header of the model file lacks ${key}`],
  [/couldn't bind HTTP server socket.*?port: (\d+)/, ([, port]) => `port ${port} was taken by another program`],
  [/Address already in use/i, () => 'its port was taken by another program'],
  [/chat template parsing error|failed to initialize chat template/, () => 'it could not read the chat template'],
  [
    /(--?[\w-]+) is not a flag of this|error: invalid argument: (\S+)/,
    ([, one, other]) => `it does not know the argument ${one ?? other}`,
  ],
  [
    /(--?[\w-]+) needs a value|expected value for argument:? *(\S*)/,
    ([, one, other]) => `the argument ${one ?? other} needs a value`,
  ],
  [
    /(--?[\w-]+) does not take the value|error while handling argument "([^"]+)"/,
    ([, one, other]) => `it does not take the value of the argument ${one ?? other}`,
  ],
  [/error while loading shared libraries: ([^:]+):/, ([, name]) => `the library ${name} is missing`],
  [/GLIBC(?:XX)?_[\d.]+' not found/, () => 'its engine needs a newer C library than this machine has'],
  [/no CUDA-capable device is detected/, () => 'no CUDA device was found'],
  [/CUDA driver version is insufficient/, () => 'the CUDA driver is too old for its engine'],
  [/error loading model: (?!.*failed to load model from)(.+)/, ([, what]) => (what ?? '').trim()],
]

/** Whenever one of these is printed, the backend ends, however many lines of a backtrace follow. */
const fatal: readonly Wording[] = [
  [
    /ErrorDeviceLost|CUDA error: (?!out of memory)(.+)/,
    ([, what]) => `the GPU failed${what === undefined ? '' : ` (${what.trim()})`}`,
  ],
  [/GGML_ASSERT\((.+)\) failed/, ([, what]) => `an assertion of llama.cpp failed (${what})`],
  [/what\(\):\s+(.+)/, ([, what]) => (what ?? '').trim()],
]

/** The last line of a Python traceback. */
const ofPython: readonly Wording[] = [
  [/^((?:\w+\.)*\w*(?:Error|Exception)): (.+)$/, ([, name, what]) => `${name}: ${what}`],
]

/** A line without time, level and component: `0.00.008.966 E llama_model_load: `. */
const bare = (line: string): string => line.replace(/^[\d.]+ (?:[DIWE] )?/, '').trim()

/** Sent from outside: the sender knows why, and the output of the process does not. */
const fromOutside: readonly (string | null)[] = ['SIGKILL', 'SIGTERM']

const find = (wordings: readonly Wording[], lines: readonly string[]): Cause | null => {
  for (const [wording, why] of wordings) {
    const line = lines.findLast((one) => wording.test(one))
    const match = line?.match(wording) ?? null
    if (line !== undefined && match !== null) return { why: why(match), line }
  }
  return null
}

/**
 * @param lines the last lines that it printed, oldest first
 * @param signal that ended it; null for none
 * @param isLoading it died before it was ready: once it serves, lines with these wordings may be about a single request
 * @returns null when nothing in them says why
 */
export const causeOf = (lines: readonly string[], signal: string | null, isLoading: boolean): Cause | null => {
  if (fromOutside.includes(signal)) return null
  const all = lines.map(bare)
  const found = isLoading
    ? find([...ofLoads, ...fatal, ...ofPython], all)
    : (find(fatal, all) ?? find(ofPython, all.slice(-recentLines)))
  if (found !== null) return found
  if (signal !== 'SIGILL') return null
  return { why: 'its engine uses instructions that this processor does not have', line: bare(lines.at(-1) ?? '') }
}
