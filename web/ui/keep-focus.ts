import { useEffect, useRef } from 'preact/hooks'

/**
 * Keeps the keyboard focus on a part of the page whose button disappears with the state that it belonged to.
 * @param state what decides about the buttons
 * @returns properties of the part's element
 */
export const useKeepFocus = (state: string) => {
  const root = useRef<HTMLElement>(null)
  const hadFocus = useRef(false)
  useEffect(() => {
    if (hadFocus.current && document.activeElement === document.body) root.current?.focus()
  }, [state])
  return {
    ref: root as never,
    tabIndex: -1,
    onFocusIn: (): void => {
      hadFocus.current = true
    },
    onFocusOut: ({ relatedTarget }: FocusEvent): void => {
      // Without a target the focus was lost, not moved.
      if (relatedTarget !== null) hadFocus.current = false
    },
  }
}
