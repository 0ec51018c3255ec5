/** Puts another model into the slot. */
import { useSignal } from '@preact/signals'
import type { KnownSlot } from '../data/state.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { ModelPicker } from '../ui/model-picker.tsx'
import { swapSlot } from './command.ts'
import { texts } from './texts.ts'

export const SwapModel = ({ slot: { record }, onClose }: { slot: KnownSlot; onClose: () => void }) => {
  const chosen = useSignal(record.model)
  const swap = (): void => {
    if (chosen.value === null) return
    // The page shows what becomes of it, and why it was refused.
    void swapSlot(record.name, { model: chosen.value })
    onClose()
  }
  return (
    <Dialog title={texts.swapTitle(record.name)} onClose={onClose}>
      <ModelPicker label={texts.model} chosen={chosen} />
      <p class="quiet">{texts.swapNote}</p>
      <div class="actions">
        <Button onPress={onClose}>{texts.cancel}</Button>
        <Button kind="first" busy={chosen.value === null || chosen.value === record.model} onPress={swap}>
          {texts.swapVerb}
        </Button>
      </div>
    </Dialog>
  )
}
