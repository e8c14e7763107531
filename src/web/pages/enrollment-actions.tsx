/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { stateOf } from '../sent-form.ts'
import { ActionForm } from './action-form.tsx'
import type { EnrollmentPageData } from './enrollment-data.ts'
import { nameOf } from './enrollment-ladder.tsx'
import { type Choice, SelectField } from './fields.tsx'
import { enrollmentPath } from './organization-paths.ts'
import { UntilField, untilShown } from './until-field.tsx'

/** What an operator may decide: a grant, an extension of what is held, a forced move. Each asks first, and for a reason. */
export const EnrollmentActions: FC<EnrollmentPageData> = (data) => (
  <section aria-labelledby="decide">
    <h2 id="decide">Decide</h2>
    <div class="cards">
      <IssueCard {...data} />
      <ExtendCard {...data} />
      <ForceCard {...data} />
    </div>
  </section>
)

const IssueCard: FC<EnrollmentPageData> = ({ viewer, organization, choices, seen, fault }) => {
  const back = enrollmentPath(organization.organizationId)
  const { typed, faults } = stateOf(fault, 'issue')
  const plans = plansOf(choices.ladders)
  return (
    <article class="deciding" aria-labelledby="issue">
      <h3 id="issue">Issue Grant</h3>
      {plans.length === 0 ? (
        <p class="empty small">
          No published product stands on a ladder: <a href="/operator/ladders">put one there first</a>.
        </p>
      ) : (
        <ActionForm
          viewer={viewer}
          action={`${back}/grants`}
          look="card"
          label="Issue Grant…"
          ask={{
            title: `Give ${organization.name} this plan?`,
            will: 'It claims its tier at once. Below what is held or paid for, it waits until that ends.',
            button: 'Issue Grant',
            reason: 'required',
            back,
            shows: { product: 'Plan', ...untilShown },
          }}
        >
          <input type="hidden" name="seen" value={seen} />
          <SelectField
            id="issue-product"
            name="product"
            label="Plan"
            value={typed.product}
            fault={faults.product}
            required
            none="Choose one"
            choices={plans}
          />
          <UntilField id="issue-until" hint="With an end it is a trial." typed={typed} faults={faults} />
        </ActionForm>
      )}
    </article>
  )
}

/** Only where a plan is attached (R66): there is nothing else to extend. */
const ExtendCard: FC<EnrollmentPageData> = ({ viewer, organization, explained, choices, seen, fault }) => {
  const places = explained.ladders.flatMap(({ ladder, product }) =>
    product === null
      ? []
      : [{ value: ladder, label: `${choices.ladderNames[ladder] ?? ladder}: ${nameOf(choices, product)}` }],
  )
  if (places.length === 0) return null
  const back = enrollmentPath(organization.organizationId)
  const { typed, faults } = stateOf(fault, 'extend')
  return (
    <article class="deciding" aria-labelledby="extend">
      <h3 id="extend">Extend current tier</h3>
      <ActionForm
        viewer={viewer}
        action={`${back}/extend`}
        look="card"
        label="Extend…"
        ask={{
          title: 'Extend this tier by a grant?',
          will: 'The same tier goes on by a grant of yours. A grant that held it is closed by it; a subscription never is.',
          button: 'Extend',
          reason: 'required',
          back,
          shows: { ladder: 'Tier', ...untilShown },
        }}
      >
        <input type="hidden" name="seen" value={seen} />
        <SelectField
          id="extend-ladder"
          name="ladder"
          label="Tier"
          value={typed.ladder}
          fault={faults.ladder}
          required
          choices={places}
        />
        <UntilField id="extend-until" typed={typed} faults={faults} />
      </ActionForm>
    </article>
  )
}

const ForceCard: FC<EnrollmentPageData> = ({ viewer, organization, choices, seen, fault }) => {
  const back = enrollmentPath(organization.organizationId)
  const { typed, faults } = stateOf(fault, 'force')
  const tiers = choices.ladders.flatMap(({ key, name, tiers: standing }) =>
    standing.map((tier) => ({
      value: `${key}/${tier.product}`,
      label: `${name}: ${tier.name} (rank ${tier.rank})`,
    })),
  )
  if (tiers.length === 0) return null
  return (
    <article class="deciding" aria-labelledby="force">
      <h3 id="force">Force a tier</h3>
      <ActionForm
        viewer={viewer}
        action={`${back}/transitions`}
        look="card"
        label="Force…"
        ask={{
          title: `Force ${organization.name} to this?`,
          will: 'At least is a grant on one ladder. At most is a ceiling: payers above it stand lower too, until it is lifted or ends.',
          button: 'Force',
          reason: 'required',
          danger: true,
          back,
          shows: { mode: 'How', tier: 'Tier', ...untilShown },
        }}
      >
        <input type="hidden" name="seen" value={seen} />
        <SelectField
          name="mode"
          label="How"
          value={typed.mode}
          fault={faults.mode}
          required
          none="Choose one"
          choices={[
            { value: 'at_least', label: 'At least' },
            { value: 'at_most', label: 'At most' },
          ]}
        />
        <SelectField
          name="tier"
          label="Tier"
          value={typed.tier}
          fault={faults.tier}
          required
          none="Choose one"
          choices={tiers}
        />
        <UntilField id="force-until" typed={typed} faults={faults} />
      </ActionForm>
    </article>
  )
}

/** Each plan once, with every ladder on which it is a tier. */
function plansOf(ladders: EnrollmentPageData['choices']['ladders']): Choice[] {
  const plans = new Map<string, { name: string; on: string[] }>()
  for (const { name: ladder, tiers } of ladders) {
    for (const { product, name, rank } of tiers) {
      const plan = plans.get(product) ?? { name, on: [] }
      plan.on.push(`${ladder}, rank ${rank}`)
      plans.set(product, plan)
    }
  }
  return [...plans].map(([value, { name, on }]) => ({ value, label: `${name} (${on.join('; ')})` }))
}
