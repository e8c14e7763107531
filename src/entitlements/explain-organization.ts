import type { Reader } from '../db/types.ts'
import { type Enrollment, listEnrollments } from './enrollments.ts'
import { type ClaimsExplained, claimsExplained, readNames } from './explain-ladder.ts'
import { earlierMoves, explainMoves, type MoveExplained, newestMoves } from './explain-moves.ts'
import { poolClaims } from './pool-claims.ts'
import { getDefaultPool } from './tiers.ts'

export type LadderExplained = ClaimsExplained & {
  ladder: string
  product: string | null
  rank: number | null
  status: string | null
  since: string | null
  holder: Enrollment['holder'] | null
  /** The `sequence` of the move that brought the present place; null without one. */
  brought_by: number | null
  /** The newest moves, in order. */
  history: Omit<MoveExplained, 'ladder'>[]
  /** How many moves came before those. */
  earlier: number
}

export type OrganizationExplained = {
  organization: string
  name: string
  customers: string[]
  ladders: LadderExplained[]
}

/**
 * Why an organization stands where it does: on each ladder on which it stands, stood or claims anything, the place, every
 * claim with the reason why it wins or not, and the newest moves. Null for an organization that is not known. What is still
 * waiting belongs to the inbox and is added by whoever asks.
 * @param mostMoves of each ladder, the newest; null: all; 0: none, and neither `earlier` nor `brought_by` says anything then
 */
export async function explainOrganization(
  reader: Reader,
  organizationId: string,
  mostMoves: number | null = newestMoves,
): Promise<OrganizationExplained | null> {
  const pool = await getDefaultPool(reader, organizationId)
  if (!pool) return null
  const [[about], places, claims, moves] = await Promise.all([
    reader<About[]>`
      select o.name, l.ladder_key as default_ladder, p.product_key as default_product, array(
               select stripe_customer_id from stripe.customers
                where organization_id = o.organization_id order by linked_at, stripe_customer_id) as customers
        from organization.organizations o
        join organization.org_types y using (org_type_id)
        left join billing.plan_ladders l on l.plan_ladder_id = y.default_plan_ladder_id
        left join billing.plan_ladder_tiers t on t.plan_ladder_id = l.plan_ladder_id and t.rank = 0
        left join billing.products p on p.product_id = t.product_id
       where o.organization_id = ${organizationId}`,
    listEnrollments(reader, { organization: organizationId, limit: 1000 }),
    poolClaims(reader, [pool.poolId]),
    explainMoves(reader, organizationId, { most: mostMoves }),
  ])
  const known = await readNames(reader, claims)
  const ladderKeys = new Set([
    ...places.map(({ ladder }) => ladder),
    ...claims.map(({ planLadderId }) => known.names.get(planLadderId)!),
    ...moves.map(({ ladder }) => ladder),
  ])
  const ladders = [...ladderKeys].sort().map((ladder): LadderExplained => {
    const place = places.find((item) => item.ladder === ladder)
    const here = claims.find(({ planLadderId }) => known.names.get(planLadderId) === ladder)
    const byDefault = ladder === about!.defaultLadder ? about!.defaultProduct : null
    const history = moves.filter((entry) => entry.ladder === ladder).map(({ ladder: _, ...entry }) => entry)
    return {
      ladder,
      product: place?.product ?? null,
      rank: place?.rank ?? null,
      status: place?.status ?? null,
      since: place?.since ?? null,
      holder: place?.holder ?? null,
      ...claimsExplained(here ?? null, known, byDefault),
      brought_by: place ? (history.at(-1)?.sequence ?? null) : null,
      history,
      earlier: earlierMoves(history),
    }
  })
  return { organization: organizationId, name: about!.name, customers: about!.customers, ladders }
}

type About = {
  name: string
  customers: string[]
  /** What the type of the organization starts on; null: nothing. */
  defaultLadder: string | null
  defaultProduct: string | null
}
