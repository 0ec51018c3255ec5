/** Users and groups as the host's name service knows them, which may be more than /etc/passwd has. */
import type { Programs } from './programs.ts'

export interface Account {
  uid: number
  gid: number
}

/** @returns null when there is no such user */
export const findUser = async (programs: Programs, name: string): Promise<Account | null> => {
  const [, , uid, gid] = (await lookUp(programs, 'passwd', name)) ?? []
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) }
}

export const groupExists = async (programs: Programs, name: string): Promise<boolean> =>
  (await lookUp(programs, 'group', name)) !== null

/** The groups of a user, as numbers; empty when there is no such user. */
export const groupsOf = async (programs: Programs, name: string): Promise<number[]> => {
  const answer = await programs.ask('id', ['-G', name])
  return answer?.code === 0 ? answer.stdout.trim().split(/\s+/).map(Number) : []
}

const lookUp = async (programs: Programs, database: string, name: string): Promise<string[] | null> => {
  // Exit status 2: not found (getent(1)).
  const answer = await programs.ask('getent', [database, name])
  if (answer !== null && answer.code === 2) return null
  const text = answer?.code === 0 ? answer.stdout : await programs.run('getent', [database, name])
  return text.trim().split(':')
}
