import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { ApiError } from '../data/api.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { Failure } from './failure.tsx'

interface ConfirmProps {
  title: string
  /** The verb on the button. */
  verb: string
  onClose: () => void
  /** The dialog closes when it has resolved, and shows why when it throws. */
  act: () => Promise<void>
  children: ComponentChildren
}

/** Asks once before something that cannot be undone. */
export const Confirm = ({ title, verb, onClose, act, children }: ConfirmProps) => {
  const failure = useSignal<ApiError | null>(null)
  const busy = useSignal(false)
  const press = async (): Promise<void> => {
    busy.value = true
    try {
      await act()
      onClose()
    } catch (error) {
      failure.value = ApiError.from(error)
    } finally {
      busy.value = false
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <Failure error={failure.value} urgent />
      <div class="actions">
        <Button onPress={onClose}>Keep it</Button>
        <Button kind="danger" busy={busy.value} onPress={press}>
          {verb}
        </Button>
      </div>
    </Dialog>
  )
}
