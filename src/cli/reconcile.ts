import type { Command } from 'commander'
import type { StripeApi } from '../stripe/api/stripe-api.ts'
import type { ReconcileProgress } from '../stripe/reconcile/look-and-note.ts'
import { reconcileOnce } from '../stripe/reconcile/reconcile.ts'
import { readDifferences } from '../stripe/reconcile/reconcile-runs.ts'
import { agreed, canAsk } from './agree.ts'
import { type Answer, answering } from './output.ts'
import { createProgress, createTempo, type Progress } from './progress.ts'
import { reconcileAnswer } from './reconcile-answer.ts'
import { type Session, stripeApiOf, withSession } from './session.ts'

type Options = { repair?: boolean; yes?: boolean }

/** `stepladder reconcile`: every live subscription at Stripe against what stands here. */
export function register(program: Command): void {
  program
    .command('reconcile')
    .description(
      'compare every live subscription at Stripe with what stands here; --repair takes in what differs',
    )
    .option('--repair', 'put right what differs, by the way that every event and fetch goes')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Without --repair nobody is moved. With it, what Stripe shows is kept and resolved as any fetch is, and a subscription that nobody
told of yet is taken in, its customer linked by metadata.organization or AUTO_PROVISION as with events.
Interrupted, it goes on from its last page when it is run again. Exit code: 0 where nothing differs or all was repaired, else 1.`,
    )
    .action(answering((options: Options) => run(options)))
}

async function run({ repair = false, yes = false }: Options): Promise<Answer> {
  return withSession(async (session) => {
    const signal = session.interruptible('Run the same command again: it goes on from its last page.')
    const showing = createShowing()
    const api = await stripeApiOf(session, { signal, onWait: showing.waits })
    if (repair && !yes && canAsk() && !(await confirmed(session))) return declined()
    const began = performance.now()
    const counting = new AbortController()
    if (process.stderr.isTTY)
      void countListed(api, AbortSignal.any([signal, counting.signal]), showing.counted)
    try {
      const done = await reconcileOnce({
        db: session.app,
        api,
        repair,
        autoProvision: session.config.autoProvision,
        signal,
        onProgress: showing.at,
      })
      const differences = await readDifferences(session.app, done.run)
      return reconcileAnswer({ ...done, repair, differences, seconds: (performance.now() - began) / 1000 })
    } finally {
      counting.abort()
      showing.end()
    }
  })
}

function confirmed({ config }: Session): Promise<boolean> {
  const made =
    config.autoProvision === null
      ? 'Customers that belong to nobody stay so, since AUTO_PROVISION is off.'
      : `Customers that belong to nobody get an organization of the type ${config.autoProvision}.`
  return agreed({
    shown: `Every live subscription at Stripe is compared with what stands here, and what differs is taken in. ${made}`,
    what: 'take in what differs',
    question: 'Go on?',
  })
}

function declined(): Answer {
  return { json: { outcome: 'declined' }, text: 'Nothing was compared.', failed: true }
}

/** Stripe does not say how many there are, so somebody who watches is told by a second reading that runs ahead. */
async function countListed(
  api: StripeApi,
  signal: AbortSignal,
  counted: (total: number) => void,
): Promise<void> {
  let total = 0
  try {
    for await (const { objects } of api.subscriptions()) {
      if (signal.aborted) return
      total += objects.length
    }
    counted(total)
  } catch {
    // Whoever compares meets the same trouble, and says so.
  }
}

/** How many so far, and a bar as soon as the total is known. */
function createShowing() {
  let waits: string[] = []
  let begun: number | null = null
  let done = 0
  let bar: Progress | null = null
  let tempo = createTempo(0)
  return {
    waits(seconds: number, why: string) {
      waits = [`Stripe: ${why}, waiting ${Math.ceil(seconds)} s`]
    },
    counted(total: number) {
      bar?.end()
      bar = createProgress('Comparing', total)
      begun = done
      tempo = createTempo(Math.max(0, total - done))
    },
    at({ looked, differed, repaired }: ReconcileProgress) {
      begun ??= looked
      done = looked
      bar ??= createProgress('Comparing', Number.POSITIVE_INFINITY, process.stderr, (n) => `${n} so far`)
      const beside = [
        tempo(done - begun),
        differed > 0 ? `${differed} differ` : '',
        repaired > 0 ? `${repaired} put right` : '',
        ...waits,
      ]
      bar.at(done, beside.filter((part) => part !== '').join(', '))
      waits = []
    },
    end() {
      bar?.end()
    },
  }
}
