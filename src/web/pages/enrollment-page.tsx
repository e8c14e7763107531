/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { EnrollmentActions } from './enrollment-actions.tsx'
import type { EnrollmentPageData } from './enrollment-data.ts'
import { ActiveGrants } from './enrollment-grants.tsx'
import { Changes, History } from './enrollment-history.tsx'
import { LadderPlace } from './enrollment-ladder.tsx'
import { ComingNext, WaitingWork } from './enrollment-next.tsx'
import { Subscriptions } from './enrollment-subscriptions.tsx'
import { PanelPage } from './layout.tsx'
import { OrganizationHead } from './organization-head.tsx'
import { enrollmentPath, enrollmentTab } from './organization-paths.ts'

/** Where one organization stands and why, what moved it there, and what an operator may decide about it. */
export const EnrollmentPage: FC<EnrollmentPageData> = (data) => {
  const { viewer, organization, explained } = data
  const here = enrollmentPath(organization.organizationId)
  return (
    <PanelPage title={`Enrollment of ${organization.name}`} at={enrollmentTab} viewer={viewer}>
      <OrganizationHead organization={organization} here={here} />
      <section aria-labelledby="standing">
        <h2 id="standing">Where it stands</h2>
        {explained.ladders.length === 0 ? (
          <p class="empty small">
            On no ladder, and it never did: its type starts on none, nobody gave it a plan, and it has no
            subscription to one.
          </p>
        ) : (
          <div class="cards places">
            {explained.ladders.map((ladder) => (
              <LadderPlace ladder={ladder} data={data} />
            ))}
          </div>
        )}
      </section>
      <Subscriptions subscriptions={explained.subscriptions} choices={data.choices} />
      <WaitingWork waiting={explained.waiting} />
      <ComingNext next={explained.next} choices={data.choices} />
      {viewer.role === 'operator' && <EnrollmentActions {...data} />}
      <ActiveGrants {...data} />
      <div class="cards beside">
        <History {...data} />
        <Changes changes={data.changes} />
      </div>
    </PanelPage>
  )
}
