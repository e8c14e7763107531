-- What the enrollment worker tells of a subscription that comes to be at risk, or is so no longer, in words that need no knowledge of
-- Stripe. Written in the worker's own transaction, when a resolved state changes and never for a renewal; taken up by whoever
-- works to keep accounts. The worker knows nothing of them.

create table stripe.subscription_signals (
  -- Of one subscription they are written under its row's lock: the order of sequence is the order in which it happened.
  sequence bigint generated always as identity primary key,
  tenant_id uuid not null,
  account_id uuid not null,
  -- Null: it is about the account.
  subscription_id uuid,
  kind text not null check (kind in ('payment_failed', 'past_due', 'unpaid', 'paused', 'cancellation_scheduled', 'trial_ending', 'cancellation_withdrawn', 'recovered', 'paid', 'price_changed', 'ended', 'account_transferred')),
  -- What is at risk: the end of the period that is not paid, the end of a trial, the day of a cancellation. Null where nothing is.
  period timestamptz,
  -- Until when the subscription is paid, as far as its invoices tell.
  paid_until timestamptz,
  -- The event, fetch or transfer that told it; and the event, where it was one.
  cause text not null,
  event_id text,
  -- Where the subscription stands: status, price, quantity, period_end, cancel_at, trial_end. Of a transfer: the subscriptions that went.
  state jsonb not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  taken_at timestamptz,
  unique (subscription_id, kind, cause)
);
create index subscription_signals_open on stripe.subscription_signals (sequence) where taken_at is null;
create index subscription_signals_by_account on stripe.subscription_signals (account_id, sequence) where taken_at is null;

grant select, insert, update (taken_at) on stripe.subscription_signals to stepladder_app;

-- A subscription's payments, read when a signal is written and never otherwise.
create index events_payments on stripe.events (stripe_subscription_id, created_at)
  where type in ('invoice.paid', 'invoice.payment_failed');
