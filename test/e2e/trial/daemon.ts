/** The daemon with the trial's rows in its tables: `bun daemon.ts serve --port N --supervisor process`. */
import { serve } from '../../../src/daemon.ts'
import { modelFormats } from '../../../src/models/formats/table.ts'
import { providerTable } from '../../../src/providers/table.ts'
import { trioFormat, trioRow } from './trio.ts'

const port = Number(process.argv[process.argv.indexOf('--port') + 1])
await serve(
  { port, supervisor: 'process' },
  { providers: [...providerTable, trioRow], formats: [...modelFormats, trioFormat] },
)
process.exit(0)
