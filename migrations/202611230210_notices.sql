-- Notices: what people are told without having asked, on their first page and by mail; and when that is.

alter table person add column email text check (email ~ '^[^@\s]+@[^@\s]+$' and length(email) <= 254);

create table notice (
    id          uuid        primary key,
    person      uuid        not null references person,
    -- what it is about; of the whole site, if of neither
    course      uuid        references course,
    environment uuid        references environment,
    news        jsonb       not null,
    at          timestamptz not null default koza_now(),
    read_at     timestamptz,
    -- where it goes by mail; null: nobody has said where to
    address     text,
    mailed_at   timestamptz,
    -- why it never will be
    unmailed    text
);
create index notice_person on notice (person, id desc);

-- What was told of budgets, so that it is told once. What a larger budget undoes may be told again.
create table budget_reached (
    course  uuid     not null references course,
    -- null: the whole course's
    person  uuid     references person,
    percent smallint not null,
    at      timestamptz not null default koza_now(),
    unique nulls not distinct (course, person, percent)
);
alter table course add column tell_at smallint[] not null default '{50,80,100}' check (1 <= all (tell_at) and 100 >= all (tell_at));

-- Credits of a cloud's account: from when on they pay, how much, and until when; and what of that was told.
alter table cloud
    add column credits_usd   bigint check (credits_usd > 0),
    add column credits_from  date,
    add column credits_until date,
    -- what Koza used of them, as a chore adds it up every hour
    add column credits_used  bigint not null default 0,
    add column credits_told  smallint not null default 0,
    add column credits_end_told smallint,
    add constraint credits_have_a_first_day check ((credits_usd is null) = (credits_from is null));

grant select, insert, update on notice to koza_app;
grant select, insert, delete on budget_reached to koza_app;
