/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child, FC } from 'hono/jsx'
import type { Ladder } from '../../billing/ladders.ts'
import type { Product } from '../../billing/products.ts'
import type { StripeMapping } from '../../stripe/catalog/catalog-mappings.ts'
import { type SentForm, stateOf } from '../sent-form.ts'
import { ActionForm } from './action-form.tsx'
import { Facts } from './facts.tsx'
import { SelectField, TextField } from './fields.tsx'
import { ladderPath } from './ladders-page.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { ProductFeatures } from './product-features.tsx'
import { kindMeans, kindSays, noType, StatusBadge, typeChoices } from './product-kind.tsx'
import { productPath, productsPath } from './products-page.tsx'
import { Time } from './time.tsx'

export type ProductPageData = {
  viewer: Viewer
  product: Product
  mapping: StripeMapping | null
  ladders: readonly Ladder[]
  sent: SentForm
}

/** One product: what it is, what it includes, and what may be done with it. */
export const ProductPage: FC<ProductPageData> = (data) => {
  const { viewer, product, sent } = data
  const { key, name } = product
  return (
    <PanelPage title={name} at={productPath(key)} viewer={viewer}>
      <div class="head">
        <p class="aside">
          <a href={productsPath}>Products</a>
        </p>
        <h1>{name}</h1>
        <p class="aside">{kindMeans(product.kind)}</p>
      </div>
      <About {...data} />
      <section aria-labelledby="includes">
        <h2 id="includes">What it includes</h2>
        <ProductFeatures viewer={viewer} product={product} sent={sent} />
      </section>
      {viewer.role === 'operator' && (
        <>
          <section aria-labelledby="offer">
            <h2 id="offer">Offer it, or no longer</h2>
            <Offer {...data} />
          </section>
          <section aria-labelledby="names">
            <h2 id="names">Name and type</h2>
            <Names viewer={viewer} product={product} sent={sent} />
          </section>
        </>
      )}
    </PanelPage>
  )
}

const About: FC<ProductPageData> = ({ product, mapping }) => (
  <section class="card plain" aria-label="About this product">
    <Facts
      facts={[
        ['Key', <code>{product.key}</code>],
        ['Kind', kindSays(product.kind)],
        ['Status', <StatusBadge status={product.status} />],
        [
          'On ladders',
          product.ladders.length === 0
            ? 'on none'
            : product.ladders.map(({ ladder, rank }) => (
                <span>
                  <a href={ladderPath(ladder)}>{ladder}</a>, rank {rank}
                </span>
              )),
        ],
        ['Products at Stripe', <Ids ids={mapping?.products ?? []} />],
        ['Prices at Stripe', <Ids ids={mapping?.prices ?? []} />],
        ['Created', <Time at={product.createdAt} seconds={false} />],
        ['Last changed', <Time at={product.updatedAt} seconds={false} />],
      ]}
    />
    <p class="aside">
      What stands for it at Stripe is said in the catalog file, <code>stepladder catalog apply</code>; a
      product there covers its later prices. <span data-zone="">Times are UTC.</span>
    </p>
  </section>
)

const Ids: FC<{ ids: readonly string[] }> = ({ ids }): Child =>
  ids.length === 0 ? <span class="why">none is mapped</span> : ids.map((id) => <code>{id}</code>)

const Offer: FC<ProductPageData> = ({ viewer, product, ladders, sent }) => {
  const { key, name, kind, status } = product
  const at = productPath(key)
  return (
    <>
      <div class="actions">
        {status !== 'published' && kind !== null && (
          <ActionForm
            viewer={viewer}
            action={`${at}/publish`}
            label="Publish…"
            ask={{
              title: `Publish ${name}?`,
              will: 'It is offered from now on: it can be granted, and be what an org type starts on.',
              button: 'Publish',
              back: at,
            }}
          />
        )}
        {status !== 'retired' && (
          <ActionForm
            viewer={viewer}
            action={`${at}/retire`}
            label="Retire…"
            ask={{
              title: `Retire ${name}?`,
              will: 'It is offered no longer. Whoever has it keeps it, and who pays for it at Stripe goes on to get it.',
              button: 'Retire',
              reason: 'optional',
              danger: true,
              back: at,
            }}
          />
        )}
      </div>
      {product.type === null && (status !== 'published' || product.ladders.length === 0) && (
        <PublishAndAttach viewer={viewer} product={product} ladders={ladders} sent={sent} />
      )}
    </>
  )
}

const PublishAndAttach: FC<{
  viewer: Viewer
  product: Product
  ladders: readonly Ladder[]
  sent: SentForm
}> = ({ viewer, product, ladders, sent }) => {
  const { typed, faults } = stateOf(sent, 'publish')
  if (ladders.length === 0)
    return <p class="empty small">To make it a plan, create a ladder first. Or give it a type below.</p>
  return (
    <ActionForm
      viewer={viewer}
      action={`${productPath(product.key)}/publish-and-attach`}
      look="card"
      label="Publish and attach…"
      ask={{
        title: `Publish ${product.name}, and make it a plan?`,
        will: 'It is offered as a tier of that ladder from now on; both happen, or neither.',
        button: 'Publish and attach',
        back: productPath(product.key),
        shows: { ladder: 'Ladder', rank: 'Rank' },
      }}
    >
      <h3>Make it a plan</h3>
      <p class="aside">Without a type it is published together with its place on a ladder.</p>
      <div class="form">
        <SelectField
          name="ladder"
          label="Ladder"
          value={typed.ladder ?? product.ladders[0]?.ladder}
          fault={faults.ladder}
          choices={ladders.map(({ key, name, tiers }) => ({
            value: key,
            label: `${name}, with ${tiers.length === 0 ? 'no tier' : `ranks ${tiers.map(({ rank }) => rank).join(', ')}`}`,
          }))}
          required
        />
        <TextField
          name="rank"
          label="Rank"
          value={typed.rank}
          fault={faults.rank}
          hint="0 is the lowest, and what new organizations start on."
          type="number"
          min={0}
          required
        />
      </div>
    </ActionForm>
  )
}

const Names: FC<{ viewer: Viewer; product: Product; sent: SentForm }> = ({ viewer, product, sent }) => {
  const { faults } = stateOf(sent, 'names')
  const typed =
    sent?.form === 'names' ? sent.typed : { name: product.name, ...(product.type && { type: product.type }) }
  const at = productPath(product.key)
  return (
    <ActionForm
      viewer={viewer}
      action={at}
      look="card"
      label="Change…"
      ask={{
        title: `Change what ${product.name} is?`,
        will: 'It counts for everybody who has it. Its key stays.',
        button: 'Change',
        back: at,
        shows: { name: 'Name', type: 'Type' },
      }}
    >
      <div class="form">
        <TextField name="name" label="Name" value={typed.name} fault={faults.name} required maxlength={200} />
        {product.ladders.length === 0 && (
          <SelectField
            name="type"
            label="Type"
            value={typed.type}
            fault={faults.type}
            none={noType}
            choices={typeChoices}
          />
        )}
      </div>
      {product.ladders.length > 0 && (
        <p class="aside">As long as it is on a ladder it is a plan, and has no type.</p>
      )}
    </ActionForm>
  )
}
