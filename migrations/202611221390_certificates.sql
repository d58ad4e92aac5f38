-- A machine asks a certificate authority by itself, but only when it is its turn: authorities count, and a class is quick. What it got it tells.
alter table machine add column certificate jsonb;
alter table machine add column certificate_at timestamptz;
comment on column machine.certificate is 'as the machine tells it (docs/machines.md), checked at the door';

-- Leave to ask for one certificate. Given once, with the moment from which it holds: whoever comes when this week's are used up is told
-- when the turn is.
create table permit (
    machine   uuid        not null references machine,
    course    uuid        not null references course,
    cloud     uuid        not null references cloud,
    -- the authority's directory, and the registrable domain that it counts by
    authority text        not null,
    domain    text        not null,
    at        timestamptz not null,
    -- when the machine heard of it, or was ordered to look
    told_at   timestamptz,
    primary key (machine, authority)
);
create index permit_domain on permit (authority, domain, at);
create index permit_cloud on permit (authority, cloud, at);
grant select, insert, update, delete on permit to koza_app;

-- What people type becomes a host name by it: 'sys101-{name}', where courses share a domain.
alter table course add column name_pattern text not null default '{name}' check (name_pattern like '%{name}%');

-- Proofs by name.
alter type probe_kind add value if not exists 'name';
alter type probe_kind add value if not exists 'https';
alter type probe_kind add value if not exists 'ftp_tls';
