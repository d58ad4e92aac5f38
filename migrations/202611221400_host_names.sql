-- What a machine was last told that visitors ask for it by. With a balancer before it they ask for the balancer's name, too. Null: it was
-- told by an older release, or not yet.
alter table machine add column host_names text[];

-- Whether its agent becomes somebody new on a copy of its disk. Others would speak as the machine that they were copied from.
alter table machine add column knows_copies boolean not null default false;
