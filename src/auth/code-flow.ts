import * as client from 'openid-client'
import type { Reader } from '../db/types.ts'
import { Refused, StepladderError, Unavailable } from '../errors.ts'
import type { Caller } from './api-keys.ts'
import { callerOfClaims } from './caller-of-claims.ts'
import { readToken } from './identity-tokens.ts'
import type { Issuer, IssuerSettings } from './issuer.ts'

/** What has to come back, and what has to be shown for it: the browser that set out keeps it, and nobody else knows it. */
export type SetOut = { state: string; nonce: string; verifier: string }

export type CodeFlow = {
  /** Where to send the browser. @throws Unavailable `issuer_unavailable` */
  begin: (redirectUri: string) => Promise<{ url: string; setOut: SetOut }>
  /**
   * Who came back.
   * @param query of the address to which the provider sent the browser
   * @throws Refused `sign_in_refused` (401), as `readToken` and `callerOfClaims`; Unavailable `issuer_unavailable`
   */
  finish: (redirectUri: string, query: string, setOut: SetOut) => Promise<Caller>
}

/** Seconds that the provider is given for one answer. */
const timeLimit = 5

/**
 * Signing in through the identity provider: the authorization code flow with PKCE, state and nonce. The ID token that comes of it is judged
 * as any other token is, for our client id.
 * Source: OpenID Connect Core 1.0, section 3.1; RFC 7636; RFC 9700.
 */
export function createCodeFlow(
  reader: Reader,
  issuer: Issuer,
  settings: IssuerSettings & { clientId: string },
): CodeFlow {
  const { clientId, clientSecret } = settings
  const configuration = async () => {
    const document = await issuer.document()
    const methods = document.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const how = methods.includes('client_secret_basic') ? client.ClientSecretBasic : client.ClientSecretPost
    const made = new client.Configuration(
      document as client.ServerMetadata,
      clientId,
      undefined,
      clientSecret === null ? client.None() : how(clientSecret),
    )
    made.timeout = timeLimit
    // The settings allow plain http for this machine alone.
    if (settings.issuer.startsWith('http:')) client.allowInsecureRequests(made)
    return made
  }
  return {
    begin: async (redirectUri) => {
      const setOut = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
      }
      const url = client.buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUri,
        scope: 'openid profile email',
        state: setOut.state,
        nonce: setOut.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(setOut.verifier),
        code_challenge_method: 'S256',
      })
      return { url: url.toString(), setOut }
    },
    finish: async (redirectUri, query, { state, nonce, verifier }) => {
      const came = new URL(redirectUri)
      came.search = query
      const idToken = await exchange(await configuration(), came, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      })
      const claims = await readToken(issuer, { issuer: settings.issuer, audience: clientId }, idToken)
      return callerOfClaims(reader, claims, settings)
    },
  }
}

async function exchange(
  configuration: client.Configuration,
  came: URL,
  checks: client.AuthorizationCodeGrantChecks,
): Promise<string> {
  try {
    return (await client.authorizationCodeGrant(configuration, came, checks)).id_token!
  } catch (error) {
    if (error instanceof StepladderError) throw error
    const { code, status } = error as { code?: string; status?: number }
    if (code === 'OAUTH_TIMEOUT' || error instanceof TypeError || (status ?? 0) >= 500) {
      throw new Unavailable(
        'issuer_unavailable',
        'The identity provider does not answer.',
        'Try again in a minute.',
      )
    }
    const said = (error as { error?: unknown }).error
    // The provider's own word for it, if it is one: what else it says is not ours to show.
    const why = typeof said === 'string' && /^[\w.-]{1,60}$/.test(said) ? ` (${said})` : ''
    throw new Refused(
      'sign_in_refused',
      `The sign-in did not come to its end${why}.`,
      'Begin again; should it go on, ask whoever looks after the identity provider.',
      401,
    )
  }
}
