/** Example calls of a slot. Pure. */

export interface Snippet {
  title: string
  text: string
}

interface Called {
  /** e.g. http://nas:8080/v1 */
  base: string
  model: string
  /** What the slot is for; null: unknown, as for chat. */
  mode: string | null
}

interface Example {
  path: string
  body: (model: string) => Record<string, unknown>
  /** The call in Python and JavaScript, and where the answer is. */
  python: string
  javascript: string
}

const question = 'Why is the sky blue?'

const chat: Example = {
  path: 'chat/completions',
  body: (model) => ({ model, messages: [{ role: 'user', content: question }] }),
  python: `chat.completions.create(
    model="MODEL",
    messages=[{"role": "user", "content": "${question}"}],
)
print(answer.choices[0].message.content)`,
  javascript: `chat.completions.create({
  model: 'MODEL',
  messages: [{ role: 'user', content: '${question}' }],
})
console.log(answer.choices[0].message.content)`,
}

const embedding: Example = {
  path: 'embeddings',
  body: (model) => ({ model, input: question }),
  python: `embeddings.create(model="MODEL", input="${question}")
print(answer.data[0].embedding)`,
  javascript: `embeddings.create({ model: 'MODEL', input: '${question}' })
console.log(answer.data[0].embedding)`,
}

/** OpenAI's libraries have no call for it. */
const rerankBody = (model: string) => ({ model, query: question, documents: ['Light scatters.', 'Grass is green.'] })

const curl = ({ base, model }: Called, path: string, body: (model: string) => unknown): Snippet => ({
  title: 'curl',
  text: [
    `curl ${base}/${path} \\`,
    '  -H "Authorization: Bearer $HAL0_API_KEY" \\',
    "  -H 'Content-Type: application/json' \\",
    `  -d '${JSON.stringify(body(model))}'`,
  ].join('\n'),
})

export const snippetsOf = (called: Called): Snippet[] => {
  const { base, model, mode } = called
  if (mode === 'rerank') return [curl(called, 'rerank', rerankBody)]
  const { path, body, python, javascript } = mode === 'embedding' ? embedding : chat
  return [
    curl(called, path, body),
    {
      title: 'Python',
      text: `import os
from openai import OpenAI

client = OpenAI(base_url="${base}", api_key=os.environ.get("HAL0_API_KEY", "none"))
answer = client.${python.replace('MODEL', model)}`,
    },
    {
      title: 'JavaScript',
      text: `import OpenAI from 'openai'

const client = new OpenAI({ baseURL: '${base}', apiKey: process.env.HAL0_API_KEY ?? 'none' })
const answer = await client.${javascript.replace('MODEL', model)}`,
    },
  ]
}
