/** README.md and the pages of docs/, as the tests read them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dir, '../..')

/**
 * Where a code block runs; a comment above it says so, `<!-- run: daemon -->`.
 * clone: a checkout; daemon: beside a running daemon; client: Python with the OpenAI client; host: a server with systemd;
 * gpu: beside a running daemon, with a program in place of a GPU's llama.cpp.
 */
export const places = ['clone', 'daemon', 'client', 'host', 'gpu'] as const
export type Place = (typeof places)[number]

export interface Block {
  language: string
  /** null: the page does not say. */
  place: Place | null
  text: string
}

export interface Page {
  /** Relative to the checkout. */
  path: string
  text: string
  blocks: Block[]
}

const fences = /(?:<!-- run: (\w+) -->\n)?^```(\w*)\n([\s\S]*?)^```$/gm

export const blocksOf = (text: string): Block[] =>
  [...text.matchAll(fences)].map(([, place, language = '', body = '']) => ({
    language,
    place: places.find((known) => known === place) ?? null,
    text: body,
  }))

const readPage = (path: string): Page => {
  const text = readFileSync(join(root, path), 'utf8')
  return { path, text, blocks: blocksOf(text) }
}

export const pages: readonly Page[] = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort(),
].map(readPage)

/** The commands of a page for one place, as one script. */
export const scriptOf = (page: Page, place: Place): string =>
  page.blocks
    .filter((block) => block.place === place)
    .map(({ text }) => text)
    .join('\n')

/** Anchors of a page's headings, as GitHub makes them. */
export const anchorsOf = (text: string): string[] =>
  [...text.replaceAll(fences, '').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
