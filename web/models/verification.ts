/** Verifies a model's files and says how far it is. */
import { signal } from '@preact/signals'
import type { VerificationProgress } from '../../src/contract/models/model.ts'
import { addressOf } from '../data/address.ts'
import { ApiError, call } from '../data/api.ts'
import { texts } from './texts.ts'

export interface Verification {
  text: string
  mood: 'busy' | 'good' | 'bad'
}

/** By id of the model: those of this page. */
export const verifications = signal<ReadonlyMap<string, Verification>>(new Map())

const tell = (id: string, verification: Verification): void => {
  verifications.value = new Map(verifications.value).set(id, verification)
}

export const verify = async (id: string): Promise<void> => {
  if (verifications.value.get(id)?.mood === 'busy') return
  tell(id, { text: texts.verifying(0), mood: 'busy' })
  const events = new EventSource(addressOf(`/api/models/${encodeURIComponent(id)}/verify/events`))
  events.addEventListener('verify', ({ data }) => {
    const { bytes_done, bytes_total } = JSON.parse(data) as VerificationProgress
    const share = bytes_total === 0 ? 0 : Math.floor((100 * bytes_done) / bytes_total)
    tell(id, { text: texts.verifying(share), mood: 'busy' })
  })
  try {
    const { ok, files } = await call('verifyModel', { params: { id } })
    const bad = files
      .filter((file) => !file.ok)
      .map(({ path, problem }) => (problem === null ? path : `${path} (${problem})`))
    tell(id, ok ? { text: texts.verified, mood: 'good' } : { text: texts.damaged(bad.join(', ')), mood: 'bad' })
  } catch (error) {
    tell(id, { text: ApiError.from(error).message, mood: 'bad' })
  } finally {
    events.close()
  }
}
