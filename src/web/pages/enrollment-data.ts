import type { AccountChange } from '../../billing/account-changes.ts'
import type { CatalogChoices } from '../../billing/catalog-choices.ts'
import type { CeilingEntry } from '../../entitlements/ceilings.ts'
import type { GrantEntry } from '../../entitlements/list-grants.ts'
import type { Organization } from '../../organization/organizations.ts'
import type { Explained } from '../../stripe/enrollment/explain.ts'
import type { SentForm } from '../sent-form.ts'
import type { Viewer } from './layout.tsx'

/** All that the page of one organization's enrollment shows, read at one moment. */
export type EnrollmentPageData = {
  viewer: Viewer
  organization: Organization
  explained: Explained
  /** The live ones of plans, by operators. */
  grants: readonly GrantEntry[]
  ceilings: readonly CeilingEntry[]
  /** In Stripe's order. */
  changes: readonly AccountChange[]
  choices: CatalogChoices
  /** What the forms carry, so that whoever acts second is told what happened (see pool-seen.ts). */
  seen: string
  /** Whether the whole history is shown, or its end. */
  whole: boolean
  /** The form that has come back with faults. */
  fault: SentForm
}
