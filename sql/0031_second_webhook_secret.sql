-- A webhook endpoint's secret is rotated without a gap: for a day both the old one and the next sign each message, then the next takes
-- the old one's place. Until that moment `secret` is the old one, which every receiver still knows: a worker of the version before,
-- which reads that column alone, signs with it meanwhile and is believed.

alter table outbound.endpoints
  -- In clear, as `secret` is; shown once, when it is made.
  add column next_secret text,
  -- When it takes the old one's place. A pass of the delivering task does it; whoever signs goes by the time, and not by that.
  add column secret_until timestamptz,
  add constraint endpoints_next_secret check ((next_secret is null) = (secret_until is null));

create index endpoints_rotating on outbound.endpoints (secret_until) where next_secret is not null;
