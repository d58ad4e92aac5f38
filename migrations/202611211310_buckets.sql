-- What a cloud takes of calls is shared by all workers: a bucket per action. Who draws more than is left gets a turn for later and waits
-- without a worker; so nobody is told to call less, and nobody waits for longer than the provider makes everybody wait.
create table bucket (
    cloud    uuid             not null references cloud,
    action   text             not null,
    capacity double precision not null check (capacity > 0),
    -- tokens a second: as seeded, and now (less for a while after the provider said "too many")
    seeded   double precision not null check (seeded > 0),
    refill   double precision not null check (refill > 0),
    tokens   double precision not null,
    at       timestamptz      not null default koza_now(),
    primary key (cloud, action)
);
comment on table bucket is 'no course: of a cloud';
comment on column bucket.tokens is 'below zero: so many turns are given for later';
grant select, insert, update on bucket to koza_app;

alter table resource add column turn_at timestamptz, add column turn_for text;
comment on column resource.turn_at is 'when the call turn_for may be made, its token being drawn already';
