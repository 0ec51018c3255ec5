/** Builds the dashboard: one page, and assets whose names carry a hash of their content. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * @param outdir absolute path of the output folder, which is replaced
 * @throws AggregateError with the bundler's messages
 */
export const buildWeb = async (outdir: string): Promise<void> => {
  await rm(outdir, { recursive: true, force: true })
  await Bun.build({
    entrypoints: [join(import.meta.dir, 'index.html')],
    outdir,
    target: 'browser',
    minify: true,
    publicPath: '/',
    naming: { chunk: 'assets/[name]-[hash].[ext]', asset: 'assets/[name]-[hash].[ext]' },
  })
}
