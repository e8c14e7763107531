import { StepladderError, Unavailable } from '../../src/errors.ts'
import type { Target } from './open-target.ts'

export type Json = Record<string, unknown>

/** Asks a deployment as any client does; everything but the awaited status is a failure. */
export type PlanApi = {
  get: (path: string) => Promise<Json>
  /** @param status what it has to answer; 200 unless told */
  post: (path: string, body?: Json, status?: number) => Promise<Json>
}

/** Milliseconds after which an answer is given up. */
const patience = 30_000

/** @throws in its functions: Unavailable where nothing answers; StepladderError `answer_differs` with what was said */
export function planApi({ url, apiKey }: Pick<Target, 'url' | 'apiKey'>, stop: AbortSignal): PlanApi {
  async function ask(method: string, path: string, body: Json | undefined, status: number): Promise<Json> {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.any([stop, AbortSignal.timeout(patience)]),
    }).catch((error: Error) => {
      stop.throwIfAborted()
      const why = (error.cause as Error | undefined)?.message ?? error.message
      throw new Unavailable(
        'deployment_unavailable',
        `${url} does not answer: ${why}`,
        'Start it, and ask again.',
      )
    })
    const text = await response.text()
    const told = readJson(text)
    if (response.status === status && told) return told
    const { detail, fix } = (told ?? {}) as { detail?: string; fix?: string }
    throw new StepladderError(
      'answer_differs',
      `${method} ${path} answered ${response.status} and not ${status}: ${detail ?? text.slice(0, 200)}`,
      fix ?? (response.status === 403 ? 'Use a plan approver’s key.' : 'Read the deployment’s log.'),
    )
  }
  return {
    get: (path) => ask('GET', path, undefined, 200),
    post: (path, body, status = 200) => ask('POST', path, body, status),
  }
}

function readJson(text: string): Json | null {
  try {
    const read: unknown = JSON.parse(text)
    return typeof read === 'object' && read !== null ? (read as Json) : null
  } catch {
    return null
  }
}
