import { errors, type JWTPayload, jwtVerify } from 'jose'
import type { Reader } from '../db/types.ts'
import { Refused, StepladderError } from '../errors.ts'
import type { Caller } from './api-keys.ts'
import { callerOfClaims } from './caller-of-claims.ts'
import type { Issuer, IssuerSettings } from './issuer.ts'

/** Only what is signed with the provider's own key: never `none`, and no secret that the one who checks would have to share. */
const algorithms = ['RS256', 'ES256']
/** Seconds by which two clocks may differ. */
const clockTolerance = 30
const longestToken = 8_192

/** Whether a bearer may be a token at all, and not an API key. */
export function looksLikeToken(text: string): boolean {
  return text.length <= longestToken && /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text)
}

/**
 * The claims of a token that our identity provider signed, for this audience and for now.
 * @throws Refused `token_expired`, `token_invalid` (401), and never with anything out of the token; Unavailable `issuer_unavailable`.
 * Source: RFC 7519, RFC 8725 (section 3: pin the algorithms, check issuer and audience).
 */
export async function readToken(
  issuer: Issuer,
  wanted: { issuer: string; audience: string },
  text: string,
  now: () => number = Date.now,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(text, issuer.signingKey, {
      issuer: wanted.issuer,
      audience: wanted.audience,
      algorithms,
      clockTolerance,
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(now()),
    })
    if (payload.sub === '' || payload.sub!.includes('\0')) throw invalid('it names nobody')
    return payload
  } catch (error) {
    if (error instanceof StepladderError) throw error
    if (error instanceof errors.JWTExpired) {
      throw new Refused(
        'token_expired',
        'The token has expired.',
        'Get another one from the identity provider.',
        401,
      )
    }
    throw invalid(reasonOf(error))
  }
}

/** Whose token it is. @throws as `readToken` and `callerOfClaims` */
export function createTokenCheck(
  reader: Reader,
  issuer: Issuer,
  settings: IssuerSettings,
  now: () => number = Date.now,
): (text: string) => Promise<Caller> {
  return async (text) => callerOfClaims(reader, await readToken(issuer, settings, text, now), settings)
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed) {
    const claims: Record<string, string> = {
      iss: 'it is of another issuer',
      aud: 'it is for another audience',
      nbf: 'it is not valid yet',
    }
    return claims[error.claim] ?? 'a claim that it needs is missing'
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'it is signed in a way that is not taken'
  if (error instanceof errors.JWKSNoMatchingKey) return 'its key is not one of the issuer’s'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong'
  return 'it is not a token that can be read'
}

function invalid(why: string): Refused {
  return new Refused(
    'token_invalid',
    `The token is not taken: ${why}.`,
    'It has to be signed by AUTH_ISSUER with RS256 or ES256, for AUTH_AUDIENCE; or bring an API key.',
    401,
  )
}
