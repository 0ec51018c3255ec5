/**
 * Builds the executable: first the dashboard, then one file with the daemon, the CLI and the dashboard.
 *
 *   npm run build                          dist/hal0 for this machine
 *   npm run build -- --target TARGET...    dist/hal0-TARGET for linux-x64, linux-x64-baseline, linux-arm64, or all
 *   npm run build -- --outfile FILE         for this machine, as FILE
 *   npm run build -- --release DIR         all targets as DIR/hal0-VERSION-TARGET, with SHA256SUMS and manifest.json, to be signed
 *                                          with scripts/sign-release.ts or minisign; a web server can then serve DIR
 *
 * With any of them:
 *   --release-url URL      the address of the folder that releases are published in: `hal0 update` asks there unless hal0.toml names
 *                          another one, and a release's install.sh downloads from it. Without it, both say that they have no address.
 *   --release-key KEY      minisign public key (the line or the .pub file) that `hal0 update` trusts; given twice: the current and
 *                          the next one. Without it the executable refuses every update.
 *   --version VERSION      instead of the version in package.json (tests of updates need two)
 * With --release:
 *   --url-base URL         where the executables will be; default: beside the manifest
 *   --min-version VERSION  the oldest version that may update directly; default: 0.1.0
 *   --expires-days N       how long the manifest is valid; default: 180
 */
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { BunPlugin } from 'bun'
import packageJson from './package.json' with { type: 'json' }
import { artifactName, writeInstaller, writeReleaseFiles } from './scripts/release/files.ts'
import { releaseTargets as targets } from './src/contract/release.ts'
import { isVersion } from './src/system/files/release-folder.ts'
import { parsePublicKey } from './src/update/release/minisign.ts'
import { buildWeb } from './web/build.ts'

const root = import.meta.dir
const dist = join(root, 'dist')

/** Exits, because the command line is wrong. */
const refuse = (sentence: string): never => {
  console.error(sentence)
  process.exit(2)
}

const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true },
    outfile: { type: 'string' },
    release: { type: 'string' },
    'release-key': { type: 'string', multiple: true },
    'release-url': { type: 'string' },
    version: { type: 'string' },
    'url-base': { type: 'string' },
    'min-version': { type: 'string' },
    'expires-days': { type: 'string' },
  },
})
const version = values.version ?? packageJson.version
const minVersion = values['min-version'] ?? '0.1.0'
const expiresDays = Number(values['expires-days'] ?? 180)
for (const one of [version, minVersion]) if (!isVersion(one)) refuse(`'${one}' is not a version like 1.2.3.`)
if (!(expiresDays > 0)) refuse('--expires-days takes a number of days.')
const asked = (values.target ?? []).flatMap((one) => (one === 'all' ? targets : one.split(',')))
const unknown = asked.find((one) => !targets.some((target) => target === one))
if (unknown !== undefined) refuse(`There is no target ${unknown}. There are: ${targets.join(', ')}, all.`)

/** The base64 line of a public key. */
const keyLine = (text: string): string => {
  const line = (existsSync(text) ? readFileSync(text, 'utf8') : text).trim().split('\n').at(-1) ?? ''
  parsePublicKey(line)
  return line
}
const releaseUrl = (values['release-url'] ?? '').replace(/\/+$/, '')
if (releaseUrl !== '' && !/^https?:\/\/[^\s'"$`\\]+$/.test(releaseUrl))
  refuse('--release-url takes an http or https address.')
const releaseKeys = (values['release-key'] ?? []).map(keyLine)

/** Makes every import of package.json's version get the version that is built. */
const versionPlugin: BunPlugin = {
  name: 'version',
  setup(build) {
    build.onLoad({ filter: /\/package\.json$/ }, async ({ path }) => {
      const contents = await Bun.file(path).json()
      if (path === join(root, 'package.json')) contents.version = version
      return { contents: JSON.stringify(contents), loader: 'json' }
    })
  },
}

/**
 * Compiles one executable. It is written beside its final path and renamed, so that a failed build leaves the old one, and a running
 * process keeps its file.
 * @param target one of Bun's targets; undefined: this machine's
 */
const compile = async (outfile: string, webDir: string, target: string | undefined): Promise<void> => {
  const fresh = `${outfile}.new`
  await Bun.build({
    // Each thread is a program of its own, which `new Worker` finds beside the main one.
    entrypoints: ['main', 'pull-thread', 'log-thread'].map((name) => join(root, `src/${name}.ts`)),
    minify: true,
    bytecode: true,
    // With bytecode and without this, `import.meta.dir` would be the build machine's path.
    format: 'esm',
    define: {
      'process.env.NODE_ENV': '"production"',
      HAL0_RELEASE_KEYS: JSON.stringify(releaseKeys.join(' ')),
      HAL0_RELEASE_URL: JSON.stringify(releaseUrl),
    },
    plugins: [versionPlugin],
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
  console.log(`${outfile} (${(Bun.file(outfile).size / 1e6).toFixed(0)} MB)`)
}

await mkdir(dist, { recursive: true })
const webDir = join(dist, 'web')
await rm(webDir, { recursive: true, force: true })
await buildWeb(webDir)
if (values.release === undefined) {
  const here = values.outfile === undefined ? join(dist, 'hal0') : resolve(values.outfile)
  const outputs = asked.length === 0 ? [undefined] : asked
  for (const target of outputs)
    await compile(target === undefined ? here : join(dist, `hal0-${target}`), webDir, target)
} else {
  const folder = resolve(values.release)
  await mkdir(folder, { recursive: true })
  for (const target of targets) await compile(join(folder, artifactName(version, target)), webDir, target)
  const urlBase = values['url-base'] ?? null
  const written = await writeReleaseFiles(folder, { version, minVersion, urlBase, releasedAt: new Date(), expiresDays })
  await writeInstaller(join(root, 'install.sh'), folder, releaseUrl)
  const paths = written.map((name) => join(folder, name)).join(' ')
  console.log(`Sign them: node_modules/.bin/bun scripts/sign-release.ts --key FILE ${paths}`)
}
