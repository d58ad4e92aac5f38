-- How machines speak to the portal (docs/machines.md).
create table machine (
    id           uuid        primary key,
    resource     uuid        not null unique references resource,
    environment  uuid        not null references environment,
    course       uuid        not null references course,
    -- of the one-time token in user-data
    token_hash   bytea       not null unique,
    nonce_hash   bytea,
    -- the machine's own secret, sealed
    secret       bytea,
    release      text,
    -- the boot it last reported on; cleared when we stop it
    boot         text,
    boot_began_at timestamptz,
    host_keys    jsonb       not null default '[]',
    spoke_at     timestamptz,
    last_order   bigint      not null default 0,
    made_at      timestamptz not null default koza_now()
);

create type step_state as enum ('started', 'done', 'failed');

create table boot_step (
    machine uuid        not null references machine,
    boot    text        not null,
    step    text        not null,
    course  uuid        not null references course,
    place   integer     not null,
    state   step_state  not null,
    ms      integer     not null default 0,
    log     jsonb       not null default '[]',
    at      timestamptz not null default koza_now(),
    primary key (machine, boot, step)
);

-- Numbered, idempotent wishes of the portal to one machine.
create table machine_order (
    machine     uuid        not null references machine,
    number      bigint      not null,
    course      uuid        not null references course,
    kind        text        not null check (kind in ('restart', 'configure', 'reset')),
    args        jsonb       not null default '{}',
    given_at    timestamptz not null default koza_now(),
    -- "done" or "failed", once carried out
    state       text        check (state in ('done', 'failed')),
    detail      text,
    finished_at timestamptz,
    primary key (machine, number)
);

-- Signs of use: one row a day and signal, one slot a minute; an empty slot is unknown, never zero.
create table sample (
    environment uuid      not null references environment,
    day         date      not null,
    signal      text      not null,
    course      uuid      not null references course,
    slots       integer[] not null default array_fill(null::integer, array[1440]),
    primary key (environment, day, signal)
);

grant select, insert, update on machine, machine_order, sample, boot_step to koza_app;
