/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { OrgType } from '../../organization/org-types.ts'
import type { Faults, Typed } from '../read-form.ts'
import { ActionForm } from './action-form.tsx'
import { SelectField, TextField } from './fields.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import {
  enrollmentPath,
  enrollmentTab,
  grantsPath,
  grantsTab,
  organizationPath,
  organizationsPath,
} from './organization-paths.ts'
import { OrganizationPicker, type Picked } from './organization-picker.tsx'

export type OrganizationsPageData = {
  viewer: Viewer
  picked: Picked
  orgTypes: readonly OrgType[]
  /** The customer for whom an organization is looked for, to be linked with it. */
  link: string | null
  typed: Typed
  faults: Faults
}

/** Everybody of the tenant, and a form for one more. */
export const OrganizationsPage: FC<OrganizationsPageData> = ({
  viewer,
  picked,
  orgTypes,
  link,
  typed,
  faults,
}) => (
  <PanelPage title="Organizations" at={organizationsPath} viewer={viewer}>
    <div class="head">
      <h1>Organizations</h1>
      <p class="aside">
        Who holds plans, and which customers at Stripe are theirs. <span data-zone="">Times are UTC.</span>
      </p>
    </div>
    {link && (
      <p class="flash held">
        Whose is <code>{link}</code>? Open the organization: its form for linking has it filled in.
      </p>
    )}
    <OrganizationPicker
      at={organizationsPath}
      picked={picked}
      link={link}
      to={(id) =>
        link ? `${organizationPath(id)}?${new URLSearchParams({ link })}#link` : organizationPath(id)
      }
    />
    {viewer.role === 'operator' && (
      <section aria-labelledby="new">
        <h2 id="new">A new organization</h2>
        {orgTypes.length === 0 ? (
          <p class="empty small">
            An organization is of a type, and there is none yet:{' '}
            <a href="/operator/org-types">make one first</a>.
          </p>
        ) : (
          <NewOrganization viewer={viewer} orgTypes={orgTypes} typed={typed} faults={faults} />
        )}
      </section>
    )}
  </PanelPage>
)

const NewOrganization: FC<Omit<OrganizationsPageData, 'picked' | 'link'>> = ({
  viewer,
  orgTypes,
  typed,
  faults,
}) => (
  <ActionForm
    viewer={viewer}
    action={organizationsPath}
    look="card"
    label="Create…"
    ask={{
      title: 'Create this organization?',
      will: 'It starts on what its type starts on. What waited for an organization of this key is taken up.',
      button: 'Create',
      back: organizationsPath,
      shows: { name: 'Name', org_type: 'Type', organization_key: 'Key' },
    }}
  >
    <div class="form">
      <TextField name="name" label="Name" value={typed.name} fault={faults.name} required maxlength={200} />
      <SelectField
        name="org_type"
        label="Type"
        value={typed.org_type}
        fault={faults.org_type}
        required
        choices={orgTypes.map(({ key, name, defaultLadder }) => ({
          value: key,
          label:
            defaultLadder === null ? `${name}: starts on no ladder` : `${name}: starts on ${defaultLadder}`,
        }))}
      />
      <TextField
        name="organization_key"
        label="Key, if there is one"
        value={typed.organization_key}
        fault={faults.organization_key}
        hint="What your own systems call it; Stripe’s metadata may name it."
        maxlength={255}
        code
      />
    </div>
  </ActionForm>
)

/** The Enrollment tab before somebody is chosen (R64). */
export const PickForEnrollmentPage: FC<{ viewer: Viewer; picked: Picked }> = ({ viewer, picked }) => (
  <PanelPage title="Enrollment" at={enrollmentTab} viewer={viewer}>
    <div class="head">
      <h1>Enrollment</h1>
      <p class="aside">
        On which tier somebody stands and why; grants of plans are given and revoked there.{' '}
        <span data-zone="">Times are UTC.</span>
      </p>
    </div>
    <OrganizationPicker at={enrollmentTab} picked={picked} to={enrollmentPath} />
  </PanelPage>
)

/** The Grants tab before somebody is chosen. */
export const PickForGrantsPage: FC<{ viewer: Viewer; picked: Picked }> = ({ viewer, picked }) => (
  <PanelPage title="Grants" at={grantsTab} viewer={viewer}>
    <div class="head">
      <h1>Grants</h1>
      <p class="aside">
        What is given beside ladders: add-ons and the like. Plans are given through{' '}
        <a href={enrollmentTab}>Enrollment</a>. <span data-zone="">Times are UTC.</span>
      </p>
    </div>
    <OrganizationPicker at={grantsTab} picked={picked} to={grantsPath} />
  </PanelPage>
)
