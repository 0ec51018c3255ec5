/** What the exit status of `hal0` means (spec §6). */
export const exitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  notFound: 4,
  /** EX_CONFIG of sysexits.h, only by `hal0 serve` as a service: starting it again helps nothing before something is changed. */
  configuration: 78,
  /** 128 + SIGINT, which shells report for a program ended by Ctrl-C. */
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCode)[keyof typeof exitCode]
