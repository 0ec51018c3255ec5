/** The name of a slot that is made for a model. Pure. */
import { isSlotName } from '../../contract/slot.ts'

/** Longest name of a slot (spec §2). */
const longest = 32

/** What says how a model is stored or trained, not which one it is. */
const endings = /[-_.](?:(?:ud-)?i?q\d[\w.]*|mxfp4|bf16|f16|f32|fp16|gguf|instruct|chat|it)$/

/** `qwen2.5-0.5b-instruct-q4_k_m` → `qwen2-5-0-5b`. Cut between words where it is too long. */
const shorten = (model: string, most: number): string => {
  let name = model
  while (endings.test(name)) name = name.replace(endings, '')
  const words = (name === '' ? model : name).split(/[^a-z0-9]+/).filter(Boolean)
  const whole = words.reduce((text, word) => (text.length + word.length + 1 > most ? text : `${text}-${word}`))
  return whole.slice(0, most).replace(/-+$/, '')
}

/**
 * A legal name that says which model it is.
 * @param taken names that mean something already: of slots, their aliases, and models, which requests are resolved by, too
 */
export const slotNameFor = (model: string, taken: ReadonlySet<string>): string => {
  for (let number = 1; ; number++) {
    const ending = number === 1 ? '' : `-${number}`
    const short = shorten(model.toLowerCase(), longest - ending.length)
    const name = `${isSlotName(short) ? short : 'chat'}${ending}`
    if (!taken.has(name)) return name
  }
}
