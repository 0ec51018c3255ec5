/** Icons, drawn for hal0 on a grid of 24: lines of one width, in the colour of the text. */
const paths = {
  home: 'M4 11l8-7 8 7v8a1 1 0 0 1-1 1h-5v-6h-4v6H5a1 1 0 0 1-1-1z',
  chat: 'M4 5h16v11H10l-5 4v-4H4z',
  models: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9',
  find: 'M11 5a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM15.5 15.5L20 20',
  api: 'M9 7l-5 5 5 5M15 7l5 5-5 5',
} as const
export type IconName = keyof typeof paths

/** Says nothing to screen readers: the text beside it does. */
export const Icon = ({ name }: { name: IconName }) => (
  <svg viewBox="0 0 24 24" aria-hidden="true">
    <path
      d={paths[name]}
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linejoin="round"
      stroke-linecap="round"
    />
  </svg>
)

/** The mark of hal0. */
export const Mark = () => (
  <svg viewBox="0 0 24 24" aria-hidden="true">
    <circle cx="12" cy="12" r="9.5" fill="none" stroke="currentColor" stroke-width="2.5" />
    <circle class="pupil" cx="12" cy="12" r="3.5" />
  </svg>
)
