-- An org type points at a ladder; which product that means is resolved when it is used: the ladder's rank 0 (R33).
-- Old rows pointed at a product; they follow it to the ladder on which it is rank 0 (R34). A product that stands on no
-- ladder at rank 0 leaves the default empty, which is a legal state (R35) and shows in the panel.

alter table organization.org_types add column default_plan_ladder_id uuid references billing.plan_ladders (plan_ladder_id);

update organization.org_types o
set default_plan_ladder_id = (
  select t.plan_ladder_id from billing.plan_ladder_tiers t
  join billing.plan_ladders l on l.plan_ladder_id = t.plan_ladder_id
  where t.product_id = o.default_product_id and t.rank = 0
  order by l.created_at, l.ladder_key limit 1
)
where o.default_product_id is not null;

alter table organization.org_types drop column default_product_id;
