/**
 * Markdown as elements. The parser's tokens become elements directly: no HTML is ever made of a model's words, so there is nothing to
 * sanitise. HTML in the text stays text, and so do formulas.
 */
import MarkdownIt, { type Token } from 'markdown-it'
import { type ComponentChild, h } from 'preact'
import { CodeBlock } from './code-block.tsx'
import { CopyButton } from './copy-button.tsx'

const parser = new MarkdownIt({ html: false, linkify: true })

/** The elements that the text may have. */
const allowed = new Set(
  'p h1 h2 h3 h4 h5 h6 ul ol li blockquote strong em s code hr br table thead tbody tr th td'.split(' '),
)

const safeLink = (address: string | number | null): string | null =>
  typeof address === 'string' && /^(https?:|mailto:)/i.test(address) ? address : null

const Fence = ({ text, language }: { text: string; language: string }) => (
  <div class="fence">
    <div class="fence-head">
      {language}
      <CopyButton text={text} what="the code" />
    </div>
    <CodeBlock label={language === '' ? 'Code' : `Code, ${language}`}>{text}</CodeBlock>
  </div>
)

const leaf = ({ type, content, info, tag, children }: Token, key: number): ComponentChild => {
  switch (type) {
    case 'text':
    case 'html_inline':
    case 'html_block':
      return content
    case 'softbreak':
      return '\n'
    case 'inline':
      return elementsOf(children ?? [])
    case 'code_inline':
      return <code key={key}>{content}</code>
    case 'fence':
    case 'code_block':
      return <Fence key={key} text={content.replace(/\n$/, '')} language={info.trim().split(/\s/)[0] ?? ''} />
    case 'image':
      // The page loads nothing from elsewhere.
      return content
    default:
      return allowed.has(tag) ? h(tag, { key }) : content
  }
}

interface Open {
  token: Token
  children: ComponentChild[]
}

const element = ({ token, children }: Open, key: number): ComponentChild => {
  if (token.tag === 'a') {
    const href = safeLink(token.attrGet('href'))
    return href === null ? (
      children
    ) : (
      <a key={key} href={href} target="_blank" rel="noreferrer">
        {children}
      </a>
    )
  }
  // A paragraph in a tight list is not shown as one.
  if (token.hidden || !allowed.has(token.tag)) return children
  if (token.tag !== 'table') return h(token.tag, { key }, children)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it.
    <section key={key} class="wide" tabIndex={0} aria-label="Table">
      <table class="table">{children}</table>
    </section>
  )
}

const elementsOf = (tokens: readonly Token[]): ComponentChild[] => {
  const top: ComponentChild[] = []
  const open: Open[] = []
  tokens.forEach((token, key) => {
    const into = open.at(-1)?.children ?? top
    if (token.nesting === 1) open.push({ token, children: [] })
    else if (token.nesting === 0) into.push(leaf(token, key))
    else {
      const closed = open.pop()
      if (closed !== undefined) (open.at(-1)?.children ?? top).push(element(closed, key))
    }
  })
  return top
}

export const Prose = ({ text }: { text: string }) => <div class="prose">{elementsOf(parser.parse(text, {}))}</div>
