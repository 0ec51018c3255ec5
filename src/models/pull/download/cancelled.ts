import { Hal0Error } from '../../../lib/hal0-error.ts'

export const cancelled = (): Hal0Error =>
  new Hal0Error('pull.cancelled', 'The pull was cancelled. Pull again to continue: what is here is kept.')
