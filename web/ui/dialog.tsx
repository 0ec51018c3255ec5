import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'

interface DialogProps {
  title: string
  onClose: () => void
  class?: string
  children: ComponentChildren
}

/** A dialog over the page: it keeps the focus inside, and Escape closes it. */
export const Dialog = ({ title, onClose, class: extra = '', children }: DialogProps) => {
  const root = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => root.current?.showModal(), [])
  return (
    <dialog ref={root} class={`dialog ${extra}`} aria-labelledby={id} onClose={onClose}>
      <h2 id={id} class={extra === '' ? '' : 'unseen'}>
        {title}
      </h2>
      {children}
    </dialog>
  )
}
