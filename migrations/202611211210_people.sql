-- Who uses the site. A person has identities (password, an LMS platform's subject, later university sign-on); e-mail alone is never one.
create type locale as enum ('en', 'ja');

create table person (
    id          uuid        primary key,
    name        text        not null,
    locale      locale,
    is_operator boolean     not null default false,
    created_at  timestamptz not null default koza_now()
);
comment on table person is 'no course: a person is in many';

create table identity (
    issuer     text        not null,
    subject    text        not null,
    person     uuid        not null references person,
    -- argon2id as a PHC string; only for the issuer "password"
    secret     text,
    created_at timestamptz not null default koza_now(),
    primary key (issuer, subject)
);
comment on table identity is 'no course: see person';

-- Signed-in browsers. Only a hash of the cookie's value is kept: who reads the table cannot become anybody.
create table session (
    hash             bytea       primary key,
    id               uuid        not null unique,
    person           uuid        references person on delete cascade,
    data             jsonb       not null,
    browser          text        not null default '',
    created_at       timestamptz not null default koza_now(),
    seen_at          timestamptz not null default koza_now(),
    authenticated_at timestamptz,
    expires_at       timestamptz not null
);
create index session_person on session (person);
comment on table session is 'no course: see person';

-- Wrong passwords, per name that was typed (hashed): slows guessing down without locking the owner out.
create table sign_in_failure (
    subject_hash bytea       not null,
    at           timestamptz not null default koza_now()
);
create index sign_in_failure_recent on sign_in_failure (subject_hash, at);
comment on table sign_in_failure is 'no course: before anybody is known';

grant select, insert, update, delete on session to koza_app;
grant select, insert, delete on sign_in_failure to koza_app;
grant select, insert, update on person, identity to koza_app;
