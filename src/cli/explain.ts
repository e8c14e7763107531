import type { Command } from 'commander'
import type { Reader } from '../db/types.ts'
import { explainOrganization } from '../entitlements/explain-organization.ts'
import { Refused } from '../errors.ts'
import {
  explainSubscriptions,
  explainWaiting,
  findSubject,
} from '../stripe/enrollment/explain-subscription.ts'
import { type Explained, storyOf } from './explain-story.ts'
import { answering } from './output.ts'
import { withSession } from './session.ts'

/** `stepladder explain`: why an organization stands where it does, and what it waits on. */
export function register(program: Command): void {
  program
    .command('explain')
    .description('say where an organization stands on each ladder, why, and what is still waiting')
    .argument('<id>', "an organization's id or key, or Stripe's cus_… or sub_…")
    .option('--json', 'print one JSON document')
    .action(
      answering(async (id: string) =>
        withSession(async ({ app }) => {
          const json = await app.begin('isolation level repeatable read read only', (tx) => explain(tx, id))
          return { json, text: storyOf(json) }
        }),
      ),
    )
}

/** @throws Refused `not_known` (exit code 1) when the id says nothing to this database. */
async function explain(reader: Reader, id: string): Promise<Explained> {
  const subject = await findSubject(reader, id)
  if (subject === null) {
    throw new Refused(
      'not_known',
      `Nothing is known of ${id}: no organization has that id or key, and no event in the inbox names it.`,
      'Look at the spelling, and at which database this is; `stepladder verify` says how many events it holds.',
      404,
    )
  }
  const { organizationId, customers } = subject
  const [organization, subscriptions, waiting] = await Promise.all([
    organizationId === null ? null : explainOrganization(reader, organizationId),
    explainSubscriptions(reader, subject),
    explainWaiting(reader, subject),
  ])
  return {
    organization: organizationId,
    name: organization?.name ?? null,
    customers,
    ladders: organization?.ladders ?? [],
    subscriptions,
    waiting,
  }
}
