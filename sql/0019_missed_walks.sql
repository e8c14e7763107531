-- How far each walk through Stripe's list of events has come, so that a `replay missed` that was cut off goes on where it was
-- instead of reading a month again. A row states what is true whoever wrote it: so two walks at once may share it, and nobody has to know
-- whether the process that began it still lives. Walking the same stretch twice changes nothing.

create table stripe.missed_walks (
  walk_id uuid primary key default gen_random_uuid(),
  -- The range that was asked for, by Stripe's clock, both ends included.
  walk_from timestamptz not null,
  walk_until timestamptz not null,
  -- Everything from the beginning up to here was compared with the inbox, and what was missing has been stored.
  walked_until timestamptz not null,
  taken integer not null default 0,
  began_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  check (walk_from <= walk_until)
);
create index missed_walks_unfinished on stripe.missed_walks (updated_at) where finished_at is null;

grant select, insert, update on stripe.missed_walks to stepladder_app;
