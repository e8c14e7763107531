/** A price of the simulator's Stripe account. `amount`: minor units of USD. `product`: the key in the catalog. */
export type SimulatedPrice = {
  price: string
  stripeProduct: string
  product: 'standard' | 'pro' | 'extra-seats'
  amount: number
  interval: 'month' | 'year'
}

export const SIMULATED_PRICES = [
  {
    price: 'price_sim_standard_month',
    stripeProduct: 'prod_sim_standard',
    product: 'standard',
    amount: 2900,
    interval: 'month',
  },
  {
    price: 'price_sim_standard_year',
    stripeProduct: 'prod_sim_standard',
    product: 'standard',
    amount: 29000,
    interval: 'year',
  },
  {
    price: 'price_sim_pro_month',
    stripeProduct: 'prod_sim_pro',
    product: 'pro',
    amount: 9900,
    interval: 'month',
  },
  {
    price: 'price_sim_pro_year',
    stripeProduct: 'prod_sim_pro',
    product: 'pro',
    amount: 99000,
    interval: 'year',
  },
  {
    price: 'price_sim_extra_seats',
    stripeProduct: 'prod_sim_extra_seats',
    product: 'extra-seats',
    amount: 500,
    interval: 'month',
  },
] as const satisfies readonly SimulatedPrice[]

/** Prices that decide the place on the ladder; the rest are add-ons. */
export const TIER_PRICES: readonly SimulatedPrice[] = SIMULATED_PRICES.filter(
  (p) => p.product !== 'extra-seats',
)

export const SEATS_PRICE: SimulatedPrice = priceCalled('price_sim_extra_seats')

/** The catalog that means these prices, in the form of a catalog file. */
export const SIMULATED_CATALOG = {
  version: 1,
  products: [
    { key: 'public-tier', name: 'Public Tier', status: 'published' },
    {
      key: 'standard',
      name: 'Standard',
      status: 'published',
      stripe: {
        products: ['prod_sim_standard'],
        prices: ['price_sim_standard_month', 'price_sim_standard_year'],
      },
      features: { api: true, seats: 10 },
    },
    {
      key: 'pro',
      name: 'Pro',
      status: 'published',
      stripe: { products: ['prod_sim_pro'], prices: ['price_sim_pro_month', 'price_sim_pro_year'] },
      features: { api: true, seats: 50 },
    },
    {
      key: 'extra-seats',
      name: 'Extra seats',
      type: 'addon',
      status: 'published',
      stripe: { products: ['prod_sim_extra_seats'], prices: ['price_sim_extra_seats'] },
      features: { seats: 5 },
    },
  ],
  ladders: [{ key: 'core', name: 'Core', tiers: ['public-tier', 'standard', 'pro'] }],
} as const

/** Throws for an id that the simulator never sold. */
export function priceCalled(id: string): SimulatedPrice {
  const price = SIMULATED_PRICES.find((p) => p.price === id)
  if (!price) throw new Error(`the simulator sells no price ${id}`)
  return price
}
