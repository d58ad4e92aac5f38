-- What breaks after Ready is an incident: noticed by the poller or a probe, mended by the loop, told to its student.
create table incident (
    environment  uuid        not null references environment,
    number       integer     not null,
    course       uuid        not null references course,
    fault        text        not null,
    detected_at  timestamptz not null default koza_now(),
    recovered_at timestamptz,
    -- the wish changed before it was mended: what is stopped or going is not broken, and nobody may be told that it was mended
    dropped_at   timestamptz,
    primary key (environment, number)
);
create unique index one_open_incident_per_fault on incident (environment, fault) where recovered_at is null and dropped_at is null;
create index incident_detected on incident (detected_at);
grant select, insert, update on incident to koza_app;

alter table environment add column ready_at timestamptz;
comment on column environment.ready_at is 'when it last became Ready; before that, or before goal_since, nothing that is missing is broken';
update environment set ready_at = first_ready_at where ready_boot is not null;

alter table course add column rebuilds_vanished boolean not null default false;
comment on column course.rebuilds_vanished is 'build an empty machine when one vanished with its disk, without asking its student';
