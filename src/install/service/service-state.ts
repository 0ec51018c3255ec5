/** What systemd says about the API's unit. */
import { apiUnit } from '../../system/systemd/hosting.ts'
import { refusalOf, type Systemctl } from '../../system/systemd/unit/systemctl.ts'

export interface ServiceState {
  /** The unit's file exists and could be read. */
  loaded: boolean
  active: boolean
  /** e.g. `activating (auto-restart)`, for people. */
  shown: string
  /** success, exit-code, signal, … (systemd.service(5)) */
  result: string
  enabled: boolean
  /** The unit's file changed after systemd read it. */
  needsReload: boolean
  /** 0: none. */
  mainPid: number
  /** How often systemd restarted it by itself. */
  restarts: number
}

const properties = [
  'LoadState',
  'ActiveState',
  'SubState',
  'Result',
  'UnitFileState',
  'NeedDaemonReload',
  'MainPID',
  'NRestarts',
]

/** @param text what `systemctl show` printed */
export const parseServiceState = (text: string): ServiceState => {
  const values = new Map(text.split('\n').map((line) => line.split(/=(.*)/s, 2) as [string, string | undefined]))
  const value = (name: string): string => values.get(name) ?? ''
  return {
    loaded: value('LoadState') === 'loaded',
    active: value('ActiveState') === 'active',
    shown: `${value('ActiveState')} (${value('SubState')})`,
    result: value('Result'),
    enabled: value('UnitFileState') === 'enabled',
    needsReload: value('NeedDaemonReload') === 'yes',
    mainPid: Number(value('MainPID')) || 0,
    restarts: Number(value('NRestarts')) || 0,
  }
}

/** @throws Hal0Error `supervisor.failed` */
export const readServiceState = async (systemctl: Systemctl): Promise<ServiceState> => {
  const answer = await systemctl.run(['show', apiUnit, `--property=${properties.join(',')}`])
  if (answer.code !== 0) throw refusalOf(apiUnit, 'look at', answer)
  return parseServiceState(answer.stdout)
}
