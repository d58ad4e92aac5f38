-- Who is next: a wish that nobody has looked at since it changed comes before routine looks at what is being built, so that a press is not
-- kept waiting by three hundred boots. A look that has waited for ten seconds is not put off any longer. Yesterday's binary writes no
-- seen_generation: what it looked at stays news, which stand among themselves in the old order.
alter table environment add column seen_generation bigint not null default 0;
comment on column environment.seen_generation is 'the generation of the wish at the last turn that ended; another than generation: news';

-- "since": while one snapshot is held open (a dump, a forgotten psql) no dead row can be cleared away, and whoever looks at everything walks
-- over all that ever was due. A worker that has just seen that nothing is left need not look further back than that.
create function waiting_line_since(since timestamptz) returns table (environment uuid, place bigint)
    language sql stable
begin atomic
    with awake as materialized (
        -- What is held is here, too: it keeps the wake_at that it was claimed for. Bounded: after a long outage everything is due, and nobody
        -- needs an order over all of it.
        select id, course, priority, wake_at, fruitless_claims,
               coalesce(claimed_until >= koza_now(), false) as is_held,
               generation = seen_generation and wake_at > koza_now() - interval '10 seconds' as is_look
          from environment
         where wake_at <= koza_now() and wake_at >= since
         order by wake_at
         limit 2000
    ), turns as (
        select id, priority, wake_at, is_held, is_look,
               count(*) filter (where is_held) over (partition by course)
                   + row_number() over (partition by course, is_held, priority, is_look order by wake_at) as turn
          from awake
         where is_held or fruitless_claims < 5
    )
    select id, row_number() over (order by priority, is_look, turn, wake_at) from turns where not is_held;
end;
comment on function waiting_line_since(timestamptz) is 'due environments that nobody holds, in the order in which workers take them';

create or replace view waiting_line as select environment, place from waiting_line_since('-infinity');

-- Nobody looks for claims any more. Without an index on its columns a claim changes its row in place, and writes into no index at all.
drop index environment_claimed;
