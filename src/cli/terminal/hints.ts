import { firstInstall } from '../../providers/table.ts'

/** The next command worth trying, by error code. `NAME` stands for the slot or model that was asked for. */
const hints: Record<string, string> = {
  'auth.required': 'export HAL0_API_KEY=…',
  'engine.not_found': 'hal0 engine list',
  'engine.not_installed': firstInstall,
  'model.corrupt': 'hal0 model verify NAME',
  'model.exists': 'hal0 model list',
  'model.in_use': 'hal0 slot list',
  'model.not_found': 'hal0 model list',
  'slot.crashed': 'hal0 slot logs NAME',
  'slot.exists': 'hal0 slot show NAME',
  'slot.invalid_transition': 'hal0 slot show NAME',
  'slot.load_timeout': 'hal0 slot edit NAME --set load_timeout_s=1800',
  'slot.no_model': 'hal0 slot swap NAME --model MODEL',
  'slot.not_found': 'hal0 slot list',
  'slot.not_loaded': 'hal0 slot load NAME',
  'slot.out_of_memory': 'hal0 slot edit NAME --set context_size=4096',
  'slot.probe_failed': 'hal0 slot logs NAME',
  'slot.pulling': 'hal0 slot watch NAME',
  'slot.spawn_failed': 'hal0 slot logs NAME',
  'slot.stalled': 'hal0 slot logs NAME',
  'slot.starting': 'hal0 slot watch NAME',
  'slot.unloading': 'hal0 slot watch NAME',
  'slot.warming': 'hal0 slot watch NAME',
}

/** @returns null if no command helps, or if the command needs a name that is unknown */
export const hintFor = (code: string, subject: string | null): string | null => {
  const hint = hints[code]
  if (hint === undefined) return null
  if (!hint.includes('NAME')) return hint
  return subject === null ? null : hint.replace('NAME', subject)
}
