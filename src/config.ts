import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { z } from 'zod'
import { UsageError } from './errors.ts'
import { type LogLevel, logLevels } from './log.ts'

/** What the environment says, checked and typed. Only entry points read it, and hand on what each part needs. */
export type Config = {
  port: number
  host: string
  /** Where the outside reaches Stepladder, without a trailing slash; null: the address it listens on. */
  publicUrl: string | null
  /** Null: the embedded PostgreSQL. */
  databaseUrl: string | null
  /** The address that migrates: the same as `databaseUrl` unless told otherwise. */
  ownerDatabaseUrl: string | null
  /** None: queues on PostgreSQL. Several: the nodes of one Redis Cluster. */
  redisUrls: readonly string[]
  /** Each is good for a signature, so that a secret can be rolled. */
  stripeWebhookSecrets: readonly string[]
  stripeApiKey: string | null
  /** A stand-in for Stripe's API, for tests and rehearsals. */
  stripeApiBaseUrl: string | null
  /** An absolute path: the embedded database, run.json and what local mode makes for itself. */
  home: string
  /** An org type's key, or null for off. */
  autoProvision: string | null
  /** Days that raw bodies are kept; null: for ever. */
  inboxRetentionDays: number | null
  auth: AuthConfig | null
  /** Where webhooks to other systems may go besides the open net; on a machine with its own database: to itself. */
  outboundPrivateAddresses: 'none' | 'loopback' | 'all'
  /** Where steps of revenue plans are sent, signed; null: they are tasks for people. */
  planWebhook: { url: string; secret: string } | null
  logLevel: LogLevel
}

type AuthConfig = {
  issuer: string
  audience: string
  jwksUrl: string | null
  clientId: string | null
  clientSecret: string | null
  rolesClaim: string
  tenantClaim: string
}

/** Settings that cannot be used. It names the keys and what each has to be, and never what was given. */
export class ConfigInvalid extends UsageError {}

const text = z.string().trim().min(1)
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
)

function address(...protocols: string[]) {
  return text.refine(
    (value) => protocols.includes(protocolOf(value)),
    `has to be a ${protocols.join('// or ')}// address`,
  )
}

/** Left as it stands: an issuer is compared letter by letter, and some end in a slash. */
const web = address('http:', 'https:')
const base = web.transform((value) => value.replace(/\/+$/, ''))
/** What tells who somebody is, or what is asked of others, must not go by a line on which others can write. */
const provider = web.refine(
  (value) =>
    protocolOf(value) !== 'http:' || /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(new URL(value).hostname),
  'has to be https, except on this machine',
)
const database = address('postgres:', 'postgresql:')
const secrets = list.refine(
  (all) => all.every((secret) => !/^(sk|rk|pk)_|\s/.test(secret)),
  'has to be the signing secret of a webhook endpoint (whsec_…), several with commas between, and never an API key',
)
const number = (least: number, most: number) =>
  text
    .refine((value) => /^\d+$/.test(value), `has to be a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `has to be a whole number from ${least} to ${most}`)

const environment = z
  .object({
    PORT: number(0, 65535).default(3000),
    HOST: text.default('127.0.0.1'),
    PUBLIC_URL: base.optional(),
    DATABASE_URL: database.optional(),
    OWNER_DATABASE_URL: database.optional(),
    REDIS_URL: list
      .refine(
        (all) => all.every((url) => ['redis:', 'rediss:'].includes(protocolOf(url))),
        'has to be a redis:// or rediss:// address, several with commas between for a cluster',
      )
      .default([]),
    STRIPE_WEBHOOK_SECRETS: secrets.default([]),
    STRIPE_WEBHOOK_SECRET: secrets.default([]),
    STRIPE_API_KEY: text
      .refine(
        (key) => /^(sk|rk)_(test|live)_\S+$/.test(key),
        'has to be a key of the form rk_test_… or rk_live_…',
      )
      .optional(),
    STRIPE_API_BASE_URL: base.optional(),
    STEPLADDER_HOME: text.default('.stepladder'),
    AUTO_PROVISION: text.optional(),
    INBOX_RETENTION_DAYS: number(1, 36500).optional(),
    AUTH_ISSUER: provider.optional(),
    AUTH_AUDIENCE: text.optional(),
    AUTH_JWKS_URL: provider.optional(),
    AUTH_CLIENT_ID: text.optional(),
    AUTH_CLIENT_SECRET: text.optional(),
    AUTH_ROLES_CLAIM: text.default('roles'),
    AUTH_TENANT_CLAIM: text.default('tenant'),
    OUTBOUND_PRIVATE_ADDRESSES: z
      .enum(['none', 'loopback', 'all'], 'has to be none, loopback or all')
      .optional(),
    PLAN_WEBHOOK_URL: provider.optional(),
    PLAN_WEBHOOK_SECRET: text
      .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'has to be whsec_ and base64 of at least 24 bytes')
      .optional(),
    LOG_LEVEL: z.enum(logLevels, `has to be one of ${logLevels.join(', ')}`).default('info'),
  })
  .superRefine((given, context) => {
    const needs = (key: keyof typeof given, other: keyof typeof given) => {
      if (given[key] !== undefined && given[other] === undefined) {
        context.addIssue({ code: 'custom', path: [other], message: `is needed beside ${key}` })
      }
    }
    needs('OWNER_DATABASE_URL', 'DATABASE_URL')
    needs('AUTH_ISSUER', 'AUTH_AUDIENCE')
    needs('AUTH_AUDIENCE', 'AUTH_ISSUER')
    needs('AUTH_JWKS_URL', 'AUTH_ISSUER')
    needs('AUTH_CLIENT_ID', 'AUTH_ISSUER')
    needs('AUTH_CLIENT_SECRET', 'AUTH_CLIENT_ID')
    needs('PLAN_WEBHOOK_URL', 'PLAN_WEBHOOK_SECRET')
    needs('PLAN_WEBHOOK_SECRET', 'PLAN_WEBHOOK_URL')
  })

/** The keys of the environment that mean something here. */
export const environmentKeys = Object.keys(environment.shape)

/**
 * Reads the settings. An empty value is the same as none, since compose files and shells leave those behind.
 * @param folder what a relative STEPLADDER_HOME is relative to.
 * @throws ConfigInvalid naming every key that cannot be used.
 */
export function configFromEnvironment(env: NodeJS.ProcessEnv, folder = process.cwd()): Config {
  const given = Object.fromEntries(
    environmentKeys.filter((key) => env[key]?.trim()).map((key) => [key, env[key]]),
  )
  const read = environment.safeParse(given)
  if (!read.success) {
    const faults = read.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
    throw new ConfigInvalid(
      'config_invalid',
      `The settings cannot be used: ${[...new Set(faults)].join('; ')}.`,
      'Correct them in the environment or in .env and start again.',
    )
  }
  const value = read.data
  return {
    port: value.PORT,
    host: value.HOST,
    publicUrl: value.PUBLIC_URL ?? null,
    databaseUrl: value.DATABASE_URL ?? null,
    ownerDatabaseUrl: value.OWNER_DATABASE_URL ?? value.DATABASE_URL ?? null,
    redisUrls: value.REDIS_URL,
    stripeWebhookSecrets: [...new Set([...value.STRIPE_WEBHOOK_SECRETS, ...value.STRIPE_WEBHOOK_SECRET])],
    stripeApiKey: value.STRIPE_API_KEY ?? null,
    stripeApiBaseUrl: value.STRIPE_API_BASE_URL ?? null,
    home: resolve(folder, value.STEPLADDER_HOME),
    autoProvision: value.AUTO_PROVISION ?? null,
    inboxRetentionDays: value.INBOX_RETENTION_DAYS ?? null,
    auth: value.AUTH_ISSUER
      ? {
          issuer: value.AUTH_ISSUER,
          audience: value.AUTH_AUDIENCE!,
          jwksUrl: value.AUTH_JWKS_URL ?? null,
          clientId: value.AUTH_CLIENT_ID ?? null,
          clientSecret: value.AUTH_CLIENT_SECRET ?? null,
          rolesClaim: value.AUTH_ROLES_CLAIM,
          tenantClaim: value.AUTH_TENANT_CLAIM,
        }
      : null,
    outboundPrivateAddresses:
      value.OUTBOUND_PRIVATE_ADDRESSES ?? (value.DATABASE_URL === undefined ? 'loopback' : 'none'),
    planWebhook: value.PLAN_WEBHOOK_URL
      ? { url: value.PLAN_WEBHOOK_URL, secret: value.PLAN_WEBHOOK_SECRET! }
      : null,
    logLevel: value.LOG_LEVEL,
  }
}

/** The environment with what `.env` in the folder adds to it; what was set outside stands. */
export function withDotEnv(env: NodeJS.ProcessEnv, folder = process.cwd()): NodeJS.ProcessEnv {
  const file = join(folder, '.env')
  return existsSync(file) ? { ...parseEnv(readFileSync(file, 'utf8')), ...env } : env
}

function protocolOf(value: string): string {
  return URL.canParse(value) ? new URL(value).protocol : ''
}
