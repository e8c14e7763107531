import { createInterface } from 'node:readline/promises'
import { UsageError } from '../errors.ts'

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

/** What a bulk command says where it would have to ask and cannot. `what`: what it would do, as the rest of `This would …`. */
export function confirmationNeeded(what: string): UsageError {
  return new UsageError(
    'confirmation_needed',
    `This would ${what}, and there is no terminal to ask at.`,
    'Give --yes to do it, or --dry-run to see what it would touch.',
  )
}

/**
 * Shows what a bulk command would touch, and asks; only a plain yes is one.
 * @throws UsageError `confirmation_needed` where nobody can be asked.
 */
export async function agreed(asked: { shown: string; what: string; question: string }): Promise<boolean> {
  process.stderr.write(`${asked.shown}\n`)
  if (!canAsk()) throw confirmationNeeded(asked.what)
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await asking.question(`${asked.question} [y/N] `)
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    asking.close()
  }
}
