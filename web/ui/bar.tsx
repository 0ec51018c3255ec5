/** @param part 0 to 1; null: nobody knows, so the bar only shows that something happens */
export const Bar = ({ part, label }: { part: number | null; label: string }) => (
  <progress class="bar" aria-label={label} max={1} {...(part === null ? {} : { value: Math.min(1, part) })} />
)
