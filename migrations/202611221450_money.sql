-- Money: what things cost, what was charged, what may be spent, and what is set aside for that.

-- Figures are never changed: another figure has a later first day.
create table price (
    cloud       text    not null check (cloud in ('aws', 'incus', 'sim')),
    region      text    not null,
    item        text    not null,
    -- from midnight UTC on
    valid_from  date    not null,
    unit        text    not null check (unit in ('hour', 'gib_month')),
    usd         numeric(20, 10) not null check (usd >= 0),
    source      text    not null,
    read_on     date    not null,
    imported_at timestamptz not null default koza_now(),
    primary key (cloud, region, item, valid_from)
);
comment on table price is 'no course: clouds of a region share it';

-- What a dollar is in a course's money, from a day on, as staff entered it.
create table exchange_rate (
    currency text    not null check (currency ~ '^[A-Z]{3}$' and currency <> 'USD'),
    day      date    not null,
    per_usd  numeric(20, 8) not null check (per_usd > 0),
    source   text    not null,
    set_at   timestamptz not null default koza_now(),
    primary key (currency, day)
);
comment on table exchange_rate is 'no course: money is the same for all';

-- Up to where an interval is charged, and whether nothing of it will be charged any more.
alter table interval add column posted_through timestamptz, add column is_settled boolean not null default false;
-- On Incus a machine's disk costs as long as the machine is there.
insert into interval (resource, meter, from_at)
select resource.id, 'exists', intended_at from resource join cloud on cloud.id = resource.cloud
 where resource.kind = 'machine' and cloud.kind = 'incus' and gone_at is null and made_at is not null;
create index interval_unsettled on interval (resource) where not is_settled;

-- Amounts in millionths: of a dollar, and of the course's money at the rate of the day.
create table ledger (
    id          bigint  primary key generated always as identity,
    course      uuid    not null references course,
    environment uuid    not null references environment,
    -- what for: an interval of a resource …
    resource    uuid    references resource,
    meter       text,
    from_at     timestamptz,
    -- … and the price that held
    price_from  date,
    kind        text    not null,
    item        text    not null,
    -- by the course's clock
    day         date    not null,
    usd         bigint  not null,
    currency    text    not null,
    per_usd     numeric(20, 8) not null,
    amount      bigint  not null,
    -- of an entry that use alone does not explain
    reason      text,
    posted_at   timestamptz not null default koza_now(),
    check (resource is not null and meter is not null and from_at is not null and price_from is not null or reason is not null)
);
comment on table ledger is 'append-only: by privilege, and by a trigger for whoever owns it';
create index ledger_course on ledger (course, day) include (environment, kind, amount, usd);
create index ledger_in_order on ledger (course, id);
create index ledger_environment on ledger (environment) include (amount, usd);

-- What may be spent: the sum of these, by whom, when and why. Taking some back is a negative one.
create table allowance (
    id       uuid    primary key,
    course   uuid    not null references course,
    -- "course": all of it together; "each": each of its people; "person": this one, beside that
    scope    text    not null check (scope in ('course', 'each', 'person')),
    person   uuid    references person check ((person is not null) = (scope = 'person')),
    currency text    not null,
    amount   bigint  not null,
    reason   text    not null,
    set_by   uuid    references person,
    set_at   timestamptz not null default koza_now()
);
comment on table allowance is 'append-only: by privilege, and by a trigger for whoever owns it';
create index allowance_course on allowance (course);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: a correction is another entry', tg_table_name;
end $$;
create trigger append_only before update or delete on ledger for each row execute function refuse_change();
create trigger append_only_as_a_whole before truncate on ledger execute function refuse_change();
create trigger append_only before update or delete on allowance for each row execute function refuse_change();
create trigger append_only_as_a_whole before truncate on allowance execute function refuse_change();

-- Up to how much an environment may spend in all, with what it has spent, in millionths of its course's money: what it has not spent of that
-- is set aside. Without a row it has spent what it will.
create table hold (
    environment uuid    primary key references environment,
    course      uuid    not null references course,
    up_to       bigint  not null,
    -- until then it may run; from then on only what was kept of it is paid
    runs_until  timestamptz not null,
    renewed_at  timestamptz not null default koza_now(),
    -- since when there is no more to set aside
    short_since timestamptz,
    -- when it was stopped for that
    stopped_at  timestamptz
);
create index hold_course on hold (course);

alter table course
    add column lease_days smallint not null default 14 check (lease_days between 1 and 366),
    -- what is stopped is kept so long after its lease
    add column kept_days smallint not null default 7 check (kept_days between 0 and 366);

grant select, insert on price, exchange_rate, ledger, allowance to koza_app;
grant select, insert, update, delete on hold to koza_app;
