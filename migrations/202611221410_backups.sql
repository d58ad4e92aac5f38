-- Backups: what of a machine differs from its image, taken while it runs, restored in rehearsal and compared before anything relies on it.
-- The content is in the store, in blocks; here is what is so of it.
create type backup_reason as enum ('asked', 'schedule', 'scale_in');
create type backup_state as enum ('asked', 'taking', 'taken', 'rehearsing', 'proven', 'unproven', 'failed', 'erased');

create table backup (
    id          uuid          primary key,
    environment uuid          not null references environment,
    course      uuid          not null references course,
    -- what a machine has to be made of to take it
    version     uuid          not null references blueprint_version,
    machine     uuid          not null references machine,
    slot        smallint      not null,
    reason      backup_reason not null,
    state       backup_state  not null default 'asked',
    -- in the machine's words, why it failed
    said        text,
    asked_at    timestamptz   not null default koza_now(),
    -- when it came to this state, and the last sign that it goes on
    moved_at    timestamptz   not null default koza_now(),
    since       timestamptz   not null default koza_now(),
    taken_at    timestamptz,
    proven_at   timestamptz,
    -- compressed, as it lies in the store; then of the files in it
    bytes       bigint,
    size        bigint,
    files       bigint,
    expires_at  timestamptz,
    -- when the last of it was erased from the store
    gone_at     timestamptz
);
create index backup_environment on backup (environment, asked_at desc);
create index backup_moving on backup (machine) where state in ('asked', 'taking', 'taken', 'rehearsing');
create index backup_expires on backup (expires_at) where state <> 'erased';
create index backup_going on backup (id) where state in ('failed', 'erased') and gone_at is null;

-- What of a backup that is being taken has arrived; its manifest says it once it is whole.
create table backup_block (
    backup uuid    not null references backup,
    number integer not null check (number >= 0),
    course uuid    not null references course,
    sha256 bytea   not null,
    bytes  integer not null check (bytes > 0),
    primary key (backup, number)
);

-- How long backups are kept, and how often they are taken by themselves (null: only when somebody asks).
alter table course add column backups_kept_days integer not null default 30 check (backups_kept_days > 0);
alter table course add column backups_every_hours integer check (backups_every_hours > 0);

-- Whether its disk knows what its image was like; others would be backed up whole, system and all.
alter table machine add column knows_backups boolean not null default false;

alter table machine_order drop constraint machine_order_kind_check;
alter table machine_order add constraint machine_order_kind_check check (kind in ('restart', 'configure', 'reset', 'back_up', 'rehearse'));

grant select, insert, update on backup to koza_app;
grant select, insert, update, delete on backup_block to koza_app;
