-- Who may enter. A key is shown once and kept as its SHA-256; its prefix is shown so that a person can tell keys apart.
-- A session is what a browser gets in exchange for a key.

create table auth.api_keys (
  api_key_id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references organization.tenants (tenant_id),
  name text not null default '',
  role text not null check (role in ('operator', 'plan_approver', 'viewer', 'member')),
  scopes text[] not null default '{}',
  key_prefix text not null,
  key_hash bytea not null unique,
  created_at timestamptz not null default clock_timestamp(),
  last_used_at timestamptz,
  revoked_at timestamptz
);

create table auth.sessions (
  session_id uuid primary key default gen_random_uuid(),
  api_key_id uuid not null references auth.api_keys (api_key_id),
  token_hash bytea not null unique,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);

grant select, insert, update on auth.api_keys, auth.sessions to stepladder_app;
