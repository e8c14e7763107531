/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { CatalogChoices } from '../../billing/catalog-choices.ts'
import type { NextInLine } from '../../entitlements/explain-ladder.ts'
import type { Explained } from '../../stripe/enrollment/explain.ts'
import { ActionForm } from './action-form.tsx'
import type { EnrollmentPageData } from './enrollment-data.ts'
import { Facts } from './facts.tsx'
import { CauseTold } from './move-cause.tsx'
import { enrollmentPath } from './organization-paths.ts'
import { Time } from './time.tsx'

type LadderShown = Explained['ladders'][number]

/** One ladder: the tier, who holds it, every claim with its reason, and what an operator said at most. */
export const LadderPlace: FC<{ ladder: LadderShown; data: EnrollmentPageData }> = ({ ladder, data }) => {
  const { choices } = data
  const { product, rank, status, since, holder, due, next_in_line } = ladder
  return (
    <article class="card plain" aria-label={choices.ladderNames[ladder.ladder] ?? ladder.ladder}>
      <h3 class="why">{choices.ladderNames[ladder.ladder] ?? ladder.ladder}</h3>
      <p class="tier">
        {product === null ? 'no tier' : nameOf(choices, product)}{' '}
        {status !== null && <StatusBadge status={status} />}
      </p>
      {product !== null && (
        <Facts
          facts={[
            ['Rank', rank === null ? 'none any more' : String(rank)],
            ['Since', since && <Time at={new Date(since)} />],
            [
              'Held by',
              holder && (
                <>
                  {holderWord[holder.kind]} {holder.kind !== 'default' && <code>{holder.id}</code>}
                </>
              ),
            ],
            ['If that ended now', next_in_line && lineTold(choices, next_in_line)],
          ]}
        />
      )}
      {due && (
        <p class="badge waiting">About to go to {lineTold(choices, due)}: a sweep moves it within seconds.</p>
      )}
      <Ceiling ladder={ladder} data={data} />
      <WhyThisTier ladder={ladder} choices={choices} />
    </article>
  )
}

export const StatusBadge: FC<{ status: string }> = ({ status }) => {
  const look =
    status === 'active' ? 'done' : status === 'unpaid' || status === 'paused' ? 'parked' : 'waiting'
  return <span class={`badge ${look}`}>{status.replaceAll('_', ' ')}</span>
}

const holderWord = {
  subscription: 'subscription',
  grant: 'an operator’s grant',
  default: 'the default of its type',
} as const

const WhyThisTier: FC<{ ladder: LadderShown; choices: CatalogChoices }> = ({ ladder, choices }) => {
  const { claims, history, brought_by } = ladder
  const move = history.find(({ sequence }) => sequence === brought_by)
  return (
    <details>
      <summary>Why this tier</summary>
      <div class="list">
        {move && (
          <p>
            {move.rule} <CauseTold cause={move.cause} choices={choices} />
          </p>
        )}
        {claims.length === 0 ? (
          <p class="aside">Nothing claims a place on this ladder.</p>
        ) : (
          <ul class="plain-list claims">
            {claims.map((claim) => (
              <li>
                <span class={claim.wins ? 'badge done' : 'badge'}>{claim.wins ? 'wins' : 'waits'}</span>{' '}
                <strong>{nameOf(choices, claim.product)}</strong> by {holderWord[claim.kind]}
                {claim.kind !== 'default' && <code class="id">{claim.id}</code>}
                <span class="why">
                  {claim.why}
                  {claim.given_by &&
                    claim.kind === 'grant' &&
                    `; given by ${claim.given_by}: ${claim.reason}`}
                  {claim.ends_at && (
                    <>
                      ; ends <Time at={new Date(claim.ends_at)} />
                    </>
                  )}
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </details>
  )
}

const Ceiling: FC<{ ladder: LadderShown; data: EnrollmentPageData }> = ({ ladder, data }) => {
  const { viewer, organization, choices, seen, ceilings } = data
  const live = ceilings.find((ceiling) => ceiling.ladder === ladder.ladder)
  if (!live) return null
  const tier = nameOf(choices, live.product)
  const back = enrollmentPath(organization.organizationId)
  return (
    <div class="ceiling">
      <p>
        <span class="badge waiting">at most {tier}</span>{' '}
        <span class="why">
          {live.actor}: {live.reason}; since <Time at={new Date(live.set_at)} />
          {live.valid_until && (
            <>
              , until <Time at={new Date(live.valid_until)} />
            </>
          )}
        </span>
      </p>
      {ladder.ceiling && <p class="why">If it were lifted: {lineTold(choices, ladder.ceiling.if_lifted)}.</p>}
      {viewer.role === 'operator' && (
        <ActionForm
          viewer={viewer}
          action={`${back}/ceilings/${live.ceiling_id}/lift`}
          label="Lift…"
          ask={{
            title: `Lift the ceiling of ${tier}?`,
            will: ladder.ceiling
              ? `The place goes to ${lineTold(choices, ladder.ceiling.if_lifted)}.`
              : 'The place goes to whoever claims it.',
            button: 'Lift',
            reason: 'required',
            back,
          }}
        >
          <input type="hidden" name="seen" value={seen} />
        </ActionForm>
      )}
    </div>
  )
}

/** `Standard, subscription sub_1`, or whose the place would be otherwise. */
export function lineTold(choices: CatalogChoices, { product, by }: NextInLine): string {
  if (by === null || product === null) return 'nobody: the ladder would be left'
  if (by.kind === 'default') return `${nameOf(choices, product)}, the default of its type`
  return `${nameOf(choices, product)}, by ${holderWord[by.kind]} ${by.id}`
}

export function nameOf({ productNames }: CatalogChoices, key: string): string {
  return productNames[key] ?? key
}
