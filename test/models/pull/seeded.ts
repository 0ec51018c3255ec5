/** Random numbers that a seed repeats (mulberry32). */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export const bytesOf = (seed: number, length: number): Buffer => {
  const random = seeded(seed)
  const words = Uint32Array.from({ length: Math.ceil(length / 4) }, () => random() * 4294967296)
  return Buffer.from(words.buffer, 0, length)
}
