-- The desk: a course's environments in one table, and what is done to many of them at once.

-- As the last look or wish left it, for lists; a page of its own reckons it from what is there. Null: of an older release.
alter table environment add column phase text;

-- When somebody used it last, and what of it, as its machines reported.
create table last_use (
    environment uuid        primary key references environment,
    course      uuid        not null references course,
    what        text        not null,
    at          timestamptz not null
);

create table bulk_act (
    id     uuid        primary key,
    course uuid        not null references course,
    act    text        not null,
    -- who asked
    person uuid        not null references person,
    at     timestamptz not null default koza_now()
);
create table bulk_act_row (
    bulk_act    uuid     not null references bulk_act,
    place       smallint not null,
    environment uuid     not null references environment,
    -- what came of it; null: its turn has not come
    came        jsonb,
    primary key (bulk_act, place),
    unique (bulk_act, environment)
);
comment on table bulk_act_row is 'its course is that of its act';

grant select, insert, update on last_use, bulk_act_row to koza_app;
grant select, insert on bulk_act to koza_app;
