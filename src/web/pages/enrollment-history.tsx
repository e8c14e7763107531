/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { AccountChange } from '../../billing/account-changes.ts'
import { newestMoves } from '../../entitlements/explain-moves.ts'
import type { EnrollmentPageData } from './enrollment-data.ts'
import { CauseTold } from './move-cause.tsx'
import { enrollmentPath } from './organization-paths.ts'
import { Table } from './table.tsx'
import { Time } from './time.tsx'

/** Every move between tiers, in order (R67). There is nothing here to change one: a correction is a move of its own (R68). */
export const History: FC<EnrollmentPageData> = ({ explained, choices, organization, whole }) => {
  const moves = explained.ladders
    .flatMap(({ ladder, history }) => history.map((move) => ({ ladder, ...move })))
    .sort((a, b) => a.effective_at.localeCompare(b.effective_at) || a.sequence - b.sequence)
  const shown = whole ? moves : moves.slice(-newestMoves)
  const total = explained.ladders.reduce((sum, { earlier }) => sum + earlier, moves.length)
  const tier = (product: string | null, rank: number | null) =>
    product === null
      ? 'none'
      : `${choices.productNames[product] ?? product}${rank === null ? '' : ` (${rank})`}`
  return (
    <section aria-labelledby="history">
      <h2 id="history">History</h2>
      <p class="aside">
        Every move, in order; none is ever changed.{' '}
        {shown.length < total && (
          <a href={`${enrollmentPath(organization.organizationId)}?history=all#history`}>
            The last {shown.length} of {total.toLocaleString('en')}: show all
          </a>
        )}
      </p>
      {moves.length === 0 ? (
        <p class="empty small">It was never moved.</p>
      ) : (
        <Table
          caption="History of tiers"
          rows={shown}
          columns={[
            {
              title: 'Move',
              names: true,
              cell: (move) => (
                <>
                  <span>
                    <span class={`badge ${typeLook[move.type] ?? ''}`}>{move.type}</span>{' '}
                    <span class="why">{choices.ladderNames[move.ladder] ?? move.ladder}</span>
                  </span>
                  <span class="id">
                    {tier(move.from_product, move.from_rank)} → {tier(move.to_product, move.to_rank)}
                  </span>
                </>
              ),
            },
            {
              title: 'By, and why',
              cell: (move) => (
                <>
                  <span>
                    {move.actor_type === 'operator' ? move.actor : move.actor_type}
                    {move.reason && `: ${move.reason}`}
                  </span>
                  <span class="id">
                    <CauseTold cause={move.cause} choices={choices} />
                  </span>
                </>
              ),
            },
            { title: 'Effective', cell: (move) => <Time at={new Date(move.effective_at)} /> },
          ]}
        />
      )}
    </section>
  )
}

const typeLook: Readonly<Record<string, string>> = { upgrade: 'done', downgrade: 'waiting', end: 'parked' }

/** What changed commercially, in Stripe's order. */
export const Changes: FC<{ changes: readonly AccountChange[] }> = ({ changes }) => (
  <section aria-labelledby="changes">
    <h2 id="changes">Subscription changes</h2>
    <p class="aside">What its subscriptions did commercially, as Stripe tells it.</p>
    {changes.length === 0 ? (
      <p class="empty small">None: no subscription of its has told anything.</p>
    ) : (
      <Table
        caption="Subscription changes"
        rows={changes}
        columns={[
          {
            title: 'Change',
            names: true,
            cell: ({ kind, from, to, subscription }) => (
              <>
                <span>{kind.replaceAll('_', ' ')}</span>
                <span class="id">
                  {plain(from)} → {plain(to)}
                </span>
                <code class="id">{subscription}</code>
              </>
            ),
          },
          { title: 'Amount', cell: (change) => amountOf(change) },
          {
            title: 'At',
            cell: ({ occurredAt, event, source, duplicateOf }) => (
              <>
                <Time at={occurredAt} />
                <span class="id">
                  {source === 'fetch' ? 'found by asking' : <a href={`/operator/events/${event}`}>event</a>}
                  {duplicateOf && ', told before'}
                </span>
              </>
            ),
          },
        ]}
      />
    )}
  </section>
)

/** A value in one short line; of an object, its own short values. */
function plain(value: unknown): string {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value)
  return (
    Object.values(value)
      .filter((one) => typeof one === 'string' || typeof one === 'number')
      .join(' ') || JSON.stringify(value)
  )
}

/** As the price has it, in the currency's smallest unit: how many of them make one differs from currency to currency. */
function amountOf({ fromAmount, toAmount, currency, interval }: AccountChange): string {
  if (fromAmount === null && toAmount === null) return '–'
  const amount = (minor: number | null) => (minor === null ? '–' : minor.toLocaleString('en'))
  return `${amount(fromAmount)} → ${amount(toAmount)} ${(currency ?? '').toUpperCase()} (minor units${interval ? `, each ${interval}` : ''})`
}
