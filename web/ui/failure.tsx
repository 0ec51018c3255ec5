import type { ErrorBody } from '../../src/contract/error.ts'

/** Only https and http: addresses with other schemes could run code, and relative ones would lead to hal0 itself. */
const pageOf = ({ page }: ErrorBody['details']): string | null =>
  typeof page === 'string' && /^https?:\/\//.test(page) ? page : null

interface FailureProps {
  /** null: nothing failed. */
  error: { message: string; details: ErrorBody['details'] } | null
  /** What has just been tried failed: screen readers are told at once. */
  urgent?: boolean
}

/** An error as its sentence, with a link to the page where access can be requested if the error names one. */
export const Failure = ({ error, urgent = false }: FailureProps) => {
  if (error === null) return null
  const page = pageOf(error.details)
  return (
    <p class={urgent ? 'notice refusal' : 'notice failure'} data-mood="bad" role={urgent ? 'alert' : undefined}>
      {error.message}
      {page !== null && ' '}
      {page !== null && (
        <a href={page} target="_blank" rel="noreferrer">
          Ask for access
        </a>
      )}
    </p>
  )
}
