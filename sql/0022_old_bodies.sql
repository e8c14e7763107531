-- Old event bodies go by the month: a partition is dropped once all of it is older than asked. stripe.events stays for ever, with ids,
-- states, hashes and fingerprints, so deduplication and the trail do not notice.

-- The application may ask for it and may not otherwise drop anything; and it gets 35 days at least, whatever it asks for: Stripe
-- delivers again for three days and lists events for thirty. Answers a row for each month that is old enough:
--   dropped
--   needed  an event of that month is not at its end, and only its body tells what it is about (those without a trail)
--   busy    somebody else was using the bodies; ask again later
-- Dropping a partition locks the whole table for an instant, and whoever waits for that lock holds up the deliveries behind him.
-- So it waits a tenth of a second at most and then gives up: DETACH … CONCURRENTLY, which would not wait, is not for functions.
create function stripe.drop_old_bodies(p_days integer) returns table (month text, outcome text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set datestyle = 'ISO' set lock_timeout = '100ms' as $$
declare
  v_before timestamptz := now() - make_interval(days => greatest(p_days, 35));
  v_needed text[];
  v_old jsonb;
  v_one jsonb;
  v_busy boolean := false;
begin
  if p_days is null or p_days < 1 then
    raise exception 'bodies cannot be kept for % days', coalesce(p_days::text, 'null') using errcode = '22023';
  end if;
  -- The one that makes partitions takes the same lock.
  if not pg_try_advisory_xact_lock(hashtext('stripe.ensure_body_partitions')) then
    return;
  end if;
  -- All of this before the table is locked. The bounds are read from the catalog: a name may say anything.
  select jsonb_agg(jsonb_build_object('name', c.relname, 'month', to_char(b.starts, 'YYYY-MM')) order by b.ends)
  into v_old
  from pg_inherits i
  join pg_class c on c.oid = i.inhrelid
  cross join lateral (
    select
      substring(pg_get_expr(c.relpartbound, c.oid) from 'FROM \(''([^'']+)''\)')::timestamptz as starts,
      substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \(''([^'']+)''\)')::timestamptz as ends
  ) b
  where i.inhparent = 'stripe.event_bodies'::regclass and b.ends <= v_before;
  if v_old is null then
    return;
  end if;
  -- From the markers that are open and the rows above the sweep's mark, which are few: there is no index by time.
  v_needed := array(
    select distinct to_char(open.received_at, 'YYYY-MM')
    from (
      select e.received_at
      from stripe.event_writes w join stripe.events e on e.event_id = w.event_id
      where w.write = 'enrollment' and (w.state = 'waiting' or (w.state = 'parked' and w.reason = 'failed')) and e.trail_kind is null
      union all
      select e.received_at
      from stripe.events e
      where e.inbox_id > coalesce((select m.low_water from stripe.sweep_marks m where m.sweep = 'enrollment'), 0) and e.trail_kind is null
        and not exists (select from stripe.event_writes w where w.event_id = e.event_id and w.write = 'enrollment')
    ) as open
  );
  for v_one in select jsonb_array_elements(v_old) loop
    month := v_one ->> 'month';
    if month = any (v_needed) then
      outcome := 'needed';
    elsif v_busy then
      outcome := 'busy';
    else
      begin
        lock table stripe.event_bodies in access exclusive mode;
        execute format('drop table stripe.%I', v_one ->> 'name');
        outcome := 'dropped';
      exception when lock_not_available then
        v_busy := true;
        outcome := 'busy';
      end;
    end if;
    return next;
  end loop;
end $$;
revoke all on function stripe.drop_old_bodies(integer) from public;
grant execute on function stripe.drop_old_bodies(integer) to stepladder_app;
