import type { Caller, KeyCheck } from '../auth/api-keys.ts'
import { looksLikeToken } from '../auth/identity-tokens.ts'
import { Refused } from '../errors.ts'
import { wrongKeyLimit } from './wrong-key-limit.ts'

/** Wrong keys that one address may bring in a minute. */
const mostWrong = 100

export type BearerParts = {
  keys: KeyCheck
  /** Whose token of the identity provider it is; null where none is set up. */
  callerOfToken: ((text: string) => Promise<Caller>) | null
  now: () => number
}

/**
 * Who a bearer is: an API key's holder, or somebody whom the identity provider knows. To an address that brought many wrong ones, keys or
 * tokens that the provider never signed, the next wrong one says so for the rest of a minute; right ones go on working.
 * @throws Refused `too_many_wrong_keys` (429); for a token, what is wrong with it
 */
export function createBearerCheck({ keys, callerOfToken, now }: BearerParts) {
  const limit = wrongKeyLimit(now, mostWrong)
  return async (text: string, address: string): Promise<Caller | null> => {
    if (callerOfToken && looksLikeToken(text))
      return callerOfToken(text).catch((error: unknown) => {
        if (error instanceof Refused && error.code === 'token_invalid') refuseTooMany(limit(address))
        throw error
      })
    const caller = await keys(text)
    if (!caller) refuseTooMany(limit(address))
    return caller
  }
}

function refuseTooMany(wait: number): void {
  if (wait === 0) return
  throw new Refused(
    'too_many_wrong_keys',
    'Too many wrong keys came from this address.',
    `Try again in ${wait} seconds.`,
    429,
  )
}
