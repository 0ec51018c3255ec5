/** The settings as text for people. */
import { type SettingPath, type Settings, settingKey } from '../../contract/settings.ts'
import { commandsForFile } from '../host/fitting-commands.ts'
import { talk } from '../terminal/output.ts'

/** The value of a key; null: not set. */
export const settingValue = ({ values }: { values: object }, [first, second]: SettingPath): unknown => {
  const value = (values as Record<string, unknown>)[first]
  return second === undefined ? value : (value as Record<string, unknown> | undefined)?.[second]
}

/** A value in the form that `config set` takes. */
export const shownValue = (value: unknown): string => {
  if (value === null) return '-'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Where a key's value comes from. */
export const originOf = ({ set, overridden }: Settings, path: SettingPath): string => {
  const key = settingKey(path)
  if (overridden.includes(key)) return key === 'hub.mirrors' ? 'HF_ENDPOINT' : 'command line'
  return set.includes(key) ? 'set' : 'default'
}

/** Says on stderr why settings have no effect. */
export const tellProblems = ({ problems }: Settings): void => {
  for (const problem of problems) talk.warn(problem)
}

/** Says on stderr what has to be done before the settings take effect. */
export const tellNext = (settings: Settings): void => {
  tellProblems(settings)
  if (!settings.restart_needed) return
  talk.log(
    `Restart hal0 for this to take effect: ${commandsForFile(settings.file).restart}. Loaded models keep running.`,
  )
}
