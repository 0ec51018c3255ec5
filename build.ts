/**
 * Builds the executable: first the dashboard, then daemon, CLI and dashboard into one file.
 *
 *   npm run build                          dist/hal0 for this machine
 *   npm run build -- --target TARGET...    dist/hal0-TARGET for linux-x64, linux-x64-baseline, linux-arm64, or all
 */
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildWeb } from './web/build.ts'

const targets = ['linux-x64', 'linux-x64-baseline', 'linux-arm64'] as const
const root = import.meta.dir
const dist = join(root, 'dist')

/**
 * Compiles one executable. It is written beside its final name and renamed: a failed build leaves the old one, and a running
 * one keeps its file.
 * @param target one of Bun's targets; undefined: this machine's
 */
const compile = async (outfile: string, webDir: string, target: string | undefined): Promise<void> => {
  const fresh = `${outfile}.new`
  await Bun.build({
    entrypoints: [join(root, 'src/main.ts')],
    minify: true,
    bytecode: true,
    // With bytecode and without this, `import.meta.dir` would be the build machine's path.
    format: 'esm',
    define: { 'process.env.NODE_ENV': '"production"' },
    compile: {
      outfile: fresh,
      assets: [webDir],
      // Otherwise the executable would run a hostile bunfig.toml or .env of the folder that it is started in.
      autoloadDotenv: false,
      autoloadBunfig: false,
      ...(target === undefined ? {} : { target: `bun-${target}` as Bun.Build.CompileTarget }),
    },
  })
  await rename(fresh, outfile)
}

const { values } = parseArgs({ options: { target: { type: 'string', multiple: true } } })
const asked = (values.target ?? []).flatMap((one) => (one === 'all' ? targets : one.split(',')))
const unknown = asked.find((one) => !targets.some((target) => target === one))
if (unknown !== undefined) {
  console.error(`There is no target ${unknown}. There are: ${targets.join(', ')}, all.`)
  process.exit(2)
}

await mkdir(dist, { recursive: true })
const webDir = join(dist, 'web')
await rm(webDir, { recursive: true, force: true })
await buildWeb(webDir)
const outputs = asked.length === 0 ? [undefined] : asked
for (const target of outputs) {
  const outfile = join(dist, target === undefined ? 'hal0' : `hal0-${target}`)
  await compile(outfile, webDir, target)
  console.log(`${outfile} (${(Bun.file(outfile).size / 1e6).toFixed(0)} MB)`)
}
