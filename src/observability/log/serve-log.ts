/** The inside of the thread of the database: does what it is told, one message after the other. */
import type { Decision } from '../../contract/logs/decision.ts'
import type { SlotHappening } from '../../contract/logs/why.ts'
import { LogDatabase } from '../database/log-database.ts'
import type { FromLog, Question, ToLog } from './messages.ts'

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const answerOf = (database: LogDatabase, question: Question): unknown => {
  switch (question.kind) {
    case 'page':
      return database.page(question.about)
    case 'events': {
      const { slot, until, limit } = question.about
      return database.events(slot, until, limit)
    }
  }
}

/** @param say sends a message to the daemon */
export const serveLog = (say: (message: FromLog) => void): ((message: ToLog) => void) => {
  let database: LogDatabase | null = null

  const known = (): LogDatabase => {
    if (database === null) throw new Error('the database was not named yet')
    return database
  }

  /** Answers with how `work` went. */
  const attempt = (answer: 'opened' | 'added', work: (database: LogDatabase) => void): void => {
    let opened = null
    let problem: string | null = null
    try {
      opened = known().open()
      work(known())
    } catch (error) {
      problem = sentence(error)
    }
    say({ say: answer, opened, problem, notices: database?.notices ?? [] })
  }

  return (message) => {
    switch (message.say) {
      case 'open':
        database = new LogDatabase(message.path, message.oldFolder, message.bounds)
        attempt('opened', () => {})
        break
      case 'add':
        attempt('added', (one) => {
          for (const slot of message.forget) one.forgetSlot(slot)
          one.add(JSON.parse(message.decisions) as Decision[], JSON.parse(message.events) as SlotHappening[])
        })
        break
      case 'ask':
        try {
          say({ say: 'answer', id: message.id, answer: JSON.stringify(answerOf(known(), message.question)) })
        } catch (error) {
          say({ say: 'refused', id: message.id, problem: sentence(error) })
        }
        break
      case 'close':
        try {
          database?.close(message.inOrder)
        } finally {
          say({ say: 'closed' })
        }
    }
  }
}
