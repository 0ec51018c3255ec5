/** Deletes the slot, after it has said what goes with it. */
import { call } from '../data/api.ts'
import type { KnownSlot } from '../data/state.ts'
import { go } from '../shell/router.ts'
import { Button } from '../ui/button.tsx'
import { Confirm } from '../ui/confirm.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { texts } from './texts.ts'

export const DeleteSlot = ({ slot: { record }, onClose }: { slot: KnownSlot; onClose: () => void }) => {
  const { name, state } = record
  if (state !== 'offline') {
    return (
      <Dialog title={texts.removeTitle(name)} onClose={onClose}>
        <p>{texts.removeFirst}</p>
        <div class="actions">
          <Button onPress={onClose}>{texts.cancel}</Button>
        </div>
      </Dialog>
    )
  }
  const act = async (): Promise<void> => {
    await call('deleteSlot', { params: { name } })
    go()
  }
  return (
    <Confirm title={texts.removeTitle(name)} verb={texts.remove} act={act} onClose={onClose}>
      <p>{texts.removeNote}</p>
    </Confirm>
  )
}
