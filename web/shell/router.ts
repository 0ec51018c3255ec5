/** Where the page is: the part of the address after `#`, e.g. #/slots/primary/log. */
import { computed, signal } from '@preact/signals'

const current = signal(location.hash)
addEventListener('hashchange', () => {
  current.value = location.hash
})

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** The parts of the path; none at Home. */
export const route = computed(() =>
  current.value
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== '')
    .map(decoded),
)

/** @param parts e.g. 'slots', 'primary' */
export const linkTo = (...parts: string[]): string => `#/${parts.map(encodeURIComponent).join('/')}`

export const go = (...parts: string[]): void => {
  location.hash = linkTo(...parts)
}
