-- Where a course's people come from: "hardened" machines let SSH in from there only, where a cloud can tell. As cidr they are written as
-- clouds write them: no bits beyond the prefix.
alter table course add column networks cidr[] not null default '{}';
comment on column course.networks is 'IPv4 networks as 192.0.2.0/24; empty: SSH is let in from everywhere';
