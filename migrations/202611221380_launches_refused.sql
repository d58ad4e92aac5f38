-- A launch that was refused says so in its own row: its members read it there, each in its own turn.
alter table launch
    -- as a whole, by the first call: nothing was made
    add column refused    boolean not null default false,
    add column goes_alone boolean not null default false;
comment on column launch.goes_alone is 'what was refused may be one of those in it: each finds out by itself';
