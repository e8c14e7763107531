import { createHmac, timingSafeEqual } from 'node:crypto'

/** Stripe's own tolerance, in seconds, here applied to the future as well as to the past. */
const TOLERANCE = 300

/** Stripe sends one v1 per active secret, and a roll leaves two active. More than this is nobody's header. */
const MOST_SIGNATURES = 16
const LONGEST_HEADER = 4096

export type SignatureFault = 'missing' | 'malformed' | 'stale' | 'future' | 'mismatch'
export type SignatureAnswer = { ok: true } | { ok: false; reason: SignatureFault }

/**
 * Whether Stripe signed exactly these bytes, with any of our secrets, within 300 s of `nowSeconds` (Unix seconds) either way.
 * Over bytes and not over text: decoding first would let two bodies share a signature.
 * The time is judged after the signature, so that `stale` and `future` always speak of a genuine delivery and a wrong clock.
 * Source: https://docs.stripe.com/webhooks#verify-manually
 */
export function verifySignature(
  body: Uint8Array,
  header: string | undefined,
  secrets: readonly string[],
  nowSeconds: number,
): SignatureAnswer {
  if (header === undefined || header === '') return { ok: false, reason: 'missing' }
  const parts = partsOf(header)
  if (parts === null) return { ok: false, reason: 'malformed' }
  if (!secrets.some((secret) => signedWith(secret, body, parts))) return { ok: false, reason: 'mismatch' }
  const age = Math.floor(nowSeconds) - Number(parts.t)
  if (age > TOLERANCE) return { ok: false, reason: 'stale' }
  if (age < -TOLERANCE) return { ok: false, reason: 'future' }
  return { ok: true }
}

/** The `Stripe-Signature` header for a body, as Stripe would send it at `t` (whole Unix seconds): for tests and the simulator. */
export function signBody(body: Uint8Array, secret: string, t: number): string {
  return `t=${t},v1=${digest(secret, String(t), body).toString('hex')}`
}

type HeaderParts = { t: string; signatures: Buffer[] }

/** null: a header that Stripe never sends. Schemes other than v1 (v0 of test mode) are passed over. */
function partsOf(header: string): HeaderParts | null {
  if (header.length > LONGEST_HEADER) return null
  let t: string | null = null
  const signatures: Buffer[] = []
  for (const entry of header.split(',')) {
    const equals = entry.indexOf('=')
    if (equals < 1) return null
    const scheme = entry.slice(0, equals)
    const value = entry.slice(equals + 1)
    if (scheme === 't') {
      // No leading zero: one moment has one spelling, and the spelling is signed.
      if (t !== null || !/^[1-9]\d{0,11}$/.test(value)) return null
      t = value
    } else if (scheme === 'v1') {
      if (signatures.length === MOST_SIGNATURES || !/^[0-9a-f]{64}$/.test(value)) return null
      signatures.push(Buffer.from(value, 'hex'))
    }
  }
  return t === null || signatures.length === 0 ? null : { t, signatures }
}

function signedWith(secret: string, body: Uint8Array, parts: HeaderParts): boolean {
  // Anyone can sign with the empty key.
  if (secret === '') return false
  const expected = digest(secret, parts.t, body)
  return parts.signatures.some((signature) => timingSafeEqual(signature, expected))
}

function digest(secret: string, t: string, body: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`${t}.`).update(body).digest()
}
