import type { Reader } from '../../db/types.ts'

/** Where what stands is not what the record says, with the reason why the record says so. */
export type Difference = {
  /** `held`: settled here, though the record leaves it open. */
  what: 'place' | 'claim' | 'addon' | 'change' | 'held'
  organization: string | null
  pool: string | null
  /** For places and claims. */
  ladder: string | null
  /** For add-ons. */
  product: string | null
  subscription: string | null
  /** For change rows: the event, the kind of change, and the item where it concerns one. */
  change: string | null
  /** In words; null: nothing stands. */
  stands: string | null
  /** In words; null: nothing should. */
  rebuilt: string | null
  why: string
}

const mostTold = 1000

type Row = {
  what: Difference['what']
  organization: string | null
  pool: string | null
  subscription: string | null
  subject: string
  stands: string | null
  rebuilt: string | null
  told: string | null
  parked: string | null
}

/** The first thousand differences that were found, by organization. */
export async function readDifferences(reader: Reader): Promise<Difference[]> {
  const rows = await reader<Row[]>`
    select
      d.what, p.organization_id as organization, d.pool_id as pool, d.subscription, d.subject, d.stands, d.rebuilt,
      evidence.told, parked.event_id as parked
    from (select * from rebuild.differences order by pool_id, what, subscription, subject limit ${mostTold}) d
    left join entitlements.resource_pools p on p.pool_id = d.pool_id
    left join lateral (
      select string_agg(case r.outcome
          when 'held' then format('%s is held (%s)', r.subscription, r.held_reason)
          when 'homeless' then format('%s belongs to nobody', r.subscription)
          else format('%s is %s by %s', r.subscription, r.status, r.decided_by) end, ', ' order by r.subscription) as told
      from (
        select * from rebuild.subscriptions r
        where r.subscription = d.subscription or (d.subscription is null and r.pool_id = d.pool_id)
        order by (r.outcome = 'nothing'), r.subscription limit 4
      ) r
    ) evidence on true
    left join lateral (
      select w.event_id
      from rebuild.subscriptions r
      join stripe.events e on e.stripe_subscription_id = r.subscription and e.trail_kind is not null
      join stripe.event_writes w on w.event_id = e.event_id and w.state = 'parked' and w.reason = 'failed'
      where r.subscription = d.subscription or (d.subscription is null and r.pool_id = d.pool_id)
      order by w.event_id limit 1
    ) parked on true
    order by d.pool_id, d.what, d.subscription, d.subject`
  return rows.map(({ told, parked, subject, ...row }) => ({
    ...row,
    ladder: row.what === 'place' || row.what === 'claim' ? subject : null,
    product: row.what === 'addon' ? subject : null,
    change: row.what === 'change' ? subject : null,
    why: [
      reasonOf(row),
      told === null
        ? row.subscription
          ? `the record knows nothing of ${row.subscription}`
          : null
        : `by the record ${told}`,
      parked === null ? null : `a write of ${parked} is parked: see stepladder replay failed`,
    ]
      .filter((part) => part !== null)
      .join('; '),
  }))
}

function reasonOf({ what, stands, rebuilt }: Pick<Row, 'what' | 'stands' | 'rebuilt'>): string {
  if (what === 'held') return 'the record leaves it open, and it stands as settled'
  const [told, asked] = {
    place: ['the claims of the record give this place', 'no claim of the record gives this place'],
    claim: ['its state and the catalog give this claim', 'its state and the catalog give no such claim'],
    addon: ['its state and the catalog give this', 'its state and the catalog give no such thing'],
    change: ['the event tells this change', 'no event of the inbox tells this change'],
  }[what] as [string, string]
  if (rebuilt === null) return asked
  return stands === null ? `${told}, and nothing stands` : `${told} otherwise`
}
