-- One call for machines of several environments: members and token are fixed before it, the answer is written down for all of them.
create table launch (
    token           uuid        primary key,
    cloud           uuid        not null references cloud,
    calls           integer     not null default 1,
    -- until then somebody may be waiting for the answer
    under_way_until timestamptz not null default koza_now() + interval '20 seconds',
    -- the cloud's names at their places, null where there was no room
    machines        text[]
);
comment on table launch is 'no course: its members'' resources say it';
comment on column launch.calls is 'how often it was sent: only a first refusal proves that nothing was made';
grant select, insert, update on launch to koza_app;

alter table resource
    add column launch       uuid references launch,
    add column launch_place smallint,
    -- what waits for a turn to be launched is taken along by whoever is alike
    add column launch_shape text,
    add column launches_alone boolean not null default false;
comment on column resource.launches_alone is 'a launch with others was refused: this one finds out by itself why';
-- A call that failed is not repeated before its pause is over, and draws its tokens anew.
alter table resource add column is_paused boolean not null default false;

create index resource_waits_for_launch on resource (cloud, launch_shape) where launch_shape is not null;
create index resource_launch on resource (launch) where launch is not null;
