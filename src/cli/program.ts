import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { register as alarms } from './alarms.ts'
import { register as bench } from './bench.ts'
import { register as catalog } from './catalog.ts'
import { register as explain } from './explain.ts'
import { register as keys } from './keys.ts'
import { register as migrate } from './migrate.ts'
import { exitCodeOf, exitCodes, printError } from './output.ts'
import { register as rebuild } from './rebuild.ts'
import { register as reconcile } from './reconcile.ts'
import { register as replay } from './replay.ts'
import { register as simulate } from './simulate.ts'
import { register as start } from './start.ts'
import { register as verify } from './verify.ts'

/** Each command is a file that adds itself. */
const commands = [
  start,
  migrate,
  catalog,
  keys,
  explain,
  simulate,
  verify,
  rebuild,
  reconcile,
  replay,
  alarms,
  bench,
]

const { version, description } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string; description: string }

export function createProgram(): Command {
  const program = new Command('stepladder')
    .description(description)
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      '\nEvery command takes --help and --json. Exit codes: 0 done, 1 failed or differs, 2 usage.',
    )
  for (const register of commands) register(program)
  return program
}

/** Runs one command. @returns its exit code. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync([...argv], { from: 'user' })
    return Number(process.exitCode ?? exitCodes.done)
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said it already. A bare `stepladder` shows the help and is not an error of ours to repeat.
      return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    }
    printError(error, argv.includes('--json'))
    return exitCodeOf(error)
  }
}
