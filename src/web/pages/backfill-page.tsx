/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { BackfillOutcome } from '../../entitlements/backfill-defaults.ts'
import type { BackfillCounts } from '../../entitlements/backfill-some.ts'
import type { OrgType } from '../../organization/org-types.ts'
import { ActionForm } from './action-form.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { orgTypePath } from './org-types-page.tsx'
import { enrollmentPath } from './organization-paths.ts'
import { Table } from './table.tsx'

export type BackfillPageData = {
  viewer: Viewer
  orgType: OrgType
  /** Of all calls of this backfill until now. */
  counts: BackfillCounts
  /** Of this call alone. */
  outcomes: readonly BackfillOutcome[]
  /** Behind which organization the next call begins; null: all are done. */
  next: string | null
}

/** Failures first: they are what somebody has to look at. */
const groups = [
  { outcome: 'failed', says: 'Failed', look: 'parked' },
  { outcome: 'updated', says: 'Updated', look: 'done' },
  { outcome: 'skipped', says: 'Skipped, and left as they are', look: '' },
] as const

/** What became of a backfill: how many, and each with its reason (R41, R63). */
export const BackfillPage: FC<BackfillPageData> = (data) => {
  const { viewer, orgType, counts, outcomes, next } = data
  const { updated, skipped, failed } = counts
  const n = (count: number) => count.toLocaleString('en')
  return (
    <PanelPage title={`Backfill of ${orgType.name}`} at={orgTypePath(orgType.key)} viewer={viewer}>
      <div class="head">
        <p class="aside">
          <a href={orgTypePath(orgType.key)}>{orgType.name}</a>
        </p>
        <h1>Backfill of existing organizations</h1>
      </div>
      <div class={failed > 0 ? 'flash fault' : 'flash'} role="status">
        <p>
          {n(updated)} updated / {n(skipped)} skipped / {n(failed)} failed
        </p>
        <p class="why">
          {next !== null
            ? 'There are more organizations: go on below.'
            : failed > 0
              ? 'The others were not held up. Once the cause is gone, do it again: nothing is done twice.'
              : 'All are done. Done again, it changes nothing more.'}
        </p>
      </div>
      {next !== null && <GoOn {...data} next={next} />}
      {groups.map(({ outcome, says, look }) => {
        const rows = outcomes.filter((one) => one.outcome === outcome)
        return rows.length === 0 ? null : (
          <section aria-labelledby={outcome}>
            <h2 id={outcome}>{says}</h2>
            <Table
              caption={says}
              rows={rows}
              columns={[
                {
                  title: 'Organization',
                  names: true,
                  cell: ({ name, organizationId }) => (
                    <>
                      <a href={enrollmentPath(organizationId)}>{name}</a>
                      <code class="id">{organizationId}</code>
                    </>
                  ),
                },
                { title: 'Outcome', cell: () => <span class={`badge ${look}`.trim()}>{outcome}</span> },
                { title: 'Why', cell: ({ reason }) => <span>{reason}</span> },
              ]}
            />
          </section>
        )
      })}
    </PanelPage>
  )
}

const GoOn: FC<BackfillPageData & { next: string }> = ({ viewer, orgType, counts, next }) => (
  <div>
    <ActionForm
      viewer={viewer}
      action={`${orgTypePath(orgType.key)}/backfill`}
      label="Go on with the next…"
      ask={{
        title: `Go on with the backfill of ${orgType.name}?`,
        will: 'The next organizations of this type are done, from where the last call stopped.',
        button: 'Go on',
        reason: 'optional',
        back: orgTypePath(orgType.key),
      }}
    >
      <input type="hidden" name="after" value={next} />
      {Object.entries(counts).map(([outcome, count]) => (
        <input type="hidden" name={outcome} value={String(count)} />
      ))}
    </ActionForm>
  </div>
)
