//! Certificates: whose turn it is, what pages say of it, and that a machine hears of it. Names are in a zone of a real name server (Knot);
//! what the machine would tell is told here.

use app::domain::environment::{Connection, Https, LedBy, NotYet};
use app::domain::ids::{EnvironmentId, MachineId, ResourceId};
use app::domain::incident::Fault;
use app::domain::phase::Phase;
use app::domain::reason::{Attention, Probe};
use app::error::{AppError, Field, Why};
use app::ports::{Courses, Environments};
use cloud::{Cloud, Dns, Intent, Kind, Record, Tags};
use serde_json::{Value, json};
use server::certificates::Authority;
use server::db::permits::Holder;
use server::db::{courses, machines, permits, world};
use server::machine::certificate::{Certificate, State};
use server::machine::settings;
use server::portal::courses::CoursesPort;
use sqlx::PgPool;
use time::Duration;
use uuid::Uuid;

use crate::names::Knot;
use crate::support::TestPortal;

const DOMAIN: &str = "exp.example.ac.jp";

struct Class {
    portal: TestPortal,
    knot: Knot,
}

impl Class {
    /// A course whose machines ask an authority of which this is known.
    async fn new(pool: PgPool, authority: Value) -> Self {
        let knot = Knot::start(DOMAIN);
        let dns = knot.dns(&pool).await;
        let portal = TestPortal::named(pool, dns).await;
        let class = Self { portal, knot };
        class.set("domain", json!(DOMAIN)).await;
        let mut settings = json!({"directory": "https://ca.example.ac.jp/directory", "contact": "desk@example.ac.jp"});
        settings.as_object_mut().expect("an object").extend(authority.as_object().expect("an object").clone());
        let settings = json!({"dns": {}, "certificates": settings});
        courses::add_cloud(&mut *class.db().await, "sim", "test", "here", &settings).await.expect("written");
        class
    }

    async fn db(&self) -> sqlx::pool::PoolConnection<sqlx::Postgres> {
        self.portal.engine.pool.acquire().await.expect("a connection")
    }

    async fn set(&self, what: &str, value: Value) {
        let query = format!("update course set {what} = $1 #>> '{{}}'");
        sqlx::query(sqlx::AssertSqlSafe(query)).bind(value).execute(&self.portal.engine.pool).await.expect("written");
    }

    /// One more environment, until it is Ready and the loop has nothing to do for it.
    async fn ready(&self, name: &str) -> EnvironmentId {
        let id = self.portal.request(name).await.expect("requested");
        self.portal.run_until_phase(id, Phase::Ready).await;
        self.look_at_all().await;
        id
    }

    /// Every environment is looked at until nothing is due any more.
    async fn look_at_all(&self) {
        sqlx::query("update environment set wake_at = koza_now() where removed_at is null")
            .execute(&self.portal.engine.pool)
            .await
            .expect("woken");
        for _ in 0..60 {
            if self.portal.turn_once().await == 0 {
                return;
            }
        }
    }

    async fn known(&self, id: EnvironmentId) -> world::Known {
        world::load(&mut *self.db().await, id).await.expect("it is there")
    }

    /// What the machine fetches, and what of it is for the service `https`.
    async fn settings(&self, id: EnvironmentId) -> (Value, Value) {
        let known = self.known(id).await;
        let cloud = self.portal.engine.clouds.get(&self.portal.engine.pool, known.cloud).await.expect("it is there").cloud;
        let asker = settings::Asker::new(&known, cloud.nature(), 1);
        let all = settings::settings(&mut *self.db().await, &self.portal.engine.vault, &known, &asker).await;
        let all = all.expect("secrets open").expect("it has an address");
        let https = all["services"].as_array().expect("a list").iter().find(|service| service["name"] == "https").expect("it is there");
        (all.clone(), https["settings"].clone())
    }

    async fn https(&self, id: EnvironmentId) -> Https {
        self.connection(id).await.name.and_then(|host| host.https).expect("HTTPS is a matter here")
    }

    async fn connection(&self, id: EnvironmentId) -> Connection {
        self.portal.view(id).await.connection.expect("it can be reached")
    }

    /// The machine tells this of its certificate.
    async fn tells(&self, id: EnvironmentId, change: impl FnOnce(&mut Certificate)) {
        let known = self.known(id).await;
        let mut certificate = Certificate {
            state: State::Issued,
            is_served: true,
            name: Some(known.dns_name.clone()),
            names: vec![known.dns_name.clone()],
            not_before: Some(known.now - Duration::HOUR),
            not_after: Some(known.now + Duration::days(90)),
            issuer: Some("CN=Test".into()),
            fingerprint: Some("ab".repeat(32)),
            said: None,
            problem: None,
            try_again_at: None,
        };
        change(&mut certificate);
        let machine = known.machine.expect("it has a machine");
        machines::set_certificate(&mut *self.db().await, machine, &certificate.checked()).await.expect("written");
        self.look_at_all().await;
    }

    async fn open_incidents(&self, id: EnvironmentId) -> Vec<Fault> {
        self.known(id).await.world.incidents.into_keys().collect()
    }

    async fn orders(&self, id: EnvironmentId) -> i64 {
        let machine = self.known(id).await.machine.expect("it has a machine");
        let orders = machines::orders_after(&mut *self.db().await, machine, 0).await.expect("listed");
        i64::try_from(orders.iter().filter(|order| order.kind == "configure").count()).expect("few")
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_machine_may_ask_for_a_certificate_once_its_name_leads_to_it_and_the_page_leads_by_the_name_once_it_is_proven(pool: PgPool) {
    let class = Class::new(pool, json!({})).await;
    let id = class.ready("c5").await;
    let name = format!("c5.{DOMAIN}");
    assert_eq!(class.knot.leads(&name).map(|address| address.to_string()), class.known(id).await.address());
    let (all, https) = class.settings(id).await;
    assert_eq!(all["host_names"], json!([name, class.known(id).await.address()]));
    let wanted = json!({
        "names": [name], "is_allowed": true, "directory": "https://ca.example.ac.jp/directory", "contact": "mailto:desk@example.ac.jp",
        "trusted_root": null, "external_account": null,
    });
    assert_eq!(https, wanted);

    // By the name without HTTPS, with it, and without it again when its certificate has expired.
    let connection = class.connection(id).await;
    assert_eq!((connection.web.as_str(), connection.ftp_host.as_str()), (&*format!("http://{name}/"), &*name));
    assert_eq!(class.https(id).await, Https::NotYet { why: NotYet::Asking, again_at: None, said: None });
    class.tells(id, |_| ()).await;
    assert!(matches!(class.https(id).await, Https::Works { renewal_failed: None, .. }));
    assert_eq!(class.connection(id).await.web, format!("https://{name}/"));
    class.portal.sim.break_service(&class.portal.machine(id).await, "https").expect("broken");
    class.portal.advance(Duration::minutes(2)).await;
    class.look_at_all().await;
    assert_eq!(class.https(id).await, Https::NotYet { why: NotYet::Check, again_at: None, said: None });
    assert!(class.connection(id).await.web.starts_with("http://198.51.100."), "by the name one would be led on to HTTPS");
    class.portal.advance(Duration::minutes(1)).await;
    class.look_at_all().await;
    assert_eq!(class.open_incidents(id).await, [Fault::ProbeFails(Probe::Https)]);
    // It has expired: nothing was mended, and nothing is broken any more.
    class.tells(id, |told| (told.state, told.is_served) = (State::Waiting, false)).await;
    assert_eq!(class.connection(id).await.web, format!("http://{name}/"));
    assert_eq!(class.open_incidents(id).await, []);
    assert_eq!(class.portal.count("select count(*) from incident where recovered_at is not null").await, 0);
    assert_eq!(class.portal.view(id).await.phase, Phase::Ready, "that takes the word Ready from nobody");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_keeps_a_machine_from_its_certificate_stands_on_its_page(pool: PgPool) {
    let class = Class::new(pool, json!({})).await;
    let id = class.ready("c5").await;
    let again_at = Some(class.known(id).await.now + Duration::minutes(5)).map(|at| at.replace_nanosecond(0).expect("a time"));
    for (state, problem, why) in [
        (State::Waiting, "away", NotYet::Away),
        (State::Waiting, "rateLimited", NotYet::Limited),
        (State::Waiting, "here", NotYet::Machine),
        (State::Refused, "caa", NotYet::Refused),
    ] {
        class
            .tells(id, |told| {
                (told.state, told.is_served, told.try_again_at) = (state, false, again_at);
                (told.problem, told.said) = (Some(problem.into()), Some("so it is".into()));
            })
            .await;
        assert_eq!(class.https(id).await, Https::NotYet { why, again_at, said: Some("so it is".into()) });
    }
    class.tells(id, |told| told.said = Some("the authority is away".into())).await;
    assert!(matches!(class.https(id).await, Https::Works { renewal_failed: Some(said), .. } if said == "the authority is away"));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn who_finds_this_weeks_certificates_given_out_starts_with_http_and_gets_one_when_the_turn_comes(pool: PgPool) {
    let class = Class::new(pool, json!({"a_week": 2})).await;
    let ids = [class.ready("c1").await, class.ready("c2").await, class.ready("c3").await];
    let now = class.known(ids[2]).await.now;
    let Https::NotYet { why: NotYet::Turn, again_at: Some(turn), .. } = class.https(ids[2]).await else { panic!("it has to wait") };
    assert!((Duration::days(6)..=Duration::days(7)).contains(&(turn - now)), "{turn}");
    assert_eq!(class.settings(ids[2]).await.1["is_allowed"], false);
    assert_eq!(class.settings(ids[1]).await.1["is_allowed"], true);

    let courses = CoursesPort { environments: class.portal.environments.clone() };
    let left = courses.course(&class.portal.instructor, "SYS-101").await.expect("found").names.expect("it has names").certificates;
    let left = left.expect("they are limited");
    assert_eq!((left.left, left.of, left.domain.as_str()), (0, 2, "example.ac.jp"));
    assert!(left.next_at.is_some_and(|next| next > turn), "behind the one who waits");

    let before = class.orders(ids[2]).await;
    class.portal.advance(turn - now + Duration::SECOND).await;
    class.look_at_all().await;
    assert_eq!(class.orders(ids[2]).await, before + 1, "the machine is told to look");
    assert_eq!(class.settings(ids[2]).await.1["is_allowed"], true);
    class.look_at_all().await;
    assert_eq!(class.orders(ids[2]).await, before + 1, "once");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn who_is_off_gives_a_turn_back_that_has_not_come(pool: PgPool) {
    let class = Class::new(pool, json!({"a_week": 1})).await;
    let (first, second) = (class.ready("c1").await, class.ready("c2").await);
    assert_eq!(class.portal.count("select count(*) from permit").await, 2);
    for id in [first, second] {
        class.portal.environments.stop(&class.portal.student, id).await.expect("asked");
        class.portal.run_until_phase(id, Phase::Stopped).await;
    }
    assert_eq!(class.portal.count("select count(*) from permit where at > koza_now()").await, 0, "nobody waits behind who is off");
    assert_eq!(class.portal.count("select count(*) from permit").await, 1, "what may have been used counts on");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn who_is_gone_gives_a_turn_back_that_has_not_come_though_nobody_stopped_it(pool: PgPool) {
    let class = Class::new(pool, json!({"a_week": 1})).await;
    let (_, second) = (class.ready("c1").await, class.ready("c2").await);
    class.portal.sim.kill(&class.portal.machine(second).await).expect("off");
    class.portal.environments.delete(&class.portal.student, second, "c2").await.expect("asked");
    class.portal.advance(Duration::minutes(2)).await;
    class.portal.run_until_phase(second, Phase::Removed).await;
    assert_eq!(class.portal.count("select count(*) from permit where at > koza_now()").await, 0);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_a_balancer_asks_for_counts_with_what_machines_ask_for(pool: PgPool) {
    let class = Class::new(pool, json!({"a_week": 2})).await;
    let (first, second) = (class.ready("c1").await, class.ready("c2").await);
    let authority = courses::authority(&mut *class.db().await, class.known(first).await.cloud).await.expect("read").expect("there is one");
    // Both had their machine's, so the week is over. On this cloud balancers have no certificates of their own: one as another cloud has it.
    let balancer_of = async |id: EnvironmentId| {
        sqlx::query("update resource set gone_at = koza_now() where environment = $1 and kind = 'balancer' and gone_at is null")
            .bind(id.0)
            .execute(&mut *class.db().await)
            .await
            .expect("written");
        let made = "insert into resource (id, environment, cloud, course, kind, slot, incarnation, intent_token)
                    select gen_random_uuid(), id, cloud, course, 'balancer', 1, 100, gen_random_uuid() from environment where id = $1 returning id";
        let made = sqlx::query_scalar::<_, Uuid>(made).bind(id.0).fetch_one(&mut *class.db().await).await.expect("made");
        Holder::Balancer(ResourceId(made))
    };
    let give = async |holder: Holder, id: EnvironmentId| {
        let mut tx = class.portal.engine.pool.begin().await.expect("begun");
        let known = class.known(id).await;
        let at = permits::give(&mut tx, holder, known.cloud, &authority, &known.dns_name).await.expect("given").expect("a turn");
        let is_told = permits::tell(&mut tx, holder, &authority).await.expect("told");
        tx.commit().await.expect("written");
        (at, is_told)
    };
    let now = class.known(first).await.now;
    let (of_first, is_told) = give(balancer_of(first).await, first).await;
    assert!(of_first > now + Duration::days(6) && !is_told, "when the first machine's counts no more: {of_first}");
    let (of_second, _) = give(balancer_of(second).await, second).await;
    assert!(of_second >= of_first, "behind the other");
    let seen = class.known(first).await.world.balancer_permit.expect("it is seen");
    assert!(seen.at == of_first && !seen.is_told);

    class.portal.environments.stop(&class.portal.student, second).await.expect("asked");
    class.portal.run_until_phase(second, Phase::Stopped).await;
    assert_eq!(class.portal.count("select count(*) from balancer_permit").await, 1, "nobody waits behind who is off");
    class.portal.advance(of_first - now + Duration::SECOND).await;
    let (_, is_told) = give(Holder::Balancer(balancer_row(&class, first).await), first).await;
    assert!(is_told && class.known(first).await.world.balancer_may_ask());
}

async fn balancer_row(class: &Class, id: EnvironmentId) -> ResourceId {
    let row = class.known(id).await.rows.into_iter().find(|row| row.kind == Kind::Balancer);
    row.expect("it has one").id
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn another_authority_is_asked_in_its_own_time_and_what_the_first_issued_goes_on(pool: PgPool) {
    let class = Class::new(pool, json!({"issuing_root": "first"})).await;
    let id = class.ready("c5").await;
    class.tells(id, |_| ()).await;
    let other = Authority::new("https://other.example.ac.jp/directory", None, None, None).expect("an authority");
    let first = courses::authority(&mut *class.db().await, class.known(id).await.cloud).await.expect("read").expect("there is one");
    let other = other.after(&first);
    assert_eq!(other.issuing_root.as_deref(), Some("first\n"), "it vouches for what is served until that ends");
    courses::add_cloud(&mut *class.db().await, "sim", "test", "here", &json!({"certificates": other})).await.expect("written");
    assert_eq!(class.settings(id).await.1["is_allowed"], false, "not before its turn there");
    class.look_at_all().await;
    assert_eq!(class.settings(id).await.1["is_allowed"], true);
    assert_eq!(class.portal.count("select count(*) from permit").await, 2, "what was given for the first counts on");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_name_that_the_domain_has_already_is_taken_whoever_made_it(pool: PgPool) {
    let class = Class::new(pool.clone(), json!({})).await;
    let somebody = Intent {
        token: Uuid::now_v7(),
        kind: Kind::Record,
        slot: 1,
        incarnation: 1,
        is_repeat: false,
        tags: Tags {
            environment: server::engine::observe::tag(Uuid::now_v7(), Uuid::now_v7()),
            course: Uuid::now_v7(),
            owner: Uuid::now_v7(),
        },
    };
    let record = Record { name: format!("c5.{DOMAIN}"), value: "192.0.2.7".into() };
    class.knot.dns(&pool).await.put(&somebody, &record).await.expect("made");
    let taken = Err(AppError::Invalid { field: Field::Name, why: Why::Taken });
    assert_eq!(class.portal.request("c5").await, taken);
    assert!(class.portal.request("c6").await.is_ok());
    assert_eq!(class.portal.request("c6").await, taken);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_name_server_that_is_away_keeps_nobody_from_a_machine(pool: PgPool) {
    let class = Class::new(pool, json!({})).await;
    let before = class.ready("c5").await;
    class.knot.stop();
    let id = class.portal.request("c6").await.expect("requested");
    class.portal.run_until_phase(id, Phase::Ready).await;
    assert_eq!(class.portal.view(id).await.attention, Some(Attention::NamesSilent));
    assert!(class.connection(id).await.web.starts_with("http://198.51.100."), "it works by its address");
    // What was there before is repaired as ever.
    class.portal.sim.kill(&class.portal.machine(before).await).expect("off");
    class.look_at_all().await;
    class.portal.run_until_phase(before, Phase::Ready).await;

    class.portal.environments.delete(&class.portal.student, before, "c5").await.expect("asked");
    for _ in 0..20 {
        class.look_at_all().await;
        class.portal.advance(Duration::seconds(30)).await;
    }
    assert_eq!(class.portal.view(before).await.phase, Phase::Removing, "nothing is gone before everybody says so");

    class.knot.start_again(DOMAIN);
    class.portal.run_until_phase(before, Phase::Removed).await;
    for _ in 0..20 {
        class.look_at_all().await;
        class.portal.advance(Duration::seconds(30)).await;
    }
    assert_eq!(class.knot.leads(&format!("c5.{DOMAIN}")), None);
    assert_eq!(class.knot.leads(&format!("c6.{DOMAIN}")).map(|address| address.to_string()), class.known(id).await.address());
    assert_eq!(class.portal.view(id).await.attention, None);
    assert_eq!(class.connection(id).await.web, format!("http://c6.{DOMAIN}/"));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_course_has_its_mark_in_its_names(pool: PgPool) {
    let class = Class::new(pool, json!({})).await;
    class.set("name_pattern", json!("sys101-{name}")).await;
    let id = class.ready("c5").await;
    assert_eq!(class.portal.view(id).await.name, "sys101-c5");
    assert_eq!(class.connection(id).await.name.map(|host| (host.name, host.led_by)), Some((format!("sys101-c5.{DOMAIN}"), LedBy::Name)));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn an_environment_that_gives_its_address_back_has_another_one_later_and_its_name_follows(pool: PgPool) {
    let class = Class::new(pool, json!({})).await;
    sqlx::query("update blueprint_version set spec = spec || '{\"gives_back_address\": true}'")
        .execute(&class.portal.engine.pool)
        .await
        .expect("written");
    let id = class.ready("c5").await;
    let name = format!("c5.{DOMAIN}");
    let before = class.known(id).await.address();
    class.portal.environments.stop(&class.portal.student, id).await.expect("asked");
    class.portal.run_until_phase(id, Phase::Stopped).await;
    assert_eq!(class.knot.leads(&name), None, "the name is the first to go");
    assert_eq!(class.known(id).await.address(), before, "resolvers remember it for a minute");
    class.portal.advance(Duration::minutes(2)).await;
    class.look_at_all().await;
    assert_eq!(class.known(id).await.address(), None);
    let all = class.portal.sim.list_all().await.expect("listed");
    assert!(!all.iter().any(|seen| seen.kind() == Kind::Address), "the cloud has it back");

    class.portal.environments.start(&class.portal.student, id).await.expect("asked");
    class.portal.run_until_phase(id, Phase::Ready).await;
    class.look_at_all().await;
    let after = class.known(id).await.address();
    assert!(after.is_some() && after != before);
    assert_eq!(class.knot.leads(&name).map(|address| address.to_string()), after);
    let (all, _) = class.settings(id).await;
    assert_eq!((all["address"].as_str(), &all["host_names"][1]), (after.as_deref(), &json!(after)), "what FTP answers with, too");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn fifty_that_ask_at_the_same_moment_for_ten_certificates_get_ten(pool: PgPool) {
    let class = Class::new(pool, json!({"a_week": 10})).await;
    let authority = courses::authority(&mut *class.db().await, class.known(class.ready("c0").await).await.cloud).await;
    let authority = authority.expect("read").expect("there is one");
    let machine = sqlx::query_scalar::<_, Uuid>("select machine from permit").fetch_one(&class.portal.engine.pool).await.expect("one");
    sqlx::query("delete from permit").execute(&class.portal.engine.pool).await.expect("deleted");
    // Fifty more machines, as far as permits know them.
    sqlx::query(
        "with made as (insert into resource (id, environment, cloud, course, kind, slot, incarnation, intent_token)
             select gen_random_uuid(), environment, cloud, course, kind, 100 + n, 1, gen_random_uuid()
               from resource, generate_series(1, 50) n where id = (select resource from machine where id = $1) returning id, environment, course)
         insert into machine (id, resource, environment, course, token_hash) select gen_random_uuid(), id, environment, course, id::text::bytea from made",
    )
    .bind(machine)
    .execute(&class.portal.engine.pool)
    .await
    .expect("made");
    let asked = sqlx::query_scalar::<_, Uuid>("select machine.id from machine join resource on resource.id = resource where slot > 100")
        .fetch_all(&class.portal.engine.pool)
        .await
        .expect("listed");
    let cloud = class.known(class.portal.request("c9").await.expect("requested")).await.cloud;
    let give = |machine: Uuid| {
        let (pool, authority) = (class.portal.engine.pool.clone(), authority.clone());
        async move {
            let mut tx = pool.begin().await.expect("begun");
            permits::give(&mut tx, Holder::Machine(MachineId(machine)), cloud, &authority, DOMAIN).await.expect("given");
            tx.commit().await.expect("written");
        }
    };
    futures::future::join_all(asked.into_iter().map(give)).await;
    assert_eq!(class.portal.count("select count(*) from permit").await, 50);
    assert_eq!(class.portal.count("select count(*) from permit where at <= koza_now()").await, 10);
    assert_eq!(class.portal.count("select count(distinct date_trunc('hour', at)) from permit").await, 5, "ten a week");
}
