-- What costs, from when to when: a machine while it runs, other things while they exist. The cloud's own times where it tells them, else the
-- beginning of the call that made or deleted the thing.
create extension if not exists btree_gist;

create table interval (
    resource uuid        not null references resource,
    meter    text        not null check (meter in ('exists', 'running')),
    from_at  timestamptz not null,
    to_at    timestamptz check (to_at >= from_at),
    primary key (resource, meter, from_at),
    constraint no_second_is_counted_twice exclude using gist (resource with =, meter with =, tstzrange(from_at, to_at) with &&)
);
comment on table interval is 'no course: its resource says it';
grant select, insert, update on interval to koza_app;

-- When the last call to delete it began: if nobody saw the answer, that is when it went.
alter table resource add column release_at timestamptz;

insert into interval (resource, meter, from_at)
select id, 'exists', intended_at from resource where gone_at is null and made_at is not null and kind in ('address', 'snapshot');
insert into interval (resource, meter, from_at)
select id, 'running', made_at from resource where gone_at is null and made_at is not null and kind = 'machine' and observed ->> 'state' = 'running';
