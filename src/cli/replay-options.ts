import type { Command } from 'commander'
import { UsageError } from '../errors.ts'

/** What every replay of rows in the inbox can be told. */
export type ReplayOptions = { yes?: boolean; dryRun?: boolean; wait: boolean; timeout: number }

export function replayOptions(command: Command): Command {
  return command
    .option('--dry-run', 'show what would be replayed, and ring nothing')
    .option('--no-wait', 'ring and leave, without waiting for what becomes of it')
    .option('--timeout <seconds>', 'how long to wait for it', wholeSeconds, 60)
    .option('--json', 'print one JSON document')
}

/** The same, for one that may touch many and asks first. */
export function bulkReplayOptions(command: Command): Command {
  return replayOptions(command).option('-y, --yes', 'do not ask')
}

function wholeSeconds(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text)
  throw new UsageError(
    'option_invalid',
    `--timeout has to be a whole number of seconds, not ${text}.`,
    'Such as --timeout 120.',
  )
}
