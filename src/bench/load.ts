import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { LoadAnswer, LoadOrder } from './load-generator.ts'
import type { Played } from './play-requests.ts'
import type { WorkloadPlan } from './workload.ts'

export type Prepared = Extract<LoadAnswer, { prepared: unknown }>['prepared']

export type Load = {
  /** Deliveries that are rendered and signed. */
  prepared: Prepared
  /** Plays all of them once. `rate`: deliveries a second; null: as fast as they are acknowledged. */
  play: (how: { port: number; connections: number; rate: number | null }) => Promise<Played>
  close: () => void
}

const generator = fileURLToPath(new URL('./load-generator.ts', import.meta.url))

/** Starts a generator with these deliveries, signed for now: they are fresh for five minutes. */
export async function prepareLoad(
  plan: WorkloadPlan,
  parts: { secret: string; path: string },
): Promise<Load> {
  const child = fork(generator, { execArgv: ['--import', 'tsx'], serialization: 'advanced' })
  const { prepared } = (await ask(child, { prepare: plan, ...parts })) as { prepared: Prepared }
  return {
    prepared,
    play: async (how) => ((await ask(child, { play: how })) as { played: Played }).played,
    close: () => child.kill('SIGKILL'),
  }
}

function ask(child: ChildProcess, order: LoadOrder): Promise<LoadAnswer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the load generator ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (answer) => {
      child.removeListener('exit', ended)
      const told = answer as LoadAnswer
      if ('failed' in told) reject(new Error(`The deliveries broke off: ${told.failed}`))
      else resolve(told)
    })
    child.send(order)
  })
}
