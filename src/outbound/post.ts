import { lookup } from 'node:dns'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { faultOfUrl, mayReach, type PrivateAddresses } from './addresses.ts'

export type PostParts = {
  allowed: PrivateAddresses
  /** Milliseconds for all of it, from the look-up of the name to the end of the answer. */
  limitMs: number
  signal: AbortSignal
}

/** Any 2xx is a yes. `why`: in words that may be shown; nothing of what the other side answered is in them. */
export type Posted = { kind: 'taken'; status: number } | { kind: 'failed'; why: string }

/** Of an answer nothing but its status is read; one that does not end is not waited for. */
const longestAnswer = 64 * 1024

/**
 * Sends one message and never throws. No redirect is followed: it would take what was signed for one place to another. Whether the
 * address may be reached is judged of the very address to which the connection is made, so that a name cannot lead elsewhere meanwhile.
 */
export function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  { allowed, limitMs, signal }: PostParts,
): Promise<Posted> {
  const fault = faultOfUrl(url, allowed)
  if (fault) return Promise.resolve({ kind: 'failed', why: `The address ${fault}.` })
  const limit = AbortSignal.timeout(limitMs)
  return new Promise((resolve) => {
    const failed = (why: string) => resolve({ kind: 'failed', why })
    let answered = false
    const send = url.startsWith('https:') ? requestHttps : requestHttp
    const sent = send(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.any([limit, signal]),
        lookup: lookupAllowed(allowed),
        // A connection that is kept would be one to an address that was judged for an earlier message.
        agent: false,
      },
      (answer) => {
        answered = true
        const status = answer.statusCode ?? 0
        let size = 0
        const end = () => {
          answer.destroy()
          if (status >= 200 && status < 300) resolve({ kind: 'taken', status })
          else if (status >= 300 && status < 400) failed(`It answered ${status}: redirects are not followed.`)
          else failed(`It answered ${status}.`)
        }
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > longestAnswer) end()
        })
        answer.on('end', end)
        answer.on('error', (error) => failed(wordsFor(error, limit, limitMs)))
        answer.on('aborted', () => failed('Its answer broke off.'))
      },
    )
    sent.on('error', (error) => failed(wordsFor(error, limit, limitMs)))
    // Ended without an answer and without an error, as by 101 Switching Protocols; an answer's own end may come after this.
    sent.on('close', () => {
      if (!answered) failed('It ended the connection without an answer.')
    })
    sent.end(body)
  })
}

class NotAllowed extends Error {}

function lookupAllowed(allowed: PrivateAddresses): LookupFunction {
  return (name, options, done) => {
    lookup(name, { ...options, all: true }, (error, found) => {
      if (error) return done(error, '', 0)
      const reachable = found.filter(({ address }) => mayReach(address, allowed))
      if (reachable.length === 0) return done(new NotAllowed(), '', 0)
      if (options.all) return done(null, reachable)
      done(null, reachable[0]!.address, isIP(reachable[0]!.address))
    })
  }
}

function wordsFor(error: Error, limit: AbortSignal, limitMs: number): string {
  if (limit.aborted) return `It did not answer within ${limitMs / 1000} s.`
  if (error instanceof NotAllowed) return 'Its name leads to a private address, which is not allowed here.'
  if (error.name === 'AbortError') return 'The try was broken off.'
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? `It could not be reached (${code}).` : 'It could not be reached.'
}
