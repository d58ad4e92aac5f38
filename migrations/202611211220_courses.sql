-- Clouds, courses, who is in them, and the blueprints they offer.
create table cloud (
    id       uuid  primary key,
    kind     text  not null check (kind in ('aws', 'incus', 'sim')),
    account  text  not null,
    region   text  not null,
    settings jsonb not null default '{}',
    unique (kind, account, region)
);
comment on table cloud is 'no course: several courses may share one';
comment on column cloud.account is 'AWS: account number. Incus: project. Simulator: a name';

create table course (
    id        uuid primary key,
    code      text not null unique check (code ~ '^[A-Z0-9][A-Z0-9-]{0,30}$'),
    title     text not null,
    cloud     uuid not null references cloud,
    domain    text not null,
    currency  text not null default 'JPY',
    time_zone text not null default 'Asia/Tokyo',
    -- a ready line for ~/.ssh/config where the campus wants one: "nc -X connect -x proxy.example.ac.jp:3128 %h %p"
    ssh_proxy text,
    created_at timestamptz not null default koza_now()
);

create type member_role as enum ('student', 'assistant', 'instructor');

create table member (
    course uuid        not null references course,
    person uuid        not null references person,
    role   member_role not null,
    since  timestamptz not null default koza_now(),
    primary key (course, person)
);
create index member_person on member (person);

create table blueprint (
    id     uuid primary key,
    course uuid not null references course,
    title  text not null,
    unique (course, title)
);

-- Immutable: existing environments keep theirs. "spec" carries its own schema number.
create table blueprint_version (
    id         uuid        primary key,
    blueprint  uuid        not null references blueprint,
    course     uuid        not null references course,
    number     integer     not null check (number > 0),
    spec       jsonb       not null,
    created_at timestamptz not null default koza_now(),
    unique (blueprint, number)
);

-- What machines start from: of one version, in one cloud.
create table image (
    version  uuid        not null references blueprint_version,
    cloud    uuid        not null references cloud,
    course   uuid        not null references course,
    recipe   text        not null,
    cloud_id text        not null,
    baked_at timestamptz not null default koza_now(),
    primary key (version, cloud)
);

grant select, insert, update on cloud, course, blueprint, image to koza_app;
grant select, insert, update, delete on member to koza_app;
grant select, insert on blueprint_version to koza_app;
grant delete on image to koza_app;
