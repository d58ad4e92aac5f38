-- Where a machine was last told that what it shares with the others is: an address, or "here". Null: it shares nothing.
alter table machine add column first_at text;

-- When it last fetched its settings. What changes later it has not heard of.
alter table machine add column settings_at timestamptz;

-- Whether its agent can share a site with copies of its disk.
alter table machine add column knows_serving boolean not null default false;
