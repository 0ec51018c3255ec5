/** Diagnoses hal0 on this machine: one check for each thing that can be wrong, over facts gathered before. Pure. */
import { causesOf } from './causes.ts'
import type { Facts } from './facts.ts'
import type { Finding } from './finding.ts'
import { installationChecks } from './installation-checks.ts'
import { machineChecks } from './machine-checks.ts'

const rank: Record<Finding['severity'], number> = { error: 0, warning: 1, note: 2 }

/** The causes of what is wrong, without what follows from them; errors first. */
export const diagnose = (facts: Facts): Finding[] =>
  causesOf([...installationChecks, ...machineChecks].flatMap((check) => check(facts))).sort(
    (a, b) => rank[a.severity] - rank[b.severity],
  )
