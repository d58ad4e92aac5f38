-- Two roles, so that "append-only" is a privilege and not a promise: koza_owner owns and migrates, koza_app serves and works.
-- On a server of one's own both exist beforehand (deploy/postgres/roles.sql); in tests the first database of a cluster makes them.
do $$
begin
    create role koza_app nologin;
exception
    when duplicate_object or unique_violation or insufficient_privilege then null;
end $$;

grant usage on schema public to koza_app;

-- One clock for the whole product: tests move it, nobody else may.
create table clock_offset (
    only_row boolean  primary key default true check (only_row),
    shift    interval not null
);
comment on table clock_offset is 'no course: one row a database, empty outside tests';
grant select on clock_offset to koza_app;

create function koza_now() returns timestamptz
    language sql stable
    return clock_timestamp() + coalesce((select shift from clock_offset), interval '0');
comment on function koza_now() is 'the only clock: claims, wake-ups, leases and the ledger use it';

-- Everything that we make in a cloud carries this, so that two sites on one account leave each other's machines alone.
create table installation (
    only_row boolean primary key default true check (only_row),
    id       uuid    not null
);
comment on table installation is 'no course: one row a database';
insert into installation (id) values (gen_random_uuid());
grant select on installation to koza_app;
