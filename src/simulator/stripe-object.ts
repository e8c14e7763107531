import type { SubscriptionItem } from '../stripe/event/subscription-event.ts'
import type { Snapshot } from './snapshot.ts'

/** Stripe's API version of everything the simulator renders. */
export const API_VERSION = '2026-10-28.endive'

export type StripeObject = { [key: string]: unknown }

/** The subscription as Stripe's API shows it in `API_VERSION`: periods on the items, one legacy `plan` where there is one item. */
export function subscriptionObject(snapshot: Snapshot): StripeObject {
  const { state } = snapshot
  const only = state.items.length === 1 ? state.items[0]! : null
  return {
    id: state.subscription,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: snapshot.started,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: null, type: 'classic' },
    billing_thresholds: null,
    cancel_at: state.cancelAt,
    cancel_at_period_end: snapshot.cancelsAtPeriodEnd,
    canceled_at: snapshot.canceledAt,
    cancellation_details: {
      comment: null,
      feedback: null,
      reason: snapshot.canceledAt ? 'cancellation_requested' : null,
    },
    collection_method: 'charge_automatically',
    created: snapshot.started,
    currency: 'usd',
    customer: state.customer,
    days_until_due: null,
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    ended_at: state.endedAt,
    invoice_settings: { account_tax_ids: null, issuer: { type: 'self' } },
    items: {
      object: 'list',
      data: state.items.map((item) => itemObject(item, snapshot)),
      has_more: false,
      total_count: state.items.length,
      url: `/v1/subscription_items?subscription=${state.subscription}`,
    },
    latest_invoice: snapshot.latestInvoice,
    livemode: false,
    metadata: metadataOf(snapshot),
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: state.pause && { behavior: state.pause.behavior, resumes_at: state.pause.resumesAt },
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: 'off',
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    plan: only && planObject(only, snapshot),
    quantity: only ? only.quantity : null,
    schedule: null,
    start_date: snapshot.started,
    status: state.status,
    test_clock: null,
    transfer_data: null,
    trial_end: state.trialEnd,
    trial_settings: { end_behavior: { missing_payment_method: 'create_invoice' } },
    trial_start: state.trialEnd === null ? null : snapshot.started,
  }
}

/** The customer as it stood when it was created. */
export function customerObject(customer: string, created: number): StripeObject {
  return {
    id: customer,
    object: 'customer',
    address: null,
    balance: 0,
    created,
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: `${customer}@example.com`,
    invoice_prefix: customer.replace(/\W|_/g, '').slice(-8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: {},
    name: `Customer ${customer}`,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  }
}

function metadataOf({ state, note }: Snapshot): StripeObject {
  return {
    ...(state.organization === null ? {} : { organization: state.organization }),
    ...(note === null ? {} : { note }),
  }
}

function itemObject(item: SubscriptionItem, snapshot: Snapshot): StripeObject {
  return {
    id: item.item,
    object: 'subscription_item',
    billing_thresholds: null,
    created: snapshot.started,
    current_period_end: snapshot.state.periodEnd,
    current_period_start: snapshot.periodStart,
    discounts: [],
    metadata: {},
    plan: planObject(item, snapshot),
    price: priceObject(item, snapshot),
    quantity: item.quantity,
    subscription: snapshot.state.subscription,
    tax_rates: [],
  }
}

function planObject(item: SubscriptionItem, snapshot: Snapshot): StripeObject {
  return {
    id: item.price,
    object: 'plan',
    active: true,
    amount: item.amount,
    amount_decimal: String(item.amount),
    billing_scheme: 'per_unit',
    created: snapshot.started,
    currency: item.currency,
    interval: item.interval,
    interval_count: item.intervalCount,
    livemode: false,
    metadata: {},
    meter: null,
    nickname: null,
    product: item.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
  }
}

function priceObject(item: SubscriptionItem, snapshot: Snapshot): StripeObject {
  return {
    id: item.price,
    object: 'price',
    active: true,
    billing_scheme: 'per_unit',
    created: snapshot.started,
    currency: item.currency,
    custom_unit_amount: null,
    livemode: false,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product: item.product,
    recurring: {
      interval: item.interval,
      interval_count: item.intervalCount,
      meter: null,
      trial_period_days: null,
      usage_type: 'licensed',
    },
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: 'recurring',
    unit_amount: item.amount,
    unit_amount_decimal: String(item.amount),
  }
}
