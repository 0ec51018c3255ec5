/** Builds the dashboard: one page, and assets whose names carry a hash of their content. */
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'

/** What a browser needs to install the page as an application. Its addresses are relative to it. */
const manifest = (icon: string) => ({
  name: 'hal0',
  short_name: 'hal0',
  description: 'The models of this server.',
  id: '../',
  start_url: '../',
  scope: '../',
  display: 'standalone',
  background_color: '#121412',
  theme_color: '#121412',
  icons: [{ src: icon, sizes: 'any', type: 'image/svg+xml', purpose: 'any maskable' }],
})

/** Writes the manifest beside the icon, and the page's reference to it. @param icon file name of the icon */
const addManifest = async (outdir: string, icon: string): Promise<void> => {
  const text = JSON.stringify(manifest(icon))
  const name = `manifest-${Bun.hash(text).toString(36)}.json`
  await Bun.write(join(outdir, 'assets', name), text)
  const page = join(outdir, 'index.html')
  const html = await Bun.file(page).text()
  await Bun.write(page, html.replace('</head>', `<link rel="manifest" href="./assets/${name}"></head>`))
}

/**
 * @param outdir absolute path of the output folder, which is replaced
 * @throws AggregateError with the bundler's messages
 */
export const buildWeb = async (outdir: string): Promise<void> => {
  await rm(outdir, { recursive: true, force: true })
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dir, 'index.html')],
    outdir,
    target: 'browser',
    minify: true,
    // Relative, so that the page also works below a path of a proxy.
    publicPath: './',
    define: { 'process.env.NODE_ENV': '"production"' },
    naming: { chunk: 'assets/[name]-[hash].[ext]', asset: 'assets/[name]-[hash].[ext]' },
  })
  const icon = outputs.find(({ path }) => path.endsWith('.svg'))
  if (icon === undefined) throw new Error('index.html names no icon')
  await addManifest(outdir, basename(icon.path))
}
