/** What `promise` resolves with, or `fallback` when that takes longer than `ms` milliseconds. The work itself goes on. */
export const withDeadline = async <T, const F>(promise: Promise<T>, ms: number, fallback: F): Promise<T | F> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<F>((resolve) => {
    timer = setTimeout(() => resolve(fallback), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
