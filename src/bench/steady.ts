import { type Score, withLoads } from './play-round.ts'
import type { Round } from './round.ts'
import { playStepladder, playSyncEngine, type ThroughputParts } from './throughput.ts'

export type SteadyRound = { stepladder: Round; syncEngine: Round }

/** Both at one rate, far below what either can take, in turn: how long somebody waits who is not in a queue of thousands. */
export async function playSteady(
  parts: Pick<ThroughputParts, 'server' | 'redis' | 'template' | 'connections'> & { score: Score },
  how: { rate: number; rounds: number },
): Promise<SteadyRound[]> {
  const results: SteadyRound[] = []
  for (let round = 0; round < how.rounds; round++) {
    results.push(
      await withLoads(parts.score, async (loads) => {
        const first = round % 2 === 0 ? await playStepladder(parts, loads, how.rate) : null
        const syncEngine = await playSyncEngine(parts, loads, how.rate)
        return { stepladder: first ?? (await playStepladder(parts, loads, how.rate)), syncEngine }
      }),
    )
  }
  return results
}
