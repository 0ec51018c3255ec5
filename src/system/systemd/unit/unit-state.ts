/** What `systemctl show` says about a unit. Pure. */
import type { ExitReport } from '../../supervisor.ts'

/** The properties to ask for (org.freedesktop.systemd1(5)). */
export const shownProperties = [
  'LoadState',
  'ActiveState',
  'MainPID',
  'InvocationID',
  'Result',
  'ExecMainCode',
  'ExecMainStatus',
  'ControlGroup',
] as const

export interface UnitState {
  /** The unit's file exists and could be read. */
  loaded: boolean
  /** inactive, failed, active, activating, deactivating, … */
  active: string
  /** 0: no main process. */
  mainPid: number
  /** Id of this start of the unit; '' when systemd no longer knows it. */
  invocation: string
  /** success, exit-code, signal, core-dump, oom-kill, timeout, … (systemd.service(5)) */
  result: string
  /** How the last main process ended, as a SIGCHLD code (waitid(2)); 0 if none has. */
  how: number
  /** Its exit code, or the number of its signal. */
  status: number
  /** Control group of its processes, from the root of the hierarchy; '' if it has none. */
  controlGroup: string
}

/** Codes of SIGCHLD: exited, killed, dumped core. */
const exited = 1
const killed = 2
const dumped = 3

export const parseUnitState = (text: string): UnitState => {
  const values = new Map(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf('=')
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const]
    }),
  )
  const number = (name: string): number => Number(values.get(name) ?? 0) || 0
  return {
    loaded: values.get('LoadState') === 'loaded',
    active: values.get('ActiveState') ?? 'inactive',
    mainPid: number('MainPID'),
    invocation: values.get('InvocationID') ?? '',
    result: values.get('Result') ?? 'success',
    how: number('ExecMainCode'),
    status: number('ExecMainStatus'),
    controlGroup: values.get('ControlGroup') ?? '',
  }
}

/** Whether nothing of the unit runs any more. */
export const isOver = ({ active }: UnitState): boolean => active === 'inactive' || active === 'failed'

/** Linux's numbers on x86-64 and arm64 (signal(7)). */
const signals = [
  'SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM',
  'SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO',
  'SIGPWR SIGSYS',
].flatMap((line) => line.split(' '))
/** The C library's first real-time signal. */
const firstRealTime = 34

const signalName = (number: number): string => signals[number - 1] ?? `SIGRTMIN+${number - firstRealTime}`

/** How the main process ended; nulls when systemd does not know (any more). */
export const exitOf = ({ how, status, result }: UnitState): Omit<ExitReport, 'lastLines'> => ({
  exitCode: how === exited ? status : null,
  signal: how === killed || how === dumped ? signalName(status) : null,
  outOfMemory: result === 'oom-kill',
})
