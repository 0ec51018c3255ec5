/** The dashboard's files. */
import { staticPlugin } from '@elysiajs/static'
import type { Elysia } from 'elysia'

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
