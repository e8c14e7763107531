import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import { Unavailable } from '../errors.ts'
import { keepAnswer } from './kept-answer.ts'

/** An OpenID Connect provider, as the settings name it. */
export type IssuerSettings = {
  issuer: string
  audience: string
  /** null: as the provider's own document says. */
  jwksUrl: string | null
  clientId: string | null
  clientSecret: string | null
  rolesClaim: string
  tenantClaim: string
}

/** What the provider says of itself. Source: OpenID Connect Discovery 1.0, section 3. */
export type IssuerDocument = z.output<typeof document>

const document = z.looseObject({
  issuer: z.string(),
  jwks_uri: z.url(),
  authorization_endpoint: z.url().optional(),
  token_endpoint: z.url().optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
})
const keySet = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })) })

export type Issuer = {
  /** @throws Unavailable `issuer_unavailable` */
  document: () => Promise<IssuerDocument>
  /** The key that a token was signed with. @throws Unavailable `issuer_unavailable`, or jose's error when there is none. */
  signingKey: JWTVerifyGetKey
}

/** Milliseconds that the provider is given. */
const timeLimit = 5_000

/**
 * The provider's document and keys, kept: keys that are known go on working while it is away, and one that is not known is asked for
 * at once, but only every 30 s, since anybody can make up the name of a key.
 */
export function createIssuer(
  settings: Pick<IssuerSettings, 'issuer' | 'jwksUrl'>,
  now: () => number = Date.now,
): Issuer {
  const kept = keepAnswer(() => readDocument(settings.issuer), { now })
  const keys = keepAnswer(
    async () => {
      const url = settings.jwksUrl ?? (await kept.get()).jwks_uri
      return createLocalJWKSet(read(keySet, await fetchJson(url)) as JSONWebKeySet)
    },
    { now },
  )
  return {
    document: kept.get,
    signingKey: async (header, token) => {
      try {
        return await (await keys.get())(header, token)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      }
      return (await keys.again())(header, token)
    },
  }
}

async function readDocument(issuer: string): Promise<IssuerDocument> {
  const found = read(
    document,
    await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`),
  )
  // A document that speaks for somebody else must not be believed (Discovery 1.0, section 4.3).
  if (found.issuer !== issuer) throw away('its document is of another issuer than AUTH_ISSUER')
  return found
}

async function fetchJson(url: string): Promise<unknown> {
  try {
    const answer = await fetch(url, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(timeLimit),
    })
    if (!answer.ok) throw away(`it answers ${answer.status}`)
    return await answer.json()
  } catch (error) {
    throw error instanceof Unavailable ? error : away((error as Error).name)
  }
}

function read<T>(schema: z.ZodType<T>, answer: unknown): T {
  const found = schema.safeParse(answer)
  if (!found.success) throw away('its answer is of another form')
  return found.data
}

function away(why: string): Unavailable {
  return new Unavailable(
    'issuer_unavailable',
    `The identity provider cannot be asked: ${why}.`,
    'Try again in a minute. API keys go on working meanwhile; AUTH_ISSUER and AUTH_JWKS_URL say where it is.',
  )
}
