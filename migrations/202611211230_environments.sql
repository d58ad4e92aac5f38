-- The environment row is the queue item: a wish, when to look at it again, and who holds it.
create type goal as enum ('running', 'stopped', 'gone');
create type purpose as enum ('course', 'image');

create table environment (
    id         uuid    primary key,
    course     uuid    not null references course,
    version    uuid    not null references blueprint_version,
    cloud      uuid    not null references cloud,
    -- "image": a build machine that becomes the version's image; nobody holds it
    purpose    purpose not null default 'course',
    name       text    not null,
    domain     text    not null,

    goal       goal        not null default 'running',
    -- counts changes of the wish; the loop compares it at its end, so that no wake-up is lost
    generation bigint      not null default 1,
    goal_since timestamptz not null default koza_now(),
    options    jsonb       not null default '{}',
    lease_until timestamptz,
    -- machines up to this incarnation are to be replaced ("try again" before the first Ready)
    condemned  smallint    not null default 0,

    wake_at          timestamptz,
    priority         smallint not null default 0,
    claimed_by       uuid,
    claim_epoch      bigint   not null default 0,
    claimed_until    timestamptz,
    fruitless_claims smallint not null default 0,

    attention   jsonb,
    -- the boot on which every probe passed: Ready holds for that boot only
    ready_boot  text,
    first_ready_at timestamptz,
    last_event  bigint      not null default 0,
    empty_since timestamptz,
    removed_at  timestamptz,
    created_at  timestamptz not null default koza_now()
);
comment on column environment.wake_at is 'when the loop looks again; null: never, until somebody wakes it';
comment on column environment.empty_since is 'when the cloud first listed nothing of it; gone needs a second such listing';
create unique index name_is_free on environment (domain, name) where removed_at is null;
create unique index one_bake_per_version_and_cloud on environment (version, cloud) where purpose = 'image' and removed_at is null;
create index environment_due on environment (priority, wake_at) where wake_at is not null;
create index environment_claimed on environment (claimed_until) where claimed_by is not null;
create index environment_course on environment (course);
alter table environment set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200, fillfactor = 80);

create table holder (
    environment uuid not null references environment,
    person      uuid not null references person,
    course      uuid not null references course,
    -- of the spend, in millionths
    share       integer not null default 1000000 check (share between 0 and 1000000),
    primary key (environment, person)
);
create index holder_person on holder (person);

-- What was ordered from the cloud. The intent is written before the call; the answer after it.
create table resource (
    id           uuid        primary key,
    environment  uuid        not null references environment,
    course       uuid        not null references course,
    cloud        uuid        not null references cloud,
    kind         text        not null,
    slot         smallint    not null check (slot > 0),
    incarnation  smallint    not null check (incarnation > 0),
    intent_token uuid        not null unique,
    intended_at  timestamptz not null default koza_now(),
    -- when the last call began whose answer nobody saw: it may still make something
    unanswered_at timestamptz default koza_now(),
    cloud_id     text,
    observed     jsonb,
    made_at      timestamptz,
    gone_at      timestamptz,
    unique (environment, kind, slot, incarnation)
);
create unique index resource_in_cloud on resource (cloud, kind, cloud_id) where gone_at is null and cloud_id is not null;
create unique index one_of_each_alive on resource (environment, kind, slot) where gone_at is null;

-- Numbered per environment under its row lock: a global sequence would lose rows to late commits.
create table event (
    environment uuid        not null references environment,
    number      bigint      not null,
    course      uuid        not null references course,
    at          timestamptz not null default koza_now(),
    actor       text        not null,
    code        text        not null,
    data        jsonb       not null default '{}',
    primary key (environment, number)
);
comment on table event is 'append-only: koza_app may only insert';

-- Passwords and keys made by us, sealed; never in clear.
create type secret_kind as enum ('wordpress_admin', 'basic_auth', 'ftp', 'ftp_probe', 'ssh_private_key');

create table secret (
    environment uuid        not null references environment,
    kind        secret_kind not null,
    course      uuid        not null references course,
    sealed      bytea       not null,
    made_at     timestamptz not null default koza_now(),
    -- a private key is erased after its first download or a day
    erase_at    timestamptz,
    primary key (environment, kind)
);
create index secret_erase on secret (erase_at) where erase_at is not null;

-- What the last try of each probe saw. Worth something only for the boot it was made on.
create type probe_kind as enum ('ssh', 'wordpress', 'basic_auth', 'container_web', 'ftp_tex', 'closed_ports');

create table probe (
    environment uuid        not null references environment,
    probe       probe_kind  not null,
    course      uuid        not null references course,
    boot        text        not null,
    passed      boolean     not null,
    saw         jsonb,
    tries       integer     not null default 1,
    ms          integer     not null,
    at          timestamptz not null default koza_now(),
    primary key (environment, probe)
);

-- Workers that are alive: the queue position counts only what one of them can take.
create table worker (
    id         uuid        primary key,
    host       text        not null,
    started_at timestamptz not null default koza_now(),
    beat_at    timestamptz not null default koza_now()
);
comment on table worker is 'no course: workers serve all';

grant select, insert, update on environment, resource, probe to koza_app;
grant select, insert, update, delete on holder, secret, worker to koza_app;
grant select, insert on event to koza_app;
