/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { productStatuses } from '../../billing/catalog-fields.ts'
import type { Product } from '../../billing/products.ts'
import type { StripeMapping } from '../../stripe/catalog/catalog-mappings.ts'
import { counted } from '../counted.ts'
import type { Faults, Typed } from '../read-form.ts'
import { ActionForm } from './action-form.tsx'
import { SelectField, TextField } from './fields.tsx'
import { KeyPages } from './key-pages.tsx'
import { ladderPath } from './ladders-page.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { kindSays, noType, StatusBadge, typeChoices } from './product-kind.tsx'
import { type Column, Table } from './table.tsx'

export const productsPath = '/operator/products'

export function productPath(key: string): string {
  return `${productsPath}/${key}`
}

export type ProductsPageData = {
  viewer: Viewer
  products: readonly Product[]
  /** What stands for each at Stripe, by key. */
  mappings: ReadonlyMap<string, StripeMapping>
  /** By what the list is narrowed. */
  narrowed: { status?: string | undefined; kind?: string | undefined }
  first: string | null
  next: string | null
  typed: Typed
  faults: Faults
}

/** What is sold, in plain words: plans, and regular products. */
export const ProductsPage: FC<ProductsPageData> = (data) => {
  const { viewer, products, mappings, narrowed, first, next, typed, faults } = data
  const isNarrowed = narrowed.status !== undefined || narrowed.kind !== undefined
  return (
    <PanelPage title="Products" at={productsPath} viewer={viewer}>
      <div class="head">
        <h1>Products</h1>
        <p class="aside">
          A plan is a tier of a ladder: of each ladder an organization has one at most. A regular product is
          held beside it, as many times as it was bought.
        </p>
      </div>
      <Narrow narrowed={narrowed} />
      {products.length === 0 ? (
        <section class="empty">
          <h2>{isNarrowed || first !== null ? 'No product is like that.' : 'There is no product yet.'}</h2>
          <p>
            {isNarrowed || first !== null ? (
              <a href={productsPath}>See all products</a>
            ) : (
              'Create one below, or draft a catalog from what Stripe sells: stepladder catalog pull.'
            )}
          </p>
        </section>
      ) : (
        <div class="list">
          <Table caption="Products" rows={products} columns={columnsWith(mappings)} />
          <KeyPages first={first} next={next} />
        </div>
      )}
      {viewer.role === 'operator' && (
        <section aria-labelledby="new">
          <h2 id="new">A new product</h2>
          <NewProduct viewer={viewer} typed={typed} faults={faults} />
        </section>
      )}
    </PanelPage>
  )
}

const Narrow: FC<{ narrowed: ProductsPageData['narrowed'] }> = ({ narrowed }) => (
  <search>
    <form method="get" action={productsPath} class="filters">
      <SelectField
        name="kind"
        id="by-kind"
        label="Kind"
        value={narrowed.kind}
        none="any"
        choices={[
          { value: 'plan', label: kindSays('plan') },
          ...typeChoices,
          { value: 'none', label: kindSays(null) },
        ]}
      />
      <SelectField
        name="status"
        id="by-status"
        label="Status"
        value={narrowed.status}
        none="any"
        choices={productStatuses.map((status) => ({ value: status, label: status }))}
      />
      <div class="actions">
        <button type="submit">Show</button>
      </div>
    </form>
  </search>
)

function columnsWith(mappings: ProductsPageData['mappings']): Column<Product>[] {
  return [
    {
      title: 'Product',
      names: true,
      cell: ({ key, name }) => (
        <>
          <a href={productPath(key)}>{name}</a>
          <code class="id">{key}</code>
        </>
      ),
    },
    {
      title: 'Kind',
      cell: ({ kind, ladders }) => (
        <>
          <span>{kindSays(kind)}</span>
          {ladders.map(({ ladder, rank }) => (
            <span class="id">
              <a href={ladderPath(ladder)}>{ladder}</a>, rank {rank}
            </span>
          ))}
        </>
      ),
    },
    { title: 'Status', cell: ({ status }) => <StatusBadge status={status} /> },
    {
      title: 'Includes',
      cell: ({ features }) => {
        const names = Object.keys(features)
        return names.length === 0 ? (
          <span class="why">nothing named</span>
        ) : (
          <span>
            {names.slice(0, 4).join(', ')}
            {names.length > 4 && ` and ${names.length - 4} more`}
          </span>
        )
      },
    },
    {
      title: 'At Stripe',
      cell: ({ key }) => {
        const { products, prices } = mappings.get(key) ?? { products: [], prices: [] }
        return products.length + prices.length === 0 ? (
          <span class="why">nothing is mapped</span>
        ) : (
          <span>
            {[
              ...(products.length > 0 ? [counted(products.length, 'product')] : []),
              ...(prices.length > 0 ? [counted(prices.length, 'price')] : []),
            ].join(', ')}
          </span>
        )
      },
    },
  ]
}

const NewProduct: FC<{ viewer: Viewer; typed: Typed; faults: Faults }> = ({ viewer, typed, faults }) => (
  <ActionForm
    viewer={viewer}
    action={productsPath}
    look="card"
    label="Create the product…"
    ask={{
      title: 'Create this product?',
      will: 'It is a draft: nobody is offered it before it is published. Its key stays for ever.',
      button: 'Create the product',
      back: productsPath,
      shows: { name: 'Name', key: 'Key', type: 'Type' },
    }}
  >
    <div class="form">
      <TextField name="name" label="Name" value={typed.name} fault={faults.name} required maxlength={200} />
      <TextField
        name="key"
        label="Key"
        value={typed.key}
        fault={faults.key}
        hint="Small letters and digits, with hyphens between words: extra-seats."
        required
        maxlength={100}
        code
      />
      <SelectField
        name="type"
        label="Type"
        value={typed.type}
        fault={faults.type}
        none={noType}
        choices={typeChoices}
      />
    </div>
  </ActionForm>
)
