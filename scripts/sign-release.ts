/**
 * Signs files like minisign; `minisign -V` verifies them.
 *
 *   bun scripts/sign-release.ts --generate NAME         NAME.key (secret) and NAME.pub (for `npm run build -- --release-key`)
 *   bun scripts/sign-release.ts --key NAME.key FILE...  FILE.minisig beside each
 */
import { readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { makeKeyPair, signContent } from './release/minisign.ts'

const { values, positionals } = parseArgs({
  options: { generate: { type: 'string' }, key: { type: 'string' } },
  allowPositionals: true,
})

if (values.generate !== undefined) {
  const pair = makeKeyPair()
  // Never overwrite an existing key: it may be the only copy.
  await writeFile(`${values.generate}.key`, pair.secret, { mode: 0o600, flag: 'wx' })
  await writeFile(`${values.generate}.pub`, pair.public, { flag: 'wx' })
  console.log(`${values.generate}.key (keep it secret, off this machine) and ${values.generate}.pub`)
} else if (values.key !== undefined && positionals.length > 0) {
  const secret = await readFile(values.key, 'utf8')
  for (const path of positionals) {
    const comment = `timestamp:${Math.floor(Date.now() / 1000)}\tfile:${basename(path)}\thashed`
    await writeFile(`${path}.minisig`, signContent(await readFile(path), secret, comment))
    console.log(`${path}.minisig`)
  }
} else {
  console.error('Give --generate NAME, or --key FILE and the files to sign.')
  process.exit(2)
}
