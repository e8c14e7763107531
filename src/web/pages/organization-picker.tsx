/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { OrganizationFound } from '../../entitlements/search-organizations.ts'
import { organizationsPath } from './organization-paths.ts'
import { type Column, Pages, Table } from './table.tsx'
import { Time } from './time.tsx'

export type Picked = {
  /** What was searched for; '' for everybody. */
  text: string
  rows: readonly OrganizationFound[]
  /** The cursor of the next page. */
  next: string | null
  /** Not the first page. */
  later: boolean
}

/** Organizations to choose from, with a search. `to`: where each of them leads. */
export const OrganizationPicker: FC<{
  at: string
  picked: Picked
  to: (organizationId: string) => string
  /** The customer for whom one is looked for: every search and page keeps it. */
  link?: string | null
}> = ({ at, picked: { text, rows, next, later }, to, link = null }) => (
  <>
    <search>
      <form method="get" action={at} class="filters">
        {link && <input type="hidden" name="link" value={link} />}
        <div class="field">
          <label for="q">Name, key or customer</label>
          <input
            type="search"
            id="q"
            name="q"
            value={text}
            placeholder="Acme, acme-1 or cus_…"
            maxlength={255}
          />
        </div>
        <div class="actions">
          <button type="submit">Search</button>
          {text && (
            <a class="button quiet" href={addressOf(at, { link })}>
              Everybody
            </a>
          )}
        </div>
      </form>
    </search>
    {rows.length > 0 ? (
      <div class="list">
        <Table caption="Organizations" rows={rows} columns={columns(to)} />
        <Pages
          newest={later ? addressOf(at, { text, link }) : null}
          older={next && addressOf(at, { text, link, after: next })}
          shown={rows.length}
        />
      </div>
    ) : (
      <Nobody at={addressOf(at, { link })} text={text} later={later} />
    )}
  </>
)

const Nobody: FC<{ at: string; text: string; later: boolean }> = ({ at, text, later }) => (
  <section class="empty">
    <h2>
      {text ? `Nobody is found for “${text}”.` : later ? 'That was all.' : 'There is no organization yet.'}
    </h2>
    {text ? (
      <p>
        A name is found by any part of it, a key by its beginning, a customer by its whole id.{' '}
        <a href={at}>Show everybody</a>
      </p>
    ) : (
      <p>
        They come by themselves with Stripe’s events where AUTO_PROVISION is set, and by{' '}
        <a href={`${organizationsPath}#new`}>creating one</a>.
      </p>
    )}
  </section>
)

function columns(to: (organizationId: string) => string): Column<OrganizationFound>[] {
  return [
    {
      title: 'Organization',
      names: true,
      cell: ({ organizationId, name, organizationKey }) => (
        <>
          <a href={to(organizationId)}>{name}</a>
          {organizationKey && <code class="id">{organizationKey}</code>}
        </>
      ),
    },
    {
      title: 'Tiers',
      cell: ({ places }) =>
        places.length === 0 ? (
          <span class="aside">on no ladder</span>
        ) : (
          places.map(({ ladder, product, status }) => (
            <div>
              <span class="why">{ladder}</span> {product}{' '}
              {status !== 'active' && <span class="badge waiting">{status.replaceAll('_', ' ')}</span>}
            </div>
          ))
        ),
    },
    { title: 'Type', cell: ({ orgType }) => orgType },
    { title: 'Customers', cell: ({ customers }) => <Customers customers={customers} /> },
    { title: 'Since', cell: ({ createdAt }) => <Time at={createdAt} seconds={false} /> },
  ]
}

const Customers: FC<{ customers: readonly string[] }> = ({ customers }) => {
  if (customers.length === 0) return <span class="aside">none</span>
  const more = customers.length - 2
  return (
    <div>
      {customers.slice(0, 2).map((customer) => (
        <code class="id">{customer}</code>
      ))}
      {more > 0 && <span class="why">and {more} more</span>}
    </div>
  )
}

type Kept = { text?: string; link: string | null; after?: string }

function addressOf(at: string, { text, link, after }: Kept): string {
  const query = new URLSearchParams({
    ...(text && { q: text }),
    ...(link && { link }),
    ...(after && { after }),
  })
  return query.size === 0 ? at : `${at}?${query}`
}
