-- Who is next: people before pools, and within that courses take turns, so that a class of 300 does not keep a student elsewhere waiting.
-- One rule for the claim and for the place that a page shows.
create index environment_wake on environment (wake_at) where wake_at is not null;
drop index environment_due;

create view waiting_line as
with due as materialized (
    -- Bounded: after a long outage everything is due, and nobody needs an order over all of it.
    select id, course, priority, wake_at
      from environment
     where wake_at <= koza_now()
       and (claimed_until is null or claimed_until < koza_now())
       and fruitless_claims < 5
     order by wake_at
     limit 2000
), held as (
    -- "claimed_by is not null" is what lets the index of claims be used: a look at every row would cost 30 ms at 10,000 environments.
    select course, count(*) as claims from environment where claimed_by is not null and claimed_until > koza_now() group by course
), turns as (
    select due.id, due.priority, due.wake_at,
           coalesce(held.claims, 0) + row_number() over (partition by due.course, due.priority order by due.wake_at) as turn
      from due left join held on held.course = due.course
)
select id as environment, row_number() over (order by priority, turn, wake_at) as place from turns;
comment on view waiting_line is 'due environments that nobody holds, in the order in which workers take them';
grant select on waiting_line to koza_app;

-- Small queued work on the same rules of claiming. A chore that is done is deleted; one that failed too often is dead until somebody
-- retries it. What it does may happen twice (its worker may die before it says so): handlers are idempotent.
create table chore (
    id            uuid        primary key,
    kind          text        not null,
    key           text        not null,
    course        uuid        references course,
    data          jsonb       not null default '{}',
    wake_at       timestamptz not null default koza_now(),
    claimed_by    uuid,
    claim_epoch   bigint      not null default 0,
    claimed_until timestamptz,
    tries         smallint    not null default 0,
    said          text,
    dead_at       timestamptz,
    created_at    timestamptz not null default koza_now()
);
comment on column chore.course is 'null: of the whole site';
comment on column chore.said is 'what went wrong the last time';
create unique index one_open_chore_per_key on chore (kind, key) where dead_at is null;
create index chore_wake on chore (wake_at) where dead_at is null;
create index chore_dead on chore (dead_at) where dead_at is not null;
-- Claims change rows in place.
alter table chore set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);

-- What is done again and again: the last period that became a chore. Firing the same period twice changes nothing.
create table schedule (
    kind  text        primary key,
    fired timestamptz not null
);
comment on table schedule is 'no course: of the whole site';

grant select, insert, update, delete on chore to koza_app;
grant select, insert, update on schedule to koza_app;
