import { Unavailable } from './errors.ts'

/** What postgres.js, pg and node's sockets say when there is nobody at the other end. */
const awayCodes = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/**
 * Classes 08 (connection), 53 (disk, memory or connections used up), 57P (shut down, crashed, starting up), 58 (the system's
 * own fault), and 25006, a server that became a standby. Source: PostgreSQL's appendix A.
 */
const awayStates = /^(08|53|57P|58|25006)/

/** 40001 and 40P01: two transactions were in each other's way. 55P03: a lock was not to be had. 57014: cancelled by a time limit. */
const contentionStates = new Set(['40001', '40P01', '55P03', '57014'])

/** Whether the work failed because the database is not there: then it is nobody's fault, and is tried until it is back. */
export function databaseIsAway(error: unknown): boolean {
  if (error instanceof Unavailable) return true
  const code = codeOf(error)
  return code !== null && (awayCodes.has(code) || (isSqlState(code) && awayStates.test(code)))
}

/** Whether the same work may well succeed if it is simply done once more. */
export function isContention(error: unknown): boolean {
  const code = codeOf(error)
  return code !== null && contentionStates.has(code)
}

function codeOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : null
}

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code)
}
