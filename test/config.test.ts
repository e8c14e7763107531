import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ConfigInvalid, configFromEnvironment, environmentKeys, withDotEnv } from '../src/config.ts'

test('with no setting at all everything is local', () => {
  expect(configFromEnvironment({}, '/somewhere')).toEqual({
    port: 3000,
    host: '127.0.0.1',
    publicUrl: null,
    databaseUrl: null,
    ownerDatabaseUrl: null,
    redisUrls: [],
    stripeWebhookSecrets: [],
    stripeApiKey: null,
    stripeApiBaseUrl: null,
    home: '/somewhere/.stepladder',
    autoProvision: null,
    inboxRetentionDays: null,
    auth: null,
    logLevel: 'info',
    planWebhook: null,
    outboundPrivateAddresses: 'loopback',
  })
})

test('beside a database of its own, webhooks reach no private address unless told so', () => {
  const env = { DATABASE_URL: 'postgres://db/x' }
  expect(configFromEnvironment(env).outboundPrivateAddresses).toBe('none')
  const told = { ...env, OUTBOUND_PRIVATE_ADDRESSES: 'all' }
  expect(configFromEnvironment(told).outboundPrivateAddresses).toBe('all')
  expect(() => configFromEnvironment({ OUTBOUND_PRIVATE_ADDRESSES: 'some' })).toThrow(
    'OUTBOUND_PRIVATE_ADDRESSES',
  )
})

test('an empty setting is the same as none, since shells and compose files leave those behind', () => {
  const blank = Object.fromEntries(environmentKeys.map((key) => [key, ' ']))
  expect(configFromEnvironment(blank, '/x')).toEqual(configFromEnvironment({}, '/x'))
})

test('several signing secrets are valid at once, under either name', () => {
  const env = { STRIPE_WEBHOOK_SECRETS: 'whsec_a, whsec_b,', STRIPE_WEBHOOK_SECRET: 'whsec_c,whsec_a' }
  expect(configFromEnvironment(env).stripeWebhookSecrets).toEqual(['whsec_a', 'whsec_b', 'whsec_c'])
})

test('the owner of the schema is whoever DATABASE_URL names, unless told otherwise', () => {
  const url = 'postgres://app:pw@db/stepladder'
  expect(configFromEnvironment({ DATABASE_URL: url }).ownerDatabaseUrl).toBe(url)
  const owner = 'postgresql://owner:pw@db/stepladder'
  expect(configFromEnvironment({ DATABASE_URL: url, OWNER_DATABASE_URL: owner }).ownerDatabaseUrl).toBe(owner)
})

test('several Redis addresses are the nodes of one cluster', () => {
  const env = { REDIS_URL: 'redis://a:6379,rediss://b:6379' }
  expect(configFromEnvironment(env).redisUrls).toEqual(['redis://a:6379', 'rediss://b:6379'])
})

test.each([
  ['PORT', 'eighty-secret'],
  ['PORT', '65536'],
  ['PORT', '30.5'],
  ['PUBLIC_URL', 'ftp://secret'],
  ['DATABASE_URL', 'mysql://root:secret@db/x'],
  ['REDIS_URL', 'http://secret'],
  ['STRIPE_WEBHOOK_SECRETS', 'sk_live_secret'],
  ['STRIPE_WEBHOOK_SECRET', 'two secrets'],
  ['STRIPE_API_KEY', 'pk_live_secret'],
  ['INBOX_RETENTION_DAYS', '99999'],
  ['PLAN_WEBHOOK_URL', 'http://elsewhere.example/steps'],
  ['PLAN_WEBHOOK_SECRET', 'whsec_short'],
  ['AUTH_ISSUER', 'secret'],
  ['AUTH_ISSUER', 'http://secret.example'],
  ['AUTH_JWKS_URL', 'http://127.0.0.1.secret.example'],
  ['LOG_LEVEL', 'secret'],
])('%s that cannot be used is named, and what was given is not', (key, value) => {
  const fault = faultOf({ [key]: value })
  expect(fault.message).toContain(key)
  expect(fault.message).not.toContain(value)
  expect(fault.message).not.toContain('secret@')
  expect(fault.fix).toContain('.env')
})

test('every setting that cannot be used is named at once', () => {
  const { message } = faultOf({ PORT: 'x', LOG_LEVEL: 'y', AUTH_CLIENT_SECRET: 'z' })
  for (const key of ['PORT', 'LOG_LEVEL']) expect(message).toContain(key)
})

test.each([
  ['OWNER_DATABASE_URL', 'postgres://o@db/x', 'DATABASE_URL'],
  ['AUTH_ISSUER', 'https://issuer.example', 'AUTH_AUDIENCE'],
  ['AUTH_AUDIENCE', 'stepladder', 'AUTH_ISSUER'],
])('%s alone asks for what belongs to it', (key, value, needed) => {
  expect(faultOf({ [key]: value }).message).toContain(`${needed} is needed beside ${key}`)
})

test('.env adds what is not set, and never overrides what is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stepladder-env-'))
  try {
    writeFileSync(join(folder, '.env'), 'PORT=4000\nHOST="0.0.0.0" # all\n')
    const config = configFromEnvironment(withDotEnv({ PORT: '5000' }, folder))
    expect(config).toMatchObject({ port: 5000, host: '0.0.0.0' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

function faultOf(env: Record<string, string>): ConfigInvalid {
  try {
    configFromEnvironment(env)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigInvalid)
    return error as ConfigInvalid
  }
  throw new Error('these settings were taken')
}
