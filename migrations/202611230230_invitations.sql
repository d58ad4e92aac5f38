-- Invitations: a link by which people come into a course by themselves.

create table invitation (
    id      uuid        primary key,
    course  uuid        not null references course,
    role    member_role not null,
    made_by uuid        not null references person,
    made_at timestamptz not null default koza_now(),
    until   timestamptz not null,
    -- so many may come by it
    most    smallint    not null check (most between 1 and 2000),
    used    smallint    not null default 0 check (used <= most),
    ended_at timestamptz
);
comment on table invitation is 'its secret is in no row: it is derived from the master key and the id';
create index invitation_course on invitation (course);
grant select, insert, update on invitation to koza_app;
grant delete on member to koza_app;
