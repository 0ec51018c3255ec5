/** The time for everything that shows how long something takes: one timer for the whole page. */
import { signal } from '@preact/signals'

/** Milliseconds since the Unix epoch, a second old at most. */
export const now = signal(Date.now())

setInterval(() => {
  if (!document.hidden) now.value = Date.now()
}, 1000)
document.addEventListener('visibilitychange', () => {
  now.value = Date.now()
})
