/** Deletes a model, after it has said what goes with it and who uses it. */
import type { Model } from '../../src/contract/models/model.ts'
import { totalSize } from '../../src/lib/figures.ts'
import { call } from '../data/api.ts'
import { refreshModels } from '../data/refresh.ts'
import { Button } from '../ui/button.tsx'
import { Confirm } from '../ui/confirm.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { texts } from './texts.ts'
import { usersOf } from './users.ts'

export const DeleteModel = ({ model: { id, files }, onClose }: { model: Model; onClose: () => void }) => {
  const users = usersOf(id)
  if (users.length > 0) {
    return (
      <Dialog title={texts.removeTitle(id)} onClose={onClose}>
        <p>{texts.removeUsed(users.join(', '))}</p>
        <div class="actions">
          <Button onPress={onClose}>{texts.cancel}</Button>
        </div>
      </Dialog>
    )
  }
  const act = async (): Promise<void> => {
    await call('deleteModel', { params: { id } })
    await refreshModels()
  }
  return (
    <Confirm title={texts.removeTitle(id)} verb={texts.remove} act={act} onClose={onClose}>
      <p>{texts.removeNote(totalSize(files))}</p>
    </Confirm>
  )
}
