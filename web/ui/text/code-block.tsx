import type { ComponentChildren } from 'preact'

/** Text of programs. It scrolls where it is too wide, so the keyboard can reach it. @param label what it is, for screen readers */
export const CodeBlock = ({ label, children }: { label: string; children: ComponentChildren }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it.
  <figure class="code" tabIndex={0} aria-label={label}>
    <pre>{children}</pre>
  </figure>
)
