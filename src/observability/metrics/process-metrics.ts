/** The daemon's own process, under the names that Prometheus' clients use for one. */
import { readFileSync } from 'node:fs'
import { descriptorLimit, openDescriptors } from '../../system/descriptors.ts'
import type { Exposition } from './exposition.ts'

const kibibytes = (status: string, key: string): number =>
  Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024

export const writeProcessMetrics = (to: Exposition): void => {
  const status = readFileSync('/proc/self/status', 'latin1')
  const { user, system } = process.cpuUsage()
  to.single('process_resident_memory_bytes', 'gauge', 'Resident memory.', kibibytes(status, 'VmRSS'))
  to.single('process_virtual_memory_bytes', 'gauge', 'Virtual memory.', kibibytes(status, 'VmSize'))
  to.single('process_cpu_seconds_total', 'counter', 'CPU time, user and system.', (user + system) / 1e6)
  to.single('process_open_fds', 'gauge', 'Open file descriptors.', openDescriptors())
  to.single('process_max_fds', 'gauge', 'Most open file descriptors.', descriptorLimit())
  const started = Date.now() / 1000 - process.uptime()
  to.single('process_start_time_seconds', 'gauge', 'Start of the process, seconds since the Unix epoch.', started)
}
