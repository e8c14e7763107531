import type { Reader, Tx } from '../db/types.ts'
import type { Caller } from './api-keys.ts'

/** One thing that somebody had done, as it is written down. */
export type Action = {
  /** What was asked for, such as `POST /api/v1/organizations/:id/grants`. */
  action: string
  /** Of what: the path with the ids in it. */
  subject: string
  reason: string | null
  /** A uuid: what the answer carries as `x-request-id`. */
  requestId: string
}

/** Writes down who did what, in the transaction in which it is done: neither stays without the other. Such a row stays for ever. */
export async function recordAction(tx: Tx, caller: Caller, { action, subject, reason, requestId }: Action) {
  await tx`
    insert into auth.operator_actions
      (tenant_id, caller_kind, caller_id, caller_name, caller_role, action, subject, reason, request_id)
    values (${caller.tenantId}, ${caller.kind}, ${caller.id}, ${caller.name}, ${caller.role},
            ${action}, ${subject}, ${reason}, ${requestId})`
}

export type RecordedAction = Action & {
  id: number
  callerKind: Caller['kind']
  callerId: string
  callerName: string
  callerRole: string
  at: Date
}

/** A tenant's actions, the newest first. @param page.before the last id of the page before; null: from the newest on */
export async function listActions(
  reader: Reader,
  tenantId: string,
  { before, limit }: { before: number | null; limit: number },
): Promise<RecordedAction[]> {
  return reader<RecordedAction[]>`
    select operator_action_id as id, caller_kind, caller_id, caller_name, caller_role, action, subject, reason, request_id, at
    from auth.operator_actions
    where tenant_id = ${tenantId} and (${before}::bigint is null or operator_action_id < ${before}::bigint)
    order by operator_action_id desc
    limit ${limit}`
}
