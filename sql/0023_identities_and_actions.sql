-- Who may enter, besides keys: people whom an identity provider knows, and members by a link. A session says by itself who
-- it is where no key does. And what operators did, for ever.

-- A member sees its own organization alone.
alter table auth.api_keys
  add column organization_id uuid references organization.organizations (organization_id),
  add constraint organization_of_a_member check (organization_id is null or role = 'member');

-- Short-lived, and kept as a hash as keys are. It opens more than once until it ends: what looks at links in mails before people do
-- must not use them up.
create table auth.member_links (
  member_link_id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references organization.tenants (tenant_id),
  organization_id uuid not null references organization.organizations (organization_id),
  token_hash bytea not null unique,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  opened_at timestamptz
);

-- csrf_token: what a form of this session carries; two random uuids are 244 random bits.
-- previous_token_hash: for a moment after the token was renewed, requests that were under way still come with the one before.
alter table auth.sessions
  alter column api_key_id drop not null,
  add column member_link_id uuid references auth.member_links (member_link_id),
  add column subject text,
  add column name text not null default '',
  add column tenant_id uuid references organization.tenants (tenant_id),
  add column role text check (role in ('operator', 'plan_approver', 'viewer', 'member')),
  add column scopes text[] not null default '{}',
  add column organization_id uuid references organization.organizations (organization_id),
  add column csrf_token text not null default replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''),
  add column previous_token_hash bytea,
  add column renewed_at timestamptz not null default clock_timestamp(),
  add constraint one_source check (num_nonnulls(api_key_id, member_link_id, subject) = 1),
  add constraint who_without_a_key check (api_key_id is not null or num_nonnulls(tenant_id, role) = 2),
  add constraint organization_of_a_member check (organization_id is null or role = 'member');

create index sessions_by_previous_token on auth.sessions (previous_token_hash) where previous_token_hash is not null;

-- In the transaction of what was done, so that neither is there without the other. caller_kind and caller_id: a key's id, or the
-- identity provider's subject. subject: the path that was asked for, with the ids in it.
create table auth.operator_actions (
  operator_action_id bigint generated always as identity primary key,
  tenant_id uuid not null references organization.tenants (tenant_id),
  caller_kind text not null check (caller_kind in ('key', 'identity', 'link')),
  caller_id text not null,
  caller_name text not null default '',
  caller_role text not null,
  action text not null,
  subject text not null,
  reason text,
  request_id uuid not null,
  at timestamptz not null default clock_timestamp()
);

create index operator_actions_by_tenant on auth.operator_actions (tenant_id, operator_action_id);

create trigger append_only_rows before update or delete on auth.operator_actions
for each row execute function entitlements.refuse_change();
create trigger append_only_table before truncate on auth.operator_actions
for each statement execute function entitlements.refuse_change();

grant select, insert, update on auth.member_links to stepladder_app;
grant select, insert on auth.operator_actions to stepladder_app;
