import { Webhook } from 'standardwebhooks'
import { UsageError } from '../../errors.ts'
import type { Executor } from '../orchestrator/executor.ts'

export type WebhookSettings = {
  /** https, or this machine. */
  url: string
  /** As Standard Webhooks writes it: `whsec_` and base64. */
  secret: string
  /** Milliseconds until an answer is given up. */
  limitMs?: number
}

/**
 * Tells another system of a step, signed as Standard Webhooks 1.0 says (standardwebhooks.com), and takes any 2xx as done. `webhook-id`
 * and `idempotency-key` are the step's for all its tries: an answer that got lost may have been a yes, and the other side has
 * to do it once. No redirect is followed: it would take what was signed for one place to another.
 * @throws UsageError for an address or a secret that cannot be used
 */
export function outboundWebhook(settings: WebhookSettings): Executor {
  const { url, secret, limitMs = 10_000 } = settings
  refuseOpenAddress(url)
  const webhook = signer(secret)
  return async (attempt, signal) => {
    const { plan, step, stepKey, claimedAt, known } = attempt
    const body = JSON.stringify({
      type: 'revenue_plan.step',
      timestamp: claimedAt.toISOString(),
      data: {
        plan_id: plan.planId,
        plan_type: plan.planType,
        tenant_id: plan.tenantId,
        account_id: plan.accountId,
        objective: plan.objective,
        step_id: step.stepId,
        action_type: step.actionType,
        attempt: attempt.attempt,
        ...(step.constraints && { constraints: step.constraints }),
        known,
      },
    })
    // By the clock of this moment and not the plan's: the other side compares it with its own.
    const sentAt = new Date()
    try {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
        headers: {
          'content-type': 'application/json',
          'idempotency-key': stepKey,
          'webhook-id': stepKey,
          'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
          'webhook-signature': webhook.sign(stepKey, sentAt, body),
        },
        body,
      })
      await response.body?.cancel()
      if (response.ok) return { kind: 'done', detail: { status: response.status } }
      return { kind: 'failed', reason: `The other side answered ${response.status}.` }
    } catch (error) {
      if (signal.aborted) throw error
      const timedOut = (error as Error).name === 'TimeoutError'
      const why = timedOut ? `did not answer within ${limitMs} ms` : 'could not be reached'
      return { kind: 'failed', reason: `The other side ${why}.` }
    }
  }
}

function refuseOpenAddress(url: string): void {
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' }
  const loopback = /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(hostname)
  if (protocol === 'https:' || (protocol === 'http:' && loopback)) return
  throw new UsageError(
    'webhook_address',
    'Steps can be sent to an https address alone, or to this machine.',
    'Set PLAN_WEBHOOK_URL to one.',
  )
}

function signer(secret: string): Webhook {
  try {
    return new Webhook(secret)
  } catch (error) {
    throw new UsageError(
      'webhook_secret',
      'The secret for outgoing webhooks cannot be used.',
      'Set PLAN_WEBHOOK_SECRET to whsec_ and base64.',
      { cause: error },
    )
  }
}
