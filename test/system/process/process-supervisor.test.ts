import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPaths } from '../../../src/system/paths.ts'
import { ProcessSupervisor } from '../../../src/system/process/process-supervisor.ts'
import { supervisorContract } from '../supervisor-contract.ts'

for (const mayGroup of [true, false]) {
  supervisorContract(
    `the process supervisor, ${mayGroup ? 'with' : 'without'} control groups where it can have them,`,
    async () => {
      const root = mkdtempSync(join(tmpdir(), 'hal0-test-'))
      const paths = findPaths({ HAL0_ROOT: root }, false)
      return {
        open: () => new ProcessSupervisor({ paths, mayGroup }),
        dispose: async () => rmSync(root, { recursive: true, force: true }),
      }
    },
  )
}
