/** The vocabulary of the plumbing check: invented words for answers, and the tokens needed to read any input. */

export interface Token {
  text: string
  /** `enum llama_token_type`: normal 1, unknown 2, control 3, byte 6. */
  type: 1 | 2 | 3 | 6
  /** A word for answers. */
  answers: boolean
}

export const unknownToken = 0
export const beginToken = 1
export const endToken = 2

/** SentencePiece's sign for a space; a word that begins with it stands apart. */
const space = '\u2581'
const wordCount = 320

const inventWords = (): string[] => {
  const syllables = [...'bdlmnrstv'].flatMap((consonant) => [...'aeiou'].map((vowel) => consonant + vowel))
  const words = new Set<string>()
  // 1252 shares no factor with the number of pairs, so that the walk meets each pair once.
  for (let pair = 0; words.size < wordCount; pair += 1252) {
    const first = syllables[Math.floor(pair / syllables.length) % syllables.length]
    const second = syllables[pair % syllables.length]
    words.add(`${first}${second}`)
  }
  return [...words]
}

/** All tokens by id. The byte tokens make every input readable. They and single characters never occur in answers. */
export const plumbingVocabulary = (): Token[] => {
  const control = (text: string): Token => ({ text, type: 3, answers: false })
  const byte = (value: number): Token => ({
    text: `<0x${value.toString(16).toUpperCase().padStart(2, '0')}>`,
    type: 6,
    answers: false,
  })
  const character = (code: number): Token => ({ text: String.fromCharCode(code), type: 1, answers: false })
  return [
    { text: '<unk>', type: 2, answers: false },
    control('<s>'),
    control('</s>'),
    ...Array.from({ length: 256 }, (_, value) => byte(value)),
    { text: space, type: 1, answers: false },
    ...Array.from({ length: 94 }, (_, index) => character(0x21 + index)),
    ...inventWords().map((word): Token => ({ text: space + word, type: 1, answers: true })),
  ]
}
