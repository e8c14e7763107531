import type { Command } from 'commander'
import { Interrupted, StepladderError, UsageError } from '../errors.ts'

/** What a command has to say: to a script, and to a person. */
export type Answer = {
  /** Printed whole as one JSON document with --json. */
  json: unknown
  text: string
  /** It ran, and what it found differs or did not all succeed: exit code 1. */
  failed?: boolean
}

/** Exit codes: done, failed or differs, asked in a way that cannot be, stopped by a person (128 and SIGINT's 2, as shells say). */
export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

/**
 * Wraps a command's work for commander: prints its answer in the form asked for, and sets the exit code. The work gets
 * what commander gives an action: the arguments, the options, the command.
 */
export function answering<A extends unknown[]>(
  work: (...args: A) => Promise<Answer>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    const answer = await work(...args)
    process.stdout.write(
      wantsJson(args.at(-1)) ? `${JSON.stringify(answer.json, null, 2)}\n` : ended(answer.text),
    )
    process.exitCode = answer.failed ? exitCodes.failed : exitCodes.done
  }
}

/** Whether --json was given to this command. */
function wantsJson(command: unknown): boolean {
  return (command as Command | undefined)?.optsWithGlobals?.().json === true
}

/** Says what went wrong and what to do next. With --json it is also the one document on standard output. */
export function printError(error: unknown, json: boolean): void {
  const known = error instanceof StepladderError
  const { code, message } = error as { code?: string; message?: string }
  const told = {
    code: known ? error.code : (code ?? 'unexpected'),
    message: message || String(error),
    ...(known ? { fix: error.fix } : {}),
  }
  if (json) process.stdout.write(`${JSON.stringify({ error: told }, null, 2)}\n`)
  process.stderr.write(`${told.message}\n${known ? `Next: ${error.fix}\n` : ''}`)
  if (!known && error instanceof Error && process.env.LOG_LEVEL === 'debug') {
    process.stderr.write(`${error.stack}\n`)
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return exitCodes.interrupted
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed
}

/** Rows as aligned columns under their headings; a number stands to the right. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map((row) => String(row[i]).length)),
  )
  const line = (cells: readonly (string | number)[]) =>
    cells
      .map((cell, i) =>
        typeof cell === 'number' ? String(cell).padStart(widths[i]!) : cell.padEnd(widths[i]!),
      )
      .join('  ')
      .trimEnd()
  return [line(headings), ...rows.map(line)].join('\n')
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}
