/** The dashboard's files. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { staticPlugin } from '@elysiajs/static'
import type { Elysia } from 'elysia'

/** The folder of the built dashboard: in the executable beside the code, in a checkout where `npm run build` put it; null: none. */
export const findDashboard = (): string | null =>
  [join(import.meta.dir, 'web'), join(import.meta.dir, '../../dist/web')].find((folder) =>
    existsSync(join(folder, 'index.html')),
  ) ?? null

/**
 * @param webDir absolute folder with index.html and assets whose names carry a hash of their content; inside the executable it
 *   is `join(import.meta.dir, 'web')`
 */
export const mountDashboard = async (app: Elysia, webDir: string): Promise<void> => {
  const plugin = await staticPlugin({
    assets: webDir,
    prefix: '/',
    // The list of files is fixed at start: a request never refers to a path on disk.
    alwaysStatic: true,
    headers: { 'Cache-Control': 'public, max-age=31536000, immutable' },
  })
  app.use(plugin)
}
