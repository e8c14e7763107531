import type { flatKinds, productStatuses } from './catalog-fields.ts'

type FeatureValue = boolean | number | string

/** The catalog as the database holds it, or as it would after a file is applied. Every list is sorted by key. */
export type HeldCatalog = { products: HeldProduct[]; ladders: HeldLadder[]; orgTypes: HeldOrgType[] }
export type HeldProduct = {
  key: string
  name: string
  type: (typeof flatKinds)[number] | null
  status: (typeof productStatuses)[number]
  features: Record<string, FeatureValue>
  stripeProducts: string[]
  stripePrices: string[]
}
/** Tiers from the lowest rank up. */
export type HeldLadder = { key: string; name: string; description: string | null; tiers: HeldTier[] }
export type HeldTier = { product: string; rank: number }
export type HeldOrgType = { key: string; name: string; defaultLadder: string | null }

/**
 * The catalog as the content of a catalog file, ready to be written as YAML or JSON. What is empty or a default is left out;
 * a tier is a bare key where its place says its rank.
 */
export function catalogDocument(held: HeldCatalog) {
  return {
    version: 1 as const,
    products: held.products.map(({ key, name, type, status, features, stripeProducts, stripePrices }) => ({
      key,
      name,
      ...(type && { type }),
      status,
      ...(stripeProducts.length + stripePrices.length > 0 && {
        stripe: {
          ...(stripeProducts.length > 0 && { products: stripeProducts }),
          ...(stripePrices.length > 0 && { prices: stripePrices }),
        },
      }),
      ...(Object.keys(features).length > 0 && { features }),
    })),
    ladders: held.ladders.map(({ key, name, description, tiers }) => ({
      key,
      name,
      ...(description !== null && { description }),
      tiers: tiers.map((tier, place) => (tier.rank === place ? tier.product : tier)),
    })),
    org_types: held.orgTypes.map(({ key, name, defaultLadder }) => ({
      key,
      name,
      ...(defaultLadder !== null && { default_ladder: defaultLadder }),
    })),
  }
}
