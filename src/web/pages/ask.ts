import { z } from 'zod'
import { UsageError } from '../../errors.ts'

export const askField = 'ask'
export const confirmedField = 'confirmed'

/** What an action asks before it is done. It travels with its form, so that the dialog and the page ask the same. */
export type Ask = {
  /** The question: `Retire Pro?` */
  title: string
  /** What will happen, in a sentence or two. */
  will: string
  /** What the button says: a verb, `Retire`. */
  button: string
  /** Whether the history records why; what was typed comes as the field `reason`. */
  reason?: 'required' | 'optional' | undefined
  /** It takes something away. */
  danger?: boolean | undefined
  /** The page of ours to which one returns: when it was cancelled, and when it was refused. */
  back: string
  /** Fields of the form that are shown again beside the question: what each is called. */
  shows?: Readonly<Record<string, string>> | undefined
}

const askOf: z.ZodType<Ask> = z.object({
  title: z.string(),
  will: z.string(),
  button: z.string(),
  reason: z.enum(['required', 'optional']).optional(),
  danger: z.boolean().optional(),
  // Nobody is led to another site, whatever a form says.
  back: z.string().regex(/^\/operator([/?#][^\\\s]*)?$/),
  shows: z.record(z.string(), z.string()).optional(),
})

/**
 * What a form that was sent asks; null: nothing, it was confirmed by whoever sent it.
 * @throws UsageError `form_unreadable`: no page of ours made it
 */
export function readAsk(form: URLSearchParams): Ask | null {
  const text = form.get(askField)
  if (text === null) return null
  try {
    return askOf.parse(JSON.parse(text))
  } catch {
    throw new UsageError('form_unreadable', 'That form is not one of ours.', 'Load the page again.')
  }
}
