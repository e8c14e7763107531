/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Caused, CausedChange, CausedTransition } from '../../stripe/inbox/event-story.ts'
import { Table } from './table.tsx'
import { Time } from './time.tsx'

/** Moves, change rows, grants and alarms that came of an event. */
export const CausedBy: FC<{ caused: Caused }> = ({ caused }) => {
  const { transitions, changes, grants, alarms } = caused
  if (transitions.length + changes.length + grants.length + alarms.length === 0)
    return (
      <p class="empty small">
        Nothing: no tier moved by it, and nothing changed commercially. Of several events about one change,
        one is its cause.
      </p>
    )
  return (
    <>
      {transitions.length > 0 && (
        <Table
          caption="Moves between tiers"
          rows={transitions}
          columns={[
            { title: 'Move', names: true, cell: (row) => `${row.type} on ${row.ladder}` },
            { title: 'From → to', cell: tiersOf },
            { title: 'By', cell: (row) => row.actor },
            { title: 'Why', cell: (row) => row.reason || '–' },
            { title: 'At', cell: (row) => <Time at={row.effectiveAt} /> },
          ]}
        />
      )}
      {changes.length > 0 && (
        <Table
          caption="Commercial changes"
          rows={changes}
          columns={[
            { title: 'Change', names: true, cell: (row) => row.kind.replaceAll('_', ' ') },
            { title: 'From → to', cell: valuesOf },
            { title: 'Amount', cell: amountsOf },
            { title: 'Item', cell: (row) => (row.item ? <code>{row.item}</code> : '–') },
            {
              title: 'Told before by',
              cell: (row) => (row.duplicateOf ? <code>{row.duplicateOf}</code> : '–'),
            },
          ]}
        />
      )}
      {grants.length > 0 && (
        <ul class="plain-list">
          {grants.map(({ grantId, product, grantReason, outcome }) => (
            <li>
              {grantReason} grant of {product}: {outcome.replaceAll('_', ' ')}{' '}
              <code class="id">{grantId}</code>
            </li>
          ))}
        </ul>
      )}
      {alarms.length > 0 && (
        <Table
          caption="Alarms"
          rows={alarms}
          columns={[
            { title: 'Alarm', names: true, cell: (row) => row.kind.replaceAll('_', ' ') },
            { title: 'About', cell: (row) => <code>{row.subject}</code> },
            { title: 'Detail', cell: (row) => row.detail || '–' },
            { title: 'Last', cell: (row) => <Time at={row.lastAt} /> },
            { title: 'State', cell: (row) => (row.clearedAt ? 'cleared' : `open, ${row.times}×`) },
          ]}
        />
      )}
    </>
  )
}

function tiersOf({ fromProduct, fromRank, toProduct, toRank }: CausedTransition): string {
  const tier = (product: string | null, rank: number | null) =>
    product === null ? 'none' : `${product} (${rank})`
  return `${tier(fromProduct, fromRank)} → ${tier(toProduct, toRank)}`
}

/** Both values; of two objects only what differs between them. */
function valuesOf({ from, to }: CausedChange) {
  const value = (what: unknown) =>
    what === null || what === undefined ? '–' : typeof what === 'string' ? what : JSON.stringify(what)
  const [before, after] = [fieldsOf(from), fieldsOf(to)]
  if (!before && !after) return `${value(from)} → ${value(to)}`
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  return names
    .filter((name) => value(before?.[name]) !== value(after?.[name]))
    .map((name) => (
      <div>
        <span class="why">{name.replaceAll('_', ' ')}</span> {value(before?.[name])} → {value(after?.[name])}
      </div>
    ))
}

function fieldsOf(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null
}

/** In the currency's smallest unit, as the row has it: how many of them make one differs from currency to currency. */
function amountsOf({ fromAmount, toAmount, currency }: CausedChange): string {
  if (fromAmount === null && toAmount === null) return '–'
  const amount = (minor: number | null) => (minor === null ? '–' : minor.toLocaleString('en'))
  return `${amount(fromAmount)} → ${amount(toAmount)} ${(currency ?? '').toUpperCase()} (minor units)`
}
