-- Rosters: lists of people who are to come into a course, as they were typed, with what came of each.

-- Who was made by a roster and has not signed in yet chooses a password by a link that the course's staff can see.
alter table person add column made_for uuid references course;
comment on column person.made_for is 'the course whose roster made this account; its staff hand out the first sign-in';

create table roster (
    id      uuid        primary key,
    course  uuid        not null references course,
    made_by uuid        not null references person,
    made_at timestamptz not null default koza_now()
);
create index roster_course on roster (course, made_at);

create table roster_line (
    roster  uuid    not null references roster on delete cascade,
    line    integer not null,
    sign_in text    not null,
    name    text    not null,
    role    text    not null,
    came    text    check (came in ('made', 'joined', 'already')),
    primary key (roster, line)
);
comment on table roster_line is 'course: its roster''s';

grant select, insert, delete on roster to koza_app;
grant select, insert, update, delete on roster_line to koza_app;
