/** The two forms of a project's page in a Python package index: HTML (PEP 503) and JSON (PEP 691). */
import { unescape as unescapeUrl } from 'node:querystring'

/** One file of a project. */
export interface IndexFile {
  name: string
  url: URL
  /** Lower-case hex; null when the index gives none. */
  sha256: string | null
  yanked: boolean
  requiresPython: string | null
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** HTMLRewriter returns attributes as they are written, with their entities. */
const unescapeHtml = (text: string): string =>
  text.replace(/&(?:#(\d{1,6})|#[xX]([0-9a-fA-F]{1,5})|([a-z]{2,4}));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[name] ?? whole
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal))
  })

const hexSum = (text: string | null | undefined): string | null =>
  text != null && /^[0-9a-fA-F]{64}$/.test(text) ? text.toLowerCase() : null

const fileNameOf = (url: URL): string => unescapeUrl(url.pathname.split('/').at(-1) ?? '')

/** What a link leads to; null: nothing that could be fetched. `fetch` reads files of this machine and `data:` too, which no index may ask for. */
const linkTo = (href: string, base: URL): URL | null => {
  const url = URL.parse(href, base.href)
  return url !== null && /^https?:$/.test(url.protocol) ? url : null
}

/** @param base the page's own URL, for relative links */
export const parseHtmlPage = (html: string, base: URL): IndexFile[] => {
  const files: IndexFile[] = []
  new HTMLRewriter()
    .on('a', {
      element(anchor) {
        const attribute = (name: string) => {
          const value = anchor.getAttribute(name)
          return value === null ? null : unescapeHtml(value)
        }
        const href = attribute('href')
        const url = href === null ? null : linkTo(href, base)
        if (url === null) return
        const sha256 = hexSum(/^#sha256=(.*)$/.exec(url.hash)?.[1])
        url.hash = ''
        files.push({
          name: fileNameOf(url),
          url,
          sha256,
          yanked: anchor.hasAttribute('data-yanked'),
          requiresPython: attribute('data-requires-python'),
        })
      },
    })
    .transform(html)
  return files
}

interface JsonFile {
  filename?: unknown
  url?: unknown
  hashes?: { sha256?: unknown }
  yanked?: unknown
  'requires-python'?: unknown
}

const textOr = <T>(value: unknown, other: T): string | T => (typeof value === 'string' ? value : other)

/** @throws SyntaxError when it is not JSON */
export const parseJsonPage = (json: string, base: URL): IndexFile[] => {
  const page = JSON.parse(json) as { files?: unknown } | null
  const listed: unknown[] = Array.isArray(page?.files) ? page.files : []
  return listed.flatMap((entry): IndexFile[] => {
    if (typeof entry !== 'object' || entry === null) return []
    const file = entry as JsonFile
    const href = textOr(file.url, '')
    const url = href === '' ? null : linkTo(href, base)
    if (url === null) return []
    return [
      {
        name: textOr(file.filename, fileNameOf(url)),
        url,
        sha256: hexSum(textOr(file.hashes?.sha256, null)),
        // `yanked` may be the reason, and the empty reason counts too.
        yanked: typeof file.yanked === 'string' || file.yanked === true,
        requiresPython: textOr(file['requires-python'], null),
      },
    ]
  })
}
