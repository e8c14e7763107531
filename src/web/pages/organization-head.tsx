/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Organization } from '../../organization/organizations.ts'
import { enrollmentPath, grantsPath, organizationPath } from './organization-paths.ts'

/** Who it is about, and the three pages about it. `here`: the one that is shown. */
export const OrganizationHead: FC<{ organization: Organization; here: string }> = ({
  organization,
  here,
}) => {
  const { organizationId, organizationKey, name, customers } = organization
  const pages = [
    [organizationPath(organizationId), 'Organization'],
    [enrollmentPath(organizationId), 'Enrollment'],
    [grantsPath(organizationId), 'Grants'],
  ] as const
  return (
    <div class="head">
      <h1>{name}</h1>
      <p class="aside">
        {organizationKey && <code>{organizationKey}</code>}
        {organizationKey && ' · '}
        {customers.length === 0 ? 'no customer at Stripe' : customers.slice(0, 3).join(', ')}
        {customers.length > 3 && ` and ${customers.length - 3} more`} ·{' '}
        <span data-zone="">Times are UTC.</span>
      </p>
      <nav class="tabs" aria-label={`Pages about ${name}`}>
        {pages.map(([href, title]) => (
          <a href={href} {...(href === here ? { 'aria-current': 'page' as const } : {})}>
            {title}
          </a>
        ))}
      </nav>
    </div>
  )
}
