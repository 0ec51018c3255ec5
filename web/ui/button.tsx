import type { ComponentChildren } from 'preact'

interface ButtonProps {
  /** Runs when it is pressed; a second press waits until the first has ended. */
  onPress: () => unknown
  /** Name for screen readers, where the text alone does not say what it is about. */
  label?: string
  kind?: 'first' | 'plain' | 'danger'
  busy?: boolean
  children: ComponentChildren
}

/** A button that stays focusable while it is busy: a disabled one would drop the keyboard focus. */
export const Button = ({ onPress, label, kind, busy = false, children }: ButtonProps) => (
  <button
    type="button"
    class={kind === undefined ? 'button' : `button ${kind}`}
    aria-disabled={busy}
    aria-label={label}
    onClick={() => busy || onPress()}
  >
    {children}
  </button>
)
