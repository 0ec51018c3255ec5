/** Whether the palette is open: ⌘K or Ctrl K opens it from anywhere. */
import { signal } from '@preact/signals'

const isOpen = signal(false)

export const palette = {
  isOpen,
  show: (): void => {
    isOpen.value = true
  },
  hide: (): void => {
    isOpen.value = false
  },
  listen: (): void =>
    document.addEventListener('keydown', (event) => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey) || event.altKey) return
      event.preventDefault()
      isOpen.value = !isOpen.value
    }),
}
