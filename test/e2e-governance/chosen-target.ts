import { readRunFile } from '../../src/cli/run-file.ts'
import { UsageError } from '../../src/errors.ts'

/** Which deployment the suite is played against. */
export type ChosenTarget =
  | { kind: 'named'; url: string; apiKey: string }
  /** The Stepladder that runs on this home: it needs no name and no key. */
  | { kind: 'local'; url: string }

/**
 * What the environment names; where it names nothing, the Stepladder that runs on this home. A half of it is refused: a key of here is
 * never sent to an address that somebody else gave.
 * @throws UsageError `target_missing`, `target_invalid`
 */
export async function chosenTarget(env: NodeJS.ProcessEnv, home: string): Promise<ChosenTarget> {
  const url = env.STEPLADDER_URL?.trim() || env.STEPLADDER_BASE_URL?.trim()
  const apiKey = env.STEPLADDER_API_KEY?.trim()
  if (url && apiKey) return { kind: 'named', url: checkedUrl(url), apiKey }
  const running = url || apiKey ? null : await readRunFile(home)
  if (running) return { kind: 'local', url: running.url }
  const missing = [...(url ? [] : ['STEPLADDER_URL']), ...(apiKey ? [] : ['STEPLADDER_API_KEY'])]
  throw new UsageError(
    'target_missing',
    `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} required and not set.`,
    'Set STEPLADDER_URL to the deployment and STEPLADDER_API_KEY to a plan approver’s key of it; or run `npm start` here and set neither.',
  )
}

function checkedUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/+$/, '')
  throw new UsageError(
    'target_invalid',
    'STEPLADDER_URL is no address that begins with http:// or https://.',
    'Set it to where the deployment listens, such as http://127.0.0.1:3000.',
  )
}
