-- Audit: who did what, when. Rows are only ever added; a chore numbers them and seals each with what stands before it, so that a row that
-- somebody changed, took out or moved behind our back is found (`koza audit verify`).

create table audit (
    id          bigint      primary key generated always as identity,
    at          timestamptz not null default koza_now(),
    -- "person", "koza" (by itself), "shell" (an operator on the host), "stranger" (who is not signed in)
    actor       text        not null check (actor in ('person', 'koza', 'shell', 'stranger')),
    person      uuid        check ((person is not null) = (actor = 'person')),
    -- to whom it was done, in which course, to which environment. No foreign keys: nothing that goes takes a row with it, or is kept by one
    whom        uuid,
    course      uuid,
    environment uuid,
    act         text        not null,
    -- never secrets, never what people wrote to each other: ids, numbers, words of ours
    detail      jsonb       not null default '{}',
    -- its place in the chain, without gaps, and SHA-256 of the seal before it and of the row; null until the chore comes round. Not the order of
    -- ids: what commits late is sealed late, and nothing waits for it
    number      bigint      check (number > 0),
    seal        bytea       check (length(seal) = 32),
    check ((number is null) = (seal is null))
);
comment on table audit is 'append-only: by privilege, and by triggers for whoever owns it. No course of its own: some acts are of the whole site';
create unique index audit_number on audit (number) where number is not null;
create index audit_waiting on audit (id) include (at) where number is null;

create function seal_only() returns trigger language plpgsql as $$
declare
    unsealed audit := new;
begin
    if tg_op = 'INSERT' then
        if new.number is not null then
            raise exception '% is append-only: rows are sealed by their chore', tg_table_name;
        end if;
        return new;
    end if;
    unsealed.number := null;
    unsealed.seal := null;
    -- "*=": to the last bit, where "=" takes 1 and 1.0 for the same.
    if old.number is null and new.number is not null and unsealed *= old then
        return new;
    end if;
    raise exception '% is append-only: a row is sealed once, and nothing else of it changes', tg_table_name;
end $$;
create trigger sealed_once before insert or update on audit for each row execute function seal_only();
create trigger append_only before delete on audit for each row execute function refuse_change();
create trigger append_only_as_a_whole before truncate on audit execute function refuse_change();

grant select, insert (actor, person, whom, course, environment, act, detail), update (number, seal) on audit to koza_app;
