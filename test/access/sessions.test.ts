import { expect, test } from 'bun:test'
import { Access } from '../../src/access/access.ts'
import { tempDir } from '../support/temp-dir.ts'

const setUp = async () => {
  const access = await Access.open(tempDir(), 'auto')
  const make = async (name: string, scope: 'infer' | 'admin') => (await access.keys.create({ name, scope })).key
  return { access, sessions: access.sessions, make }
}

test('a session ends with its key, and a new key of that name does not bring it back', async () => {
  const { access, sessions, make } = await setUp()
  const { token } = sessions.begin({ key: await make('phone', 'infer') })
  expect(sessions.find(token)).toMatchObject({ name: 'phone', scope: 'infer' })
  await access.keys.revoke('phone')
  await make('phone', 'admin')
  expect(sessions.find(token)).toBeNull()
})

test('a link and the session that began with it end with the key that made the link', async () => {
  const { access, sessions, make } = await setUp()
  await make('boss', 'admin')
  const [used, unused] = [sessions.makeLink('boss'), sessions.makeLink('boss')].map(
    ({ path }) => path.split('#')[1] ?? '',
  )
  const { token } = sessions.begin({ link: used as string })
  expect(sessions.find(token)).toMatchObject({ scope: 'admin' })
  await access.keys.revoke('boss')
  expect(sessions.find(token)).toBeNull()
  expect(() => sessions.begin({ link: unused as string })).toThrow(expect.objectContaining({ code: 'auth.required' }))
})

test('the sessions of one key give way to each other, and to nobody else', async () => {
  const { sessions, make } = await setUp()
  const mine = sessions.begin({ key: await make('mine', 'admin') }).token
  const theirs = await make('theirs', 'infer')
  const tokens = Array.from({ length: 2000 }, () => sessions.begin({ key: theirs }).token)
  expect(sessions.find(mine)).not.toBeNull()
  expect(sessions.find(tokens[0] as string)).toBeNull()
  expect(sessions.find(tokens.at(-1) as string)).not.toBeNull()
})
