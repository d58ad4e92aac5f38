-- Everything of one environment in one answer: a turn begins with this, and somebody waits for it. What there are several of comes as JSON,
-- the whole row each; the structs that it is decoded into say which columns are read.
select e.course, e.cloud, e.version, e.purpose as "purpose: Purpose", e.name, e.domain,
       e.options as "options: Json<Options>", e.goal as "goal: Goal", e.condemned,
       e.attention, e.ready_boot, e.first_ready_at,
       coalesce(e.ready_at >= e.goal_since, false) as "was_ready_since_asked!", c.rebuilds_vanished, c.networks::text[] as "networks!",
       e.empty_since, e.differs, e.removed_at, e.last_event, e.generation, e.claim_epoch, (e.claimed_by is null) as "is_free!",
       v.spec as "spec: Json<Spec>",
       l.settings -> 'certificates' as authority,
       (select person from holder where environment = e.id order by share desc, person limit 1) as owner,
       i.cloud_id as "image?",
       -- one that somebody saved. Where it was to begin with it comes true or is told; what is built anew later starts as others do
       (select s.cloud_id from resource s
         where s.environment = (e.options -> 'made_of' ->> 'environment')::uuid and s.kind = 'image'
           and s.slot = (e.options -> 'made_of' ->> 'slot')::smallint and (s.gone_at is null or e.first_ready_at is null)
         order by s.incarnation desc limit 1) as saved_image,
       array(select (u.options -> 'made_of' ->> 'slot')::smallint from environment u
              where u.options -> 'made_of' ->> 'environment' = e.id::text and u.first_ready_at is null and u.removed_at is null
                and u.goal = 'running'
                and not exists (select from resource m where m.environment = u.id and m.kind = 'machine' and m.slot = 1 and m.cloud_id is not null)
       ) as "images_in_use!: Vec<i16>",
       exists (select from environment bake
                where bake.version = e.version and bake.cloud = e.cloud and bake.purpose = 'image' and bake.removed_at is null
                  -- what passes by itself is waited for
                  and coalesce(bake.attention ->> 'code', 'cloud_silent') in ('cloud_silent', 'no_capacity', 'over_quota', 'no_free_address')
       ) as "is_baking!",
       broken.faults as "faults!", broken.detected as "detected!",
       ordered.is_any as "was_ordered!", ordered.kinds as "ordered!", ordered.unanswered_at, ordered.unnamed_at,
       ordered.held as "held: Json<Vec<resources::Stored>>",
       speaks.certificate as "certificate?: Json<Certificate>",
       speaks.permit as "permit?: Json<permits::Permit>",
       (select to_jsonb(p) from resource r join balancer_permit p on p.balancer = r.id
         where r.environment = e.id and r.kind = 'balancer' and r.gone_at is null
           and p.authority = l.settings -> 'certificates' ->> 'directory') as "balancer_permit?: Json<permits::Permit>",
       (select jsonb_agg(jsonb_build_object('slot', r.slot, 'machine', m.id, 'host_names', m.host_names, 'first_at', m.first_at, 'boot', m.boot,
                   'steps', (select jsonb_agg(to_jsonb(s) order by place) from boot_step s where s.machine = m.id and s.boot = m.boot), 'is_ordered',
                   -- or has not done so, whatever it says: it is asked again, but not at once
                   exists (select from machine_order o where o.machine = m.id and o.kind = 'configure'
                              and (o.state is null
                                   or o.given_at > koza_now() - interval '1 minute' and o.given_at > coalesce(m.settings_at, '-infinity'))),
                   'has_worked',
                   exists (select from boot_step s where s.machine = m.id and s.step = 'ready' and s.state = 'done')))
          from resource r join machine m on m.resource = r.id
         where r.environment = e.id and r.gone_at is null) as "machines: Json<Vec<machines::Spoken>>",
       (select jsonb_agg(to_jsonb(p)) from probe p where p.environment = e.id) as "probes: Json<Vec<serde_json::Value>>",
       -- backups that are on their way, and those that a machine needs to leave
       (select jsonb_agg(to_jsonb(b)) from backup b
         where b.environment = e.id
           and (b.state = any($2)
                or exists (select from jsonb_each_text(e.options -> 'leaving') l where l.value = b.id::text))
       ) as "backups: Json<Vec<backups::Row>>",
       koza_now() as "now!"
  from environment e
  join course c on c.id = e.course
  join cloud l on l.id = e.cloud
  join blueprint_version v on v.id = e.version
  left join image i on i.version = e.version and i.cloud = e.cloud
       -- incidents that are open
 cross join lateral (
       select coalesce(array_agg(fault order by number), '{}') as faults, coalesce(array_agg(detected_at order by number), '{}') as detected
         from incident
        where environment = e.id and recovered_at is null and dropped_at is null
       ) broken
       -- what was ever ordered, and what of it is held
 cross join lateral (
       select count(*) > 0 as is_any, coalesce(array_agg(distinct kind), '{}') as kinds, max(unanswered_at) as unanswered_at,
              -- when the last of its names was taken out of the DNS
              max(gone_at) filter (where kind = 'record') as unnamed_at,
              jsonb_agg(to_jsonb(r) order by kind, slot) filter (where gone_at is null) as held
         from resource r
        where environment = e.id
       ) ordered
       -- the machine that speaks for it: its first
  left join lateral (
       select m.certificate, to_jsonb(p) as permit
         from resource r join machine m on m.resource = r.id left join permit p on p.machine = m.id and p.authority = l.settings -> 'certificates' ->> 'directory'
        where r.environment = e.id and r.slot = 1 and r.gone_at is null
       ) speaks on true
 where e.id = $1
