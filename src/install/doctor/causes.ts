/** Which findings only follow from another one. Doctor tells the cause alone: mending it mends them too. Pure. */
import type { Finding, FindingId } from './finding.ts'

const ofInstallation: FindingId[] = [
  'service-missing',
  'service-down',
  'service-boot',
  'service-stale',
  'drift',
  'polkit',
]

/** The findings that mean nothing beside the named one. */
const consequences: Partial<Record<FindingId, readonly FindingId[]>> = {
  'not-installed': [...ofInstallation, 'lingering'],
  'no-manager': [...ofInstallation, 'lingering'],
  // Setup makes everything at once.
  'service-missing': ['service-down', 'service-boot', 'service-stale', 'drift'],
  // A daemon does not start with such a file, and which port it wants is not known.
  configuration: ['service-down'],
  'api-port': ['service-down'],
  // No certificate is valid on that date.
  clock: ['hub'],
}

/** The findings without those that follow from another one. A warning hides nothing: it may have no consequences yet. */
export const causesOf = (findings: readonly Finding[]): Finding[] => {
  const hidden = new Set(
    findings.flatMap(({ id, severity }) => (severity === 'warning' ? [] : (consequences[id] ?? []))),
  )
  return findings.filter(({ id }) => !hidden.has(id))
}
