/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Organization } from '../../organization/organizations.ts'
import type { Faults, Typed } from '../read-form.ts'
import { ActionForm } from './action-form.tsx'
import { Facts } from './facts.tsx'
import { SelectField, TextField } from './fields.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { OrganizationHead } from './organization-head.tsx'
import { enrollmentPath, organizationPath, organizationsPath } from './organization-paths.ts'
import { Time } from './time.tsx'

export type OrganizationPageData = {
  viewer: Viewer
  organization: Organization
  /** The type's name. */
  orgType: string
  /** `Pro (Core)`. */
  places: readonly string[]
  typed: Typed
  faults: Faults
}

/** One organization: what is known of it, whose customers it has, and what moves them. */
export const OrganizationPage: FC<OrganizationPageData> = (data) => {
  const { viewer, organization, orgType, places } = data
  const { organizationId, customers } = organization
  const path = organizationPath(organizationId)
  return (
    <PanelPage title={organization.name} at={path} viewer={viewer}>
      <OrganizationHead organization={organization} here={path} />
      <section class="card plain">
        <Facts
          facts={[
            ['Type', orgType],
            ['Key', organization.organizationKey && <code>{organization.organizationKey}</code>],
            ['Id', <code>{organizationId}</code>],
            ['Since', <Time at={organization.createdAt} />],
            [
              'Stands on',
              places.length === 0 ? (
                'no ladder'
              ) : (
                <a href={enrollmentPath(organizationId)}>{places.join(', ')}</a>
              ),
            ],
          ]}
        />
      </section>
      <section aria-labelledby="customers">
        <h2 id="customers">Customers at Stripe</h2>
        {customers.length === 0 ? (
          <p class="empty small">None yet: no subscription moves this organization until one is linked.</p>
        ) : (
          <ul class="chips">
            {customers.map((customer) => (
              <li>
                <a href={`/operator/events?customer=${encodeURIComponent(customer)}`}>{customer}</a>
              </li>
            ))}
          </ul>
        )}
      </section>
      {viewer.role === 'operator' && (
        <div class="cards">
          <LinkCard {...data} />
          {customers.length > 0 && <TransferCard {...data} />}
          <MemberLinkCard {...data} />
        </div>
      )}
    </PanelPage>
  )
}

const LinkCard: FC<OrganizationPageData> = ({ viewer, organization, typed, faults }) => {
  const path = organizationPath(organization.organizationId)
  return (
    <section class="deciding" aria-labelledby="link">
      <h2 id="link">Link a customer</h2>
      <ActionForm
        viewer={viewer}
        action={`${path}/customers`}
        look="card"
        label="Link…"
        ask={{
          title: `Link this customer to ${organization.name}?`,
          will: 'Its subscriptions count for this organization from now on, and what waited for it is taken up.',
          button: 'Link',
          back: path,
          shows: { customer: 'Customer' },
        }}
      >
        <TextField
          name="customer"
          label="Customer at Stripe"
          value={typed.customer}
          fault={faults.customer}
          placeholder="cus_…"
          maxlength={255}
          required
          code
        />
      </ActionForm>
    </section>
  )
}

const TransferCard: FC<OrganizationPageData> = ({ viewer, organization, typed, faults }) => {
  const path = organizationPath(organization.organizationId)
  return (
    <section class="deciding" aria-labelledby="transfer">
      <h2 id="transfer">Transfer customers</h2>
      <ActionForm
        viewer={viewer}
        action={`${path}/transfer`}
        look="card"
        label="Transfer…"
        ask={{
          title: `Transfer from ${organization.name}?`,
          will: 'Their subscriptions move too: both organizations may stand on other tiers at once. Grants stay where they are.',
          button: 'Transfer',
          reason: 'required',
          danger: true,
          back: path,
          shows: { moved: 'Customers', to: 'To' },
        }}
      >
        <SelectField
          name="moved"
          label="Which"
          value={typed.moved}
          fault={faults.moved}
          none="All of them"
          choices={organization.customers.map((customer) => ({ value: customer, label: customer }))}
        />
        <TextField
          name="to"
          label="To the organization"
          value={typed.to}
          fault={faults.to}
          hint="Its key or its id."
          maxlength={255}
          required
          code
        />
      </ActionForm>
    </section>
  )
}

const MemberLinkCard: FC<OrganizationPageData> = ({ viewer, organization }) => {
  const path = organizationPath(organization.organizationId)
  return (
    <section class="deciding" aria-labelledby="member">
      <h2 id="member">What its members see</h2>
      <ActionForm
        viewer={viewer}
        action={`${path}/member-links`}
        look="card"
        label="Make a link…"
        ask={{
          title: `Make a link to ${organization.name}’s own page?`,
          will: 'Whoever opens it within 15 minutes sees on which tiers this organization stands, and may change nothing.',
          button: 'Make the link',
          back: path,
        }}
      >
        <p class="aside">
          A page of their own: their tiers, what these include, until when, and what comes next.
        </p>
      </ActionForm>
    </section>
  )
}

/** The one time that a member's link is seen. */
export const MemberLinkPage: FC<{
  viewer: Viewer
  organization: Organization
  url: string
  expiresAt: Date
}> = ({ viewer, organization, url, expiresAt }) => (
  <PanelPage title="A link for members" at={organizationsPath} viewer={viewer}>
    <div class="head">
      <h1>A link for members of {organization.name}</h1>
      <p>
        It opens until <Time at={expiresAt} />, and is shown this once.
      </p>
    </div>
    <section class="card plain">
      <pre class="detail" id="member-link">
        {url}
      </pre>
    </section>
    <p>
      <a class="button quiet" href={organizationPath(organization.organizationId)}>
        Back
      </a>
    </p>
  </PanelPage>
)
