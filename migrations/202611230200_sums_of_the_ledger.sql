-- A course's page at a million charges: sums are kept beside the ledger, by the database itself. What was charged is the ledger's; nobody but the
-- trigger writes here, and every sum can be reckoned again.

-- Nothing is charged by yesterday's workers between what is added up here and the trigger that adds up from then on. In the order of a look.
lock table course, ledger in access exclusive mode;

create table spent_by_environment (
    environment uuid   primary key references environment,
    course      uuid   not null references course,
    amount      bigint not null
);
create index spent_by_environment_course on spent_by_environment (course) include (environment, amount);
create table spent_by_day (
    course uuid   not null references course,
    day    date   not null,
    item   text   not null,
    usd    bigint not null,
    amount bigint not null,
    primary key (course, day, item)
);

insert into spent_by_environment select environment, course, sum(amount) from ledger group by 1, 2;
insert into spent_by_day select course, day, item, sum(usd), sum(amount) from ledger group by 1, 2, 3;

-- As its owner: who writes charges may not write sums.
create function add_up() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into spent_by_environment as known
    select environment, course, sum(amount) from entered group by 1, 2 order by 1
    on conflict (environment) do update set amount = known.amount + excluded.amount;
    insert into spent_by_day as known
    select course, day, item, sum(usd), sum(amount) from entered group by 1, 2, 3 order by 1, 2, 3
    on conflict (course, day, item) do update set usd = known.usd + excluded.usd, amount = known.amount + excluded.amount;
    return null;
end $$;
create trigger added_up after insert on ledger referencing new table as entered for each statement execute function add_up();
grant select on spent_by_environment, spent_by_day to koza_app;

-- What pages asked before, and ask no more.
drop index ledger_environment;
create index ledger_environment on ledger (environment, day) include (item, amount);

-- When all of a course's money was looked at last; null: it is to be looked at now.
alter table course add column reckoned_at timestamptz;

-- An interval with what its price depends on.
create view metered as
select i.resource, i.meter, i.from_at, i.to_at, i.posted_through, i.is_settled,
       r.kind, r.environment, r.course, r.cloud_id, cloud.kind as cloud, cloud.region,
       e.purpose, coalesce(nullif(e.options -> 'size', 'null'), v.spec -> 'size') as size
  from interval i
  join resource r on r.id = i.resource
  join environment e on e.id = r.environment
  join blueprint_version v on v.id = e.version
  join cloud on cloud.id = r.cloud;
grant select on metered to koza_app;
