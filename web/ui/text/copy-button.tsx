import { useSignal } from '@preact/signals'
import { Button } from '../button.tsx'

/** For plain HTTP in a network, where browsers offer no clipboard to pages. */
const copyBySelection = (text: string): void => {
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'unseen'
  const focused = document.activeElement
  // In an open dialog, nothing outside of it can be selected.
  ;(document.querySelector('dialog[open]') ?? document.body).append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
  if (focused instanceof HTMLElement) focused.focus()
}

/** Copies with or without the browser's clipboard. */
const copyText = async (text: string): Promise<void> => {
  try {
    if (navigator.clipboard === undefined) throw new TypeError('this page is not in a secure context')
    await navigator.clipboard.writeText(text)
  } catch {
    copyBySelection(text)
  }
}

const shownMs = 1500

/** @param what is copied, for screen readers */
export const CopyButton = ({ text, what }: { text: string; what: string }) => {
  const copied = useSignal(false)
  const copy = async (): Promise<void> => {
    await copyText(text)
    copied.value = true
    setTimeout(() => {
      copied.value = false
    }, shownMs)
  }
  return (
    <Button kind="plain" label={`Copy ${what}`} onPress={copy}>
      {copied.value ? 'Copied' : 'Copy'}
    </Button>
  )
}
