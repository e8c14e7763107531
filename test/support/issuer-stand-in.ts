import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

export type IssuerStandIn = {
  /** The issuer, without a slash at its end. */
  url: string
  /** Signs claims with the present key, issued now for five minutes unless they say otherwise. */
  sign: (claims: JWTPayload, header?: { alg?: string; kid?: string }) => Promise<string>
  /** From now on signs with a new key, and tells that one alone. */
  rotate: () => Promise<void>
  /** 503 to everything, until `false`. */
  away: (away: boolean) => void
  /** The paths that were asked for, in order. */
  asked: string[]
  /** What the next person who signs in is told to be. */
  person: JWTPayload
  /** Bent into the ID token of the next sign-in. */
  bend: JWTPayload
  close: () => Promise<void>
}

/** An OpenID Connect provider on loopback: its document, its keys, and a code flow in which whoever comes is signed in at once. */
export async function issuerStandIn(alg: 'RS256' | 'ES256' = 'RS256'): Promise<IssuerStandIn> {
  const codes = new Map<string, { challenge: string; nonce: string; clientId: string; redirect: string }>()
  let isAway = false
  let key = await makeKey(alg)

  const server = createServer((request, response) => {
    const url = new URL(request.url!, standIn.url)
    standIn.asked.push(url.pathname)
    const json = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (isAway) return json(503, {})
    if (url.pathname === '/.well-known/openid-configuration') {
      return json(200, {
        issuer: standIn.url,
        jwks_uri: `${standIn.url}/keys`,
        authorization_endpoint: `${standIn.url}/authorize`,
        token_endpoint: `${standIn.url}/token`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: [alg],
        code_challenge_methods_supported: ['S256'],
      })
    }
    if (url.pathname === '/keys') return json(200, { keys: [key.public] })
    if (url.pathname === '/authorize') {
      const asked = (name: string) => url.searchParams.get(name) ?? ''
      if (asked('code_challenge_method') !== 'S256') return json(400, { error: 'no PKCE' })
      const code = randomUUID()
      const redirect = asked('redirect_uri')
      codes.set(code, {
        challenge: asked('code_challenge'),
        nonce: asked('nonce'),
        clientId: asked('client_id'),
        redirect,
      })
      const back = new URL(redirect)
      back.searchParams.set('code', code)
      back.searchParams.set('state', asked('state'))
      return response.writeHead(302, { location: back.toString() }).end()
    }
    if (url.pathname !== '/token') return json(404, {})
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', async () => {
      const form = new URLSearchParams(body)
      const code = codes.get(form.get('code') ?? '')
      codes.delete(form.get('code') ?? '')
      const verified = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      if (!code || verified !== code.challenge || form.get('redirect_uri') !== code.redirect)
        return json(400, { error: 'invalid_grant' })
      const claims = { aud: code.clientId, nonce: code.nonce, ...standIn.person, ...standIn.bend }
      return json(200, {
        access_token: randomUUID(),
        token_type: 'Bearer',
        expires_in: 300,
        id_token: await standIn.sign(claims),
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const standIn: IssuerStandIn = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sign: (claims, header = {}) => {
      const now = Math.floor(Date.now() / 1000)
      return new SignJWT({ iss: standIn.url, iat: now, exp: now + 300, ...claims })
        .setProtectedHeader({ alg, kid: key.public.kid!, ...header })
        .sign(key.private)
    },
    rotate: async () => {
      key = await makeKey(alg)
    },
    away: (away) => {
      isAway = away
    },
    asked: [],
    person: {},
    bend: {},
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return standIn
}

async function makeKey(alg: string) {
  const pair = await generateKeyPair(alg, { extractable: true })
  return {
    private: pair.privateKey,
    public: { ...(await exportJWK(pair.publicKey)), kid: randomUUID(), alg, use: 'sig' },
  }
}
