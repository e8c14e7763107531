/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { GrantEntry } from '../../entitlements/list-grants.ts'
import { ActionForm } from './action-form.tsx'
import type { EnrollmentPageData } from './enrollment-data.ts'
import { nameOf } from './enrollment-ladder.tsx'
import { givenByAndReason } from './grant-columns.tsx'
import { enrollmentPath } from './organization-paths.ts'
import { type Column, Table } from './table.tsx'
import { Time } from './time.tsx'

/** The live grants of plans, each with its Revoke (R65). */
export const ActiveGrants: FC<EnrollmentPageData> = (data) => (
  <section aria-labelledby="grants">
    <h2 id="grants">Active Grants</h2>
    {data.grants.length === 0 ? (
      <p class="empty small">
        No operator’s grant of a plan is live. What its type gives by default is none of these.
      </p>
    ) : (
      <Table caption="Active Grants" rows={data.grants} columns={columns(data)} />
    )}
  </section>
)

function columns(data: EnrollmentPageData): Column<GrantEntry>[] {
  const { viewer, organization, choices, seen } = data
  const back = enrollmentPath(organization.organizationId)
  return [
    {
      title: 'Plan',
      names: true,
      cell: ({ product, grant_reason, ladder }) => (
        <>
          <span>{nameOf(choices, product)}</span>
          <span class="id">
            {grant_reason}
            {ladder && `, on ${choices.ladderNames[ladder] ?? ladder} alone`}
          </span>
        </>
      ),
    },
    {
      title: 'State',
      cell: ({ holds }) =>
        holds.length > 0 ? (
          <span class="state">
            <span class="badge done">holds</span>{' '}
            <span class="why">{holds.map((ladder) => choices.ladderNames[ladder] ?? ladder).join(', ')}</span>
          </span>
        ) : (
          <span class="badge waiting">held back by a better claim</span>
        ),
    },
    {
      title: 'Until',
      cell: ({ valid_until }) =>
        valid_until === null ? <span>no end</span> : <Time at={new Date(valid_until)} seconds={false} />,
    },
    ...givenByAndReason,
    {
      title: 'Revoke',
      control: true,
      cell: ({ grant_id, product, holds }) =>
        viewer.role !== 'operator' ? null : (
          <ActionForm
            viewer={viewer}
            action={`${back}/grants/${grant_id}/revoke`}
            label="Revoke…"
            ask={{
              title: `Revoke the grant of ${nameOf(choices, product)}?`,
              will:
                holds.length > 0
                  ? 'The place goes to the best claim that is left, or to the default of its type.'
                  : 'It does not hold the place now, so nothing moves.',
              button: 'Revoke',
              reason: 'required',
              danger: true,
              back,
            }}
          >
            <input type="hidden" name="seen" value={seen} />
          </ActionForm>
        ),
    },
  ]
}
