/** Which of a release's executables fits this machine. Pure. */
import type { ReleaseTarget } from '../../contract/release.ts'

export interface Machine {
  platform: string
  /** As Node names it: x64, arm64. */
  arch: string
  /** Text of /proc/cpuinfo. */
  cpuinfo: string
}

/** @returns null for a machine that no executable is built for */
export const targetOf = ({ platform, arch, cpuinfo }: Machine): ReleaseTarget | null => {
  if (platform !== 'linux') return null
  if (arch === 'arm64') return 'linux-arm64'
  if (arch !== 'x64') return null
  // Bun's standard x64 executables need AVX2 and die with SIGILL without it.
  return /^flags\s*:.*\bavx2\b/m.test(cpuinfo) ? 'linux-x64' : 'linux-x64-baseline'
}
