import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { readCatalogFile } from '../src/billing/catalog-file.ts'
import { SIMULATED_CATALOG } from '../src/simulator/prices.ts'
import { applyCatalog } from '../src/stripe/catalog/apply-catalog.ts'
import { signBody } from '../src/stripe/signature.ts'
import { testDatabase } from './support/database.ts'
import { SECRET, startDeployment } from './support/deployment.ts'
import { violations } from './support/outcome.ts'

const folder = process.env.STRIPE_EVENTS_DIR

if (folder) {
  test.each(['test', 'live'])(
    'every event that others recorded, signed anew, is taken and ends handled, ignored, waiting or parked with its reason, in a deployment of %s mode',
    async (mode) => {
      const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.json') && !file.startsWith('resources'))
        .sort()
      const db = await testDatabase()
      await db.owner`insert into stripe.deployment (mode, mode_told_by) values (${mode}, 'first_event')`
      await applyCatalog(
        db.app,
        readCatalogFile({
          ...SIMULATED_CATALOG,
          org_types: [{ key: 'coop', name: 'Co-op', default_ladder: 'core' }],
        }),
      )
      const stepladder = await startDeployment(db)
      try {
        const ids = new Set<string>()
        for (const file of files) {
          const body = withIdOfItsOwn(readFileSync(join(folder, file)), ids)
          const response = await fetch(`${stepladder.url}/webhooks/stripe`, {
            method: 'POST',
            headers: {
              'content-type': 'application/json',
              'stripe-signature': signBody(body, SECRET, Math.floor(Date.now() / 1000)),
            },
            body,
          })
          expect([file, response.status]).toEqual([file, 200])
        }
        await everyRowMarked(db.owner)
        const tally = await db.owner<{ count: number; write: string; told: string }[]>`
          select count(*)::int, write, concat_ws(' ', state, coalesce(split_part(waiting_on, ':', 1) || ':', ''), reason) as told
          from stripe.event_writes group by 2, 3 order by 2, 1 desc`
        const [kept] = await db.owner<{ count: number }[]>`select count(*)::int from stripe.events`
        console.log(
          `${mode}: ${files.length} files under ${relative('.', folder)}, ${kept!.count} events kept\n${tally
            .map((row) => `  ${row.count}\t${row.write}\t${row.told}`)
            .join('\n')}`,
        )
        expect(kept!.count).toBe(files.length)
        expect(
          await db.owner`select from stripe.event_writes where state = 'parked' and reason = 'failed'`,
        ).toHaveLength(0)
        expect(await violations(db.owner)).toEqual([])
      } finally {
        await stepladder.close()
        await db.close()
      }
    },
    120_000,
  )
} else {
  test('the events that others recorded were NOT run: STRIPE_EVENTS_DIR is not set', () => {
    console.log('corpus: not run. Set STRIPE_EVENTS_DIR to a folder of recorded Stripe events to run it.')
    expect(process.env.STRIPE_EVENTS_DIR || undefined).toBeUndefined()
  })
}

/** Many of these were made by one test mode under one id; the second of an id is given another, or it would be a duplicate. */
function withIdOfItsOwn(body: Buffer, ids: Set<string>): Buffer {
  const event = JSON.parse(body.toString('utf8'))
  const taken = ids.has(event.id)
  const own = taken ? { ...event, id: `${event.id}_${ids.size}` } : event
  ids.add(own.id)
  return taken ? Buffer.from(JSON.stringify(own)) : body
}

async function everyRowMarked(db: Awaited<ReturnType<typeof testDatabase>>['owner']): Promise<void> {
  for (let tries = 0; ; tries++) {
    const [row] = await db<{ open: number }[]>`
      select 2 * (select count(*) from stripe.events) - (select count(*) from stripe.event_writes) as open`
    if (row!.open === 0) return
    if (tries > 300) throw new Error(`${row!.open} writes have no marker`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
