-- A balancer that is a machine of ours gets its certificate by itself, too: leave for that counts with the machines' ("permit").
create table balancer_permit (
    balancer  uuid        not null references resource,
    course    uuid        not null references course,
    cloud     uuid        not null references cloud,
    -- the authority's directory, and the registrable domain that it counts by
    authority text        not null,
    domain    text        not null,
    at        timestamptz not null,
    -- when the balancer heard of it
    told_at   timestamptz,
    primary key (balancer, authority)
);
create index balancer_permit_domain on balancer_permit (authority, domain, at);
create index balancer_permit_cloud on balancer_permit (authority, cloud, at);
grant select, insert, update, delete on balancer_permit to koza_app;
