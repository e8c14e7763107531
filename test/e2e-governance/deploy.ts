import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { exitCodeOf, exitCodes, printError } from '../../src/cli/output.ts'
import { configFromEnvironment, withDotEnv } from '../../src/config.ts'
import { UsageError } from '../../src/errors.ts'
import { chosenTarget } from './chosen-target.ts'

/**
 * `npm run deploy`: the database is brought up to this version, and then revenue plans are tried end to end on the deployment (R117).
 * Whether the second can be done at all is seen before the first.
 */
const help = `npm run deploy [-- --skip-governance-e2e | --skip-tests | --no-test]

Migrates the database (as stepladder migrate does), then runs npm run e2e:governance. Each option leaves out the second.
`
const root = join(import.meta.dirname, '../..')

try {
  process.exitCode = await deploy(process.argv.slice(2))
} catch (error) {
  printError(error, false)
  process.exitCode = exitCodeOf(error)
}

async function deploy(argv: string[]): Promise<number> {
  const asked = readArguments(argv)
  if (asked.help) {
    process.stdout.write(help)
    return exitCodes.done
  }
  const tests = !(asked['skip-governance-e2e'] || asked['skip-tests'] || asked['no-test'])
  const env = withDotEnv(process.env)
  if (tests) await chosenTarget(env, configFromEnvironment(env).home)
  const migrated = await run('src/cli/bin.mjs', 'migrate')
  if (migrated !== exitCodes.done || !tests) return migrated
  return run('--import', 'tsx', 'test/e2e-governance/e2e-governance.ts')
}

function readArguments(args: string[]) {
  const flag = { type: 'boolean' } as const
  const options = { help: flag, 'skip-governance-e2e': flag, 'skip-tests': flag, 'no-test': flag }
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new UsageError('arguments_unknown', (error as Error).message, 'See npm run deploy -- --help')
  }
}

/** Runs a part as a process of its own. @returns its exit code; 1 where a signal ended it */
function run(...args: string[]): Promise<number> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? exitCodes.failed))
  })
}
