import { STATUS_CODES } from 'node:http'
import { databaseIsAway, isContention } from '../database-errors.ts'
import { Refused, RefusedForReasons, StepladderError, Unavailable, UsageError } from '../errors.ts'

/** RFC 9457, with a stable `code` to script against and, where there is one, the next step to take. */
export type Problem = {
  status: number
  code: string
  detail: string
  next?: string
  /** Every single reason, where there may be several. */
  reasons?: readonly { code: string; message: string }[]
}

const problemType = 'application/problem+json'

/** The answer for what went wrong. Nothing but what the caller hands in gets into it. */
export function problem(
  { status, code, detail, next, reasons }: Problem,
  headers: Record<string, string> = {},
): Response {
  const body = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
    next,
    reasons,
  }
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': problemType, ...headers } })
}

export function notFound(): Response {
  return problem({ status: 404, code: 'not_found', detail: 'There is nothing at this address.' })
}

/**
 * What an error says to a caller. Our own errors were written for readers; of any other nothing is told but that it
 * happened, and of the database's only that it does not answer.
 */
export function problemOf(error: unknown): Problem {
  if (error instanceof StepladderError) {
    return {
      status: statusOf(error),
      code: error.code,
      detail: error.message,
      next: error.fix,
      ...(error instanceof RefusedForReasons && { reasons: error.reasons }),
    }
  }
  if (databaseIsAway(error) || isContention(error)) {
    return {
      status: 503,
      code: 'database_unavailable',
      detail: 'The database does not answer.',
      next: 'Try again in a few seconds.',
    }
  }
  return {
    status: 500,
    code: 'internal_error',
    detail: 'Something unexpected happened. It was written to the log.',
  }
}

function statusOf(error: StepladderError): number {
  if (error instanceof Refused) return error.status
  if (error instanceof UsageError) return 400
  return error instanceof Unavailable ? 503 : 500
}
