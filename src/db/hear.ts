import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import type { Db } from './types.ts'

/** Milliseconds between two proofs. */
const beatEvery = 250
/** Milliseconds after which a connection that proves nothing is given up. */
const patience = 2_000

export type Ear = {
  /**
   * Every notification of a transaction that had committed by then has been heard: a moment of `performance.now()`.
   * -Infinity while there is no connection.
   */
  heardUntil: () => number
  close: () => Promise<void>
}

export type EarParts = {
  told: (payload: string) => void
  /** Hearing begins, now or again: what was told before is not known. */
  began: () => void
  /** How far it is proved to have heard, each time that it is. */
  proved?: (until: number) => void
  /** Hearing failed: said once until it works again. */
  failed?: (error: unknown) => void
}

/**
 * Listens to a channel, on a connection of its own, and proves again and again that it does. A proof is a notification
 * that this same connection sends: those of one database are queued in the order of their commits, each sender waiting
 * for the one before it to be done, so whoever hears its own has heard every earlier one. Nothing else shows it: an idle
 * connection may be dead, and an answered `select 1` overtakes what is still on its way.
 * A connection that is lost is made again, for ever. Through a pooler that hands connections on from transaction to
 * transaction nothing is ever proved.
 * Source: PostgreSQL, src/backend/commands/async.c, PreCommit_Notify
 */
export function hear(db: Db, channel: string, parts: EarParts): Ear {
  let until = Number.NEGATIVE_INFINITY
  let closed = false
  let complained = false
  let wake = () => {}
  const rest = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      timer.unref()
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  async function listenOnce(): Promise<void> {
    const own = `${channel}_${randomBytes(6).toString('hex')}`
    let beat = 0
    let sentAt = 0
    let broken = false
    const line = lineOf(db, {
      onnotify: (heard, payload) => {
        if (heard !== own) return parts.told(payload)
        if (broken || payload !== String(beat)) return
        until = sentAt
        complained = false
        parts.proved?.(until)
      },
      onclose: () => {
        broken = true
        until = Number.NEGATIVE_INFINITY
        wake()
      },
    })
    try {
      await inTime(line`listen ${line(channel)}`)
      await inTime(line`listen ${line(own)}`)
      parts.began()
      while (!closed && !broken) {
        beat += 1
        sentAt = performance.now()
        await inTime(line`select pg_notify(${own}, ${String(beat)})`)
        if (!closed && !broken) await rest(beatEvery)
      }
    } finally {
      broken = true
      until = Number.NEGATIVE_INFINITY
      await line.end({ timeout: 0 }).catch(() => {})
    }
  }

  async function listenOn(): Promise<void> {
    while (!closed) {
      await listenOnce().catch((error: unknown) => {
        if (!closed && !complained) parts.failed?.(error)
        complained = true
      })
      if (!closed) await rest(beatEvery)
    }
  }

  const ended = listenOn()
  return {
    heardUntil: () => until,
    close: () => {
      closed = true
      wake()
      return ended
    },
  }
}

type LineParts = { onnotify: (channel: string, payload: string) => void; onclose: () => void }

/** One connection to where a pool leads. `db.listen` would make one as well, but nothing can be asked on that one. */
function lineOf(db: Db, { onnotify, onclose }: LineParts): Db {
  const { application_name: name, ...connection } = db.options.connection
  const options = {
    ...db.options,
    connection: { ...connection, application_name: `${name} listening` },
    max: 1,
    idle_timeout: null,
    max_lifetime: null,
    connect_timeout: patience / 1000,
    fetch_types: false,
    // The pool's own count of failed connections makes it wait longer and longer.
    shared: { retries: 0, typeArrayMap: {} },
    onnotify,
    onclose,
  }
  return postgres(options as unknown as postgres.Options<Record<string, never>>) as unknown as Db
}

async function inTime(work: PromiseLike<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The database was silent for ${patience} ms.`)), patience)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
