-- What a fetch reveals and no event told is written as change rows of source `fetch`, by the subscription-changes worker alone
-- (R56). So a fetch needs a marker of that write, as an event has one.

alter table stripe.fetches
  -- When the sweeper rings for the write, should its first bell be lost; null once it was made.
  add column changes_due_at timestamptz default clock_timestamp() + interval '5 seconds',
  -- Set where rows were written: the newest thing that had been told by then (Unix seconds, Stripe's clock). An event created
  -- between it and the end of the fetch's window, and told only afterwards, may tell the same change.
  add column changes_since double precision;
create index fetches_changes_due on stripe.fetches (changes_due_at) where changes_due_at is not null;

grant update (changes_due_at, changes_since) on stripe.fetches to stepladder_app;
