/**
 * The base of every error that a person may read: a stable code to script against, what happened, and the next step to take.
 */
export class StepladderError extends Error {
  readonly code: string
  readonly fix: string

  constructor(code: string, message: string, fix: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
    this.fix = fix
  }
}

/** What was asked cannot be asked in this way: exit code 2 on the command line, 4xx over HTTP. */
export class UsageError extends StepladderError {}

type RefusedStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429

/** What was asked is refused by a rule or by the present state: exit code 1, or `status` over HTTP. */
export class Refused extends StepladderError {
  readonly status: RefusedStatus

  constructor(code: string, message: string, fix: string, status: RefusedStatus = 409) {
    super(code, message, fix)
    this.status = status
  }
}

/** Refused for reasons that each have a code of their own: all are told at once, so that all can be mended. */
export class RefusedForReasons extends Refused {
  readonly reasons: readonly { code: string; message: string }[]

  constructor(
    code: string,
    reasons: readonly { code: string; message: string }[],
    fix: string,
    status: RefusedStatus,
  ) {
    super(code, reasons.map(({ message }) => message).join(' '), fix, status)
    this.reasons = reasons
  }
}

/** A person stopped it: what was done stands, and exit code 130 says that it was not all. */
export class Interrupted extends StepladderError {}

/** A part that Stepladder stands on (database, queue, Stripe) does not answer: try again later. */
export class Unavailable extends StepladderError {}
