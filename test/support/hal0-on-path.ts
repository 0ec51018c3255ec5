/** Before every test file: the `hal0` on the PATH is the one of this checkout, so that hints say `hal0`. */
import { join } from 'node:path'

process.env.PATH = `${join(import.meta.dir, '../../bin')}:${process.env.PATH}`
