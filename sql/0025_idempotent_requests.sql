-- A caller that got no answer cannot know whether its request was done. With an Idempotency-Key it asks again, and what was done is
-- answered and not done twice. The claim commits before the work begins; that the work was committed is told by its row of
-- auth.operator_actions, which is of the same transaction.

create table auth.idempotent_requests (
  tenant_id uuid not null,
  -- An API key's id, or the identity provider's subject: a key is its caller's own.
  caller_id text not null,
  idempotency_key text not null,
  -- SHA-256 of the route, what stands in its path and its query, and the body.
  fingerprint bytea not null,
  request_id uuid not null,
  begun_at timestamptz not null default clock_timestamp(),
  answered_at timestamptz,
  status integer,
  -- Null once answered: it held a secret, which is shown once.
  answer jsonb,
  primary key (tenant_id, caller_id, idempotency_key)
);
create index idempotent_requests_by_age on auth.idempotent_requests (begun_at);
create index operator_actions_by_request on auth.operator_actions (request_id);

grant select, insert, update, delete on auth.idempotent_requests to stepladder_app;
