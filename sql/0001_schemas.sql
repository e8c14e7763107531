-- One schema for each part of the field's own language. `bullmq` is not made here: the queue library owns it.
-- btree_gist lets one exclusion constraint compare ids by equality and times by overlap (R15); it is a trusted extension.

create extension if not exists btree_gist with schema public;

create schema organization;
create schema billing;
create schema entitlements;
create schema stripe;
create schema auth;

grant usage on schema organization, billing, entitlements, stripe, auth to stepladder_app;
