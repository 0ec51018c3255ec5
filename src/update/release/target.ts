/** Which of a release's executables this machine runs. Pure. */
import type { ReleaseTarget } from '../../contract/release.ts'

export interface Machine {
  platform: string
  /** As Node names it: x64, arm64. */
  arch: string
  /** What /proc/cpuinfo says. */
  cpuinfo: string
}

/** @returns null where no executable is made for */
export const targetOf = ({ platform, arch, cpuinfo }: Machine): ReleaseTarget | null => {
  if (platform !== 'linux') return null
  if (arch === 'arm64') return 'linux-arm64'
  if (arch !== 'x64') return null
  // Bun's plain x64 executables need AVX2; they die of SIGILL without it.
  return /^flags\s*:.*\bavx2\b/m.test(cpuinfo) ? 'linux-x64' : 'linux-x64-baseline'
}
