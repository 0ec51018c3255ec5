import { Hal0Error } from '../../../lib/hal0-error.ts'

export const cancelled = (): Hal0Error =>
  new Hal0Error('pull.cancelled', 'The pull was cancelled. Pull again to go on: what is here is kept.')
