//! Balancers: requests reach every machine, and none is lost when one goes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cloud::{Cloud, Create, Deletion, EnvironmentTag, Health, Intent, Kind, Observed, Seen};
use cloud_incus::IncusCloud;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{environment, fetch, firewall, intent, machine, must, on_incus, opens, private_address_of, stop_by_hand, timed};

/// An intent for the second of a kind, or a later one.
fn intent_at(slot: u16, of: &EnvironmentTag, kind: Kind) -> Intent {
    Intent { slot, ..intent(of, kind) }
}

/// A machine whose web server says this.
fn saying(word: &str) -> Create {
    machine(&format!(
        "#cloud-config\nruncmd:\n  - echo {word} > /srv/index.html\n  - systemd-run --working-directory=/srv python3 -m http.server 80\n"
    ))
}

/// A balancer, its target group and its listener, with their orders.
struct Balanced {
    made: Vec<(Intent, Create, Seen)>,
    firewall: Seen,
}

impl Balanced {
    async fn make(cloud: &IncusCloud, of: &EnvironmentTag) -> Self {
        let firewall = must(cloud.create(&intent_at(2, of, Kind::Firewall), &firewall(&[(80, 80), (443, 443)])).await);
        let mut balanced = Self { made: Vec::new(), firewall };
        balanced.add(cloud, intent(of, Kind::Balancer), Create::Balancer { firewall: balanced.firewall.cloud_id.clone() }).await;
        balanced.add(cloud, intent(of, Kind::TargetGroup), Create::TargetGroup { is_sticky: false, passage: None }).await;
        let (balancer, target_group) = (balanced.id(Kind::Balancer), balanced.id(Kind::TargetGroup));
        balanced.add(cloud, intent(of, Kind::Listener), Create::Listener { balancer, target_group, certificate: None, asks: None }).await;
        balanced
    }

    async fn add(&mut self, cloud: &IncusCloud, wish: Intent, order: Create) {
        let seen = must(timed(wish.kind.code(), cloud.create(&wish, &order)).await);
        self.made.push((wish, order, seen));
    }

    fn id(&self, kind: Kind) -> String {
        let is_it = |(wish, ..): &&(Intent, Create, Seen)| wish.kind == kind;
        self.made.iter().find(is_it).expect("it was made").2.cloud_id.clone()
    }

    fn address(&self) -> String {
        match &self.made[0].2.observed {
            Observed::Balancer { name, .. } => name.clone(),
            other => panic!("{other:?}"),
        }
    }
}

/// Polls the list until something is so.
async fn until(what: &str, cloud: &IncusCloud, of: &EnvironmentTag, is_so: impl Fn(&[Seen]) -> bool) {
    let begun = Instant::now();
    loop {
        let listed = must(cloud.list(of).await);
        if is_so(&listed) {
            println!("{what}: {:.2} s", begun.elapsed().as_secs_f64());
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "not {what}: {listed:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn is_active(listed: &[Seen]) -> bool {
    listed.iter().any(|seen| matches!(seen.observed, Observed::Balancer { is_active: true, .. }))
}

/// How a machine's target is; nothing if there is none.
fn health(listed: &[Seen], of: &str) -> Option<Health> {
    listed.iter().find_map(|seen| match &seen.observed {
        Observed::Target { machine, health } if machine == of => Some(*health),
        _ => None,
    })
}

/// What one request by one visitor got: the body, and the cookie that was set.
async fn visit(address: &str, cookie: Option<&str>) -> Result<(String, Option<String>), String> {
    let asked = async {
        let mut stream = tokio::net::TcpStream::connect((address, 80)).await.map_err(|error| error.to_string())?;
        let cookie = cookie.map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
        stream.write_all(format!("GET / HTTP/1.0\r\n{cookie}\r\n").as_bytes()).await.map_err(|error| error.to_string())?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await.map_err(|error| error.to_string())?;
        Ok::<_, String>(text)
    };
    let text = tokio::time::timeout(Duration::from_secs(10), asked).await.map_err(|_| "no answer in 10 s".to_owned())??;
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| format!("no whole answer: {text:?}"))?;
    if !head.lines().next().is_some_and(|line| line.contains(" 200 ")) {
        return Err(text);
    }
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    Ok((body.trim().to_owned(), cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned)))
}

/// Who answers when many ask.
async fn who_answers(address: &str, cookie: Option<&str>) -> BTreeSet<String> {
    let mut answered = BTreeSet::new();
    for _ in 0..20 {
        answered.insert(visit(address, cookie).await.expect("it is answered").0);
    }
    answered
}

/// Somebody who asks without a pause until told to stop; how often, or what went wrong.
fn keep_asking(address: String) -> (Arc<AtomicBool>, tokio::task::JoinHandle<Result<u32, String>>) {
    let enough = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&enough);
    let asking = tokio::spawn(async move {
        let mut asked = 0;
        while !told.load(Ordering::Relaxed) {
            visit(&address, None).await?;
            asked += 1;
        }
        Ok(asked)
    });
    (enough, asking)
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_reach_every_machine_and_none_is_lost_when_one_goes() {
    on_incus("test-balanced", "198.51.100.128/30", |cloud| async move {
        let of = environment("test-balanced");
        let (first, second) = (intent(&of, Kind::Machine), intent_at(2, &of, Kind::Machine));
        let (orders, begun) = ([saying("one"), saying("two")], Instant::now());
        let (one, two) = tokio::join!(cloud.create(&first, &orders[0]), cloud.create(&second, &orders[1]));
        let (one, two) = (must(one).cloud_id, must(two).cloud_id);

        let mut balanced = Balanced::make(&cloud, &of).await;
        let address = balanced.address();
        until("active", &cloud, &of, is_active).await;
        println!("active since its order: {:.2} s", begun.elapsed().as_secs_f64());
        assert!(visit(&address, None).await.expect_err("there is no target").contains(" 503 "));
        for (slot, machine) in [(1, &one), (2, &two)] {
            let order = Create::Target { target_group: balanced.id(Kind::TargetGroup), machine: machine.clone() };
            balanced.add(&cloud, intent_at(slot, &of, Kind::Target), order).await;
        }
        let are = |wanted: [Option<Health>; 2]| {
            let (one, two) = (one.clone(), two.clone());
            move |listed: &[Seen]| [health(listed, &one), health(listed, &two)] == wanted
        };
        until("healthy", &cloud, &of, are([Some(Health::Healthy); 2])).await;
        assert_eq!(who_answers(&address, None).await, ["one", "two"].map(str::to_owned).into());

        let listed = must(cloud.list(&of).await);
        assert_eq!(listed.len(), 8, "{listed:?}");
        for (wish, order, seen) in &balanced.made {
            assert_eq!(must(cloud.create(wish, order).await), *seen);
        }
        assert_eq!(must(cloud.list(&of).await), listed, "what is ordered again is not made again");

        let (enough, asking) = keep_asking(address.clone());
        let target = format!("{} {two}", balanced.id(Kind::TargetGroup));
        assert_eq!(must(cloud.delete(Kind::Target, &target).await), Deletion::UnderWay);
        assert_eq!(health(&must(cloud.list(&of).await), &two), Some(Health::Draining));
        until("drained", &cloud, &of, are([Some(Health::Healthy), None])).await;
        assert_eq!(must(cloud.delete(Kind::Target, &target).await), Deletion::Done(None));
        assert_eq!(who_answers(&address, None).await, ["one".to_owned()].into());
        let (wish, order, _) = balanced.made.last().expect("the second's target");
        must(cloud.create(wish, order).await);
        until("healthy again", &cloud, &of, are([Some(Health::Healthy); 2])).await;

        stop_by_hand(&one).await;
        until("seen to be down", &cloud, &of, are([Some(Health::Unhealthy), Some(Health::Healthy)])).await;
        assert_eq!(who_answers(&address, None).await, ["two".to_owned()].into());
        enough.store(true, Ordering::Relaxed);
        println!("{} requests, none lost", asking.await.expect("it asks").expect("no request fails"));

        for target in [&one, &two].map(|machine| format!("{} {machine}", balanced.id(Kind::TargetGroup))) {
            must(cloud.delete(Kind::Target, &target).await);
        }
        for kind in [Kind::Listener, Kind::Balancer, Kind::TargetGroup] {
            must(timed("delete", cloud.delete(kind, &balanced.id(kind))).await);
            must(cloud.delete(kind, &balanced.id(kind)).await);
        }
        must(cloud.delete(Kind::Firewall, &balanced.firewall.cloud_id).await);
        let kinds: Vec<_> = must(cloud.list(&of).await).iter().map(Seen::kind).collect();
        assert_eq!(kinds, [Kind::Machine, Kind::Machine]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_stays_with_a_machine_where_that_is_wished_and_a_balancer_that_was_stopped_is_started() {
    on_incus("test-sticky", "198.51.100.140/31", |cloud| async move {
        let of = environment("test-sticky");
        let mut balanced = Balanced::make(&cloud, &of).await;
        for (slot, word) in [(1, "one"), (2, "two")] {
            let machine = must(cloud.create(&intent_at(slot, &of, Kind::Machine), &saying(word)).await).cloud_id;
            let order = Create::Target { target_group: balanced.id(Kind::TargetGroup), machine };
            balanced.add(&cloud, intent_at(slot, &of, Kind::Target), order).await;
        }
        let are_healthy = |listed: &[Seen]| {
            let healthy = |seen: &&Seen| matches!(seen.observed, Observed::Target { health: Health::Healthy, .. });
            listed.iter().filter(healthy).count() == 2
        };
        until("healthy", &cloud, &of, are_healthy).await;

        let (wish, ..) = &balanced.made[1];
        let sticky = must(cloud.create(wish, &Create::TargetGroup { is_sticky: true, passage: None }).await);
        assert!(must(cloud.list(&of).await).contains(&sticky));
        let begun = Instant::now();
        let (stays_with, cookie) = loop {
            match visit(&balanced.address(), None).await.expect("it is answered") {
                (word, Some(cookie)) => break (word, cookie),
                _ => assert!(begun.elapsed() < Duration::from_secs(60), "nobody is given a cookie"),
            }
        };
        assert_eq!(who_answers(&balanced.address(), Some(&cookie)).await, [stays_with].into());
        assert_eq!(who_answers(&balanced.address(), None).await.len(), 2, "who is new goes anywhere");

        stop_by_hand(&balanced.id(Kind::Balancer)).await;
        assert!(!is_active(&must(cloud.list(&of).await)));
        let (wish, order, seen) = &balanced.made[0];
        assert_eq!(must(timed("start again", cloud.create(wish, order)).await), *seen);
        until("active again", &cloud, &of, |listed| is_active(listed) && are_healthy(listed)).await;
        assert_eq!(who_answers(&balanced.address(), None).await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balancer_is_no_way_from_one_machine_to_another() {
    on_incus("test-astray", "198.51.100.142/31", |cloud| async move {
        let of = environment("test-astray");
        let balanced = Balanced::make(&cloud, &of).await;
        let target = must(cloud.create(&intent(&of, Kind::Machine), &saying("reached")).await);
        let order = Create::Target { target_group: balanced.id(Kind::TargetGroup), machine: target.cloud_id.clone() };
        must(cloud.create(&intent(&of, Kind::Target), &order).await);
        let Observed::Machine { private_address: Some(there), .. } = &target.observed else { panic!("{target:?}") };
        until("healthy", &cloud, &of, |listed| health(listed, &target.cloud_id) == Some(Health::Healthy)).await;

        // The balancer reaches it, and this one reaches the balancer: by its address as everybody does, and as a way to somewhere else.
        let by = private_address_of(&balanced.id(Kind::Balancer)).await;
        let knock = |name: &str, at: &str| {
            format!("if curl -s -m 3 http://{at} >> /srv/said; then echo {name}; else echo kept off; fi >> /srv/index.html")
        };
        let words = [
            knock("a visitor", &balanced.address()),
            knock("directly", there),
            format!("ip route add {there}/32 via {by} dev eth0 onlink"),
            knock("astray", there),
            "systemd-run --working-directory=/srv python3 -m http.server 8080".to_owned(),
        ];
        let words: String = words.iter().map(|word| format!("  - {word:?}\n")).collect();
        let data = format!("#cloud-config\nruncmd:\n{words}");
        let seen = must(cloud.create(&intent(&environment("test-astray"), Kind::Machine), &machine(&data)).await);
        let Observed::Machine { private_address: Some(private), .. } = &seen.observed else { panic!("{seen:?}") };
        assert!(opens(private, 8080).await);
        assert_eq!(fetch(private, 8080).await, "a visitor\nkept off\nkept off");
    })
    .await;
}
