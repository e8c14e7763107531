-- Work that is done at its time and not for an event: the look for missed events, the follow-up of Stripe's notices, the nightly
-- reconcile. A lease of each task, so that two processes do not do the same at once, and how it went: so that one failure is
-- nobody's alarm and several are.

create table stripe.upkeep (
  task text primary key check (task in ('gap-watch', 'notices', 'reconcile')),
  -- Whoever took the newest token does the task; nobody else, until the lease has run out.
  lease_token bigint not null default 0,
  lease_until timestamptz,
  -- Failures since it last ended well, and when that was.
  failures integer not null default 0,
  ended_well_at timestamptz
);

-- What the look for missed events knows of itself. One row, made by its first look.
create table stripe.gap_watch (
  singleton boolean primary key default true check (singleton),
  -- By Stripe's clock: everything that was created until then has been compared with the inbox.
  compared_until timestamptz not null,
  -- Looks that found nothing since something was found, and how many events were found ever.
  clean_looks integer not null default 0,
  found bigint not null default 0
);

grant select, insert, update on stripe.upkeep, stripe.gap_watch to stepladder_app;
