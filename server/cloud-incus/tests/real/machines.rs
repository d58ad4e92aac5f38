//! Machines: made once, stopped, started, kept apart, listed.

use cloud::{Cloud, Create, Fate, Kind, MachineState, Observed, Seen};

use crate::support::{
    NO_DATA, address as address_of, another, becomes, clear, environment, fetch, firewall, intent, machine, make_network,
    make_without_starting, must, on_incus, on_network, opens, remove_network, state, timed,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_ordered_twice_at_once_and_once_more_is_one_machine() {
    on_incus("test-twice", "198.51.100.144/28", |cloud| async move {
        let of = environment("test-twice");
        let wish = intent(&of, Kind::Machine);
        let order = machine(NO_DATA);
        let (one, other) = timed("create twice", async { tokio::join!(cloud.create(&wish, &order), cloud.create(&wish, &order)) }).await;
        let again = must(cloud.create(&wish, &order).await);
        assert_eq!(must(one).cloud_id, again.cloud_id);
        assert_eq!(must(other).cloud_id, again.cloud_id);
        let listed = must(cloud.list(&of).await);
        assert_eq!(listed.len(), 1, "{listed:?}");
        assert_eq!((listed[0].intent, state(&listed[0])), (Some(wish.token), Some(MachineState::Running)));

        let mut stranger = wish.clone();
        stranger.token = uuid::Uuid::now_v7();
        let refused = cloud.create(&stranger, &order).await.expect_err("another intent must not get this machine");
        assert_eq!((refused.fate, refused.code), (Fate::Final, "name_taken"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_was_made_and_never_started_is_started_and_not_made_again() {
    on_incus("test-halfway", "198.51.100.144/28", |cloud| async move {
        let of = environment("test-halfway");
        let wish = intent(&of, Kind::Machine);
        make_without_starting(&wish).await;
        let listed = must(cloud.list(&of).await);
        assert_eq!(listed.iter().map(state).collect::<Vec<_>>(), [Some(MachineState::Starting)]);
        let seen = must(cloud.create(&wish, &machine(NO_DATA)).await);
        assert_eq!((seen.cloud_id.as_str(), state(&seen)), (wish.name().as_str(), Some(MachineState::Running)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_stops_starts_keeps_its_address_and_is_deleted_only_when_stopped() {
    on_incus("test-life", "198.51.100.144/28", |cloud| async move {
        let of = environment("test-life");
        let made = must(timed("create and start", cloud.create(&intent(&of, Kind::Machine), &machine(NO_DATA))).await);
        let private = |seen: &Seen| match &seen.observed {
            Observed::Machine { private_address, .. } => private_address.clone(),
            _ => None,
        };
        assert!(private(&made).is_some());
        assert!(becomes(&cloud, &of, MachineState::Running).await);
        let refused = cloud.delete(Kind::Machine, &made.cloud_id).await.expect_err("a running machine must stay");
        assert_eq!((refused.fate, refused.code), (Fate::InUse, "still_running"));

        let measured = must(cloud.metrics(&made.cloud_id).await).expect("it runs");
        assert!(measured.processor_time.as_micros() > 0 && measured.memory > Some(0), "{measured:?}");

        must(timed("stop", cloud.stop(&made.cloud_id)).await);
        assert_eq!(must(cloud.metrics(&made.cloud_id).await), None);
        must(cloud.stop(&made.cloud_id).await);
        let stopped = must(cloud.list(&of).await);
        assert_eq!(state(&stopped[0]), Some(MachineState::Stopped));
        must(timed("start", cloud.start(&made.cloud_id)).await);
        must(cloud.start(&made.cloud_id).await);
        let started = must(cloud.list(&of).await);
        assert_eq!(state(&started[0]), Some(MachineState::Running));
        assert_eq!(private(&started[0]), private(&made));

        must(timed("stop again", cloud.stop(&made.cloud_id)).await);
        must(timed("delete", cloud.delete(Kind::Machine, &made.cloud_id)).await);
        must(cloud.delete(Kind::Machine, &made.cloud_id).await);
        assert_eq!(must(cloud.list(&of).await), []);
        let gone = cloud.start(&made.cloud_id).await.expect_err("nothing is there to start");
        assert_eq!((gone.fate, gone.code), (Fate::Final, "instance_not_found"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_shows_exactly_what_the_installation_made() {
    on_incus("test-list", "198.51.100.192/28", |cloud| async move {
        let (mine, other) = (environment("test-list"), environment("test-list"));
        let stranger = another("test-list-stranger", "198.51.100.192/28").await;
        let theirs = environment("test-list-stranger");
        let one = must(cloud.create(&intent(&mine, Kind::Address), &Create::Address).await);
        let two = must(cloud.create(&intent(&other, Kind::Firewall), &firewall(&[(22, 22)])).await);
        let three = must(stranger.create(&intent(&theirs, Kind::Address), &Create::Address).await);
        let (here, all, there) = (cloud.list(&mine).await, cloud.list_all().await, stranger.list_all().await);
        must(stranger.delete(Kind::Address, &three.cloud_id).await);
        assert_eq!(must(here), std::slice::from_ref(&one));
        assert_eq!(must(all), [one.clone(), two]);
        assert_eq!(must(there), [three]);
        must(stranger.delete(Kind::Address, &one.cloud_id).await);
        assert_eq!(must(cloud.list(&mine).await), [one], "what is another's is not deleted");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_do_not_reach_each_other() {
    const SERVE: &str = "systemd-run --working-directory=/srv python3 -m http.server 8080";
    on_incus("test-apart", "198.51.100.240/29", |cloud| async move {
        let (one, other) = (environment("test-apart"), environment("test-apart"));
        let served = must(cloud.create(&intent(&one, Kind::Machine), &machine(&format!("#cloud-config\nruncmd:\n  - {SERVE}\n"))).await);
        let Observed::Machine { private_address: Some(target), .. } = &served.observed else { panic!("{served:?}") };
        assert!(opens(target, 8080).await, "the host reaches it");
        let knock = format!("if curl -s -m 3 http://{target}:8080; then echo reached; else echo kept off; fi > /srv/index.html");
        let data = format!("#cloud-config\nruncmd:\n  - {knock:?}\n  - {SERVE}\n");
        let seen = must(cloud.create(&intent(&other, Kind::Machine), &machine(&data)).await);
        let Observed::Machine { private_address: Some(private), .. } = &seen.observed else { panic!("{seen:?}") };
        assert!(opens(private, 8080).await);
        assert_eq!(fetch(private, 8080).await, "kept off");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn six_at_once_from_two_processes_get_one_of_everything_each_and_every_address_leads_home() {
    on_incus("test-class", "198.51.100.248/29", |cloud| async move {
        let other = std::sync::Arc::new(another("test-class", "198.51.100.248/29").await);
        let ordered = (0..6).map(|n| {
            let cloud = std::sync::Arc::clone(if n % 2 == 0 { &cloud } else { &other });
            tokio::spawn(async move {
                let of = environment("test-class");
                let (one, address, wall) = (intent(&of, Kind::Machine), intent(&of, Kind::Address), intent(&of, Kind::Firewall));
                let (order, wall_order) = (machine(NO_DATA), firewall(&[(22, 22)]));
                let (machine, public, wall) =
                    tokio::join!(cloud.create(&one, &order), cloud.create(&address, &Create::Address), cloud.create(&wall, &wall_order));
                let (machine, public, wall) = (must(machine).cloud_id, must(public), must(wall).cloud_id);
                let order = Create::Binding { address: public.cloud_id.clone(), machine, firewall: wall };
                must(cloud.create(&intent(&of, Kind::Binding), &order).await);
                (of, address_of(&public))
            })
        });
        let ordered: Vec<_> = ordered.collect();
        let begun = std::time::Instant::now();
        for one in ordered {
            let (of, public) = one.await.expect("it was made");
            assert_eq!(must(cloud.list(&of).await).len(), 4);
            assert!(opens(&public, 22).await, "{public} leads to its machine");
        }
        println!("six that answer: {:.2} s", begun.elapsed().as_secs_f64());
        timed("list_all", async { must(cloud.list_all().await) }).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_that_reach_for_one_address_at_the_same_moment_each_get_their_own() {
    on_incus("test-crowded", "198.51.100.200/29", |everywhere| async move {
        // Seven addresses, and six who begin somewhere among them.
        make_network("koza-crowded", "10.73.16.1/28").await;
        let cloud = std::sync::Arc::new(on_network("koza-crowded", "test-crowded", "198.51.100.200/29").await);
        let making = (0..6).map(|_| {
            let cloud = std::sync::Arc::clone(&cloud);
            let wish = intent(&environment("test-crowded"), Kind::Machine);
            tokio::spawn(async move { must(cloud.create(&wish, &machine(NO_DATA)).await) })
        });
        let mut addresses = std::collections::BTreeSet::new();
        for one in making.collect::<Vec<_>>() {
            let seen = one.await.expect("it was made");
            let Observed::Machine { private_address: Some(address), state: MachineState::Running, .. } = seen.observed else {
                panic!("{seen:?}")
            };
            addresses.insert(address);
        }
        assert_eq!(addresses.len(), 6);
        must(cloud.create(&intent(&environment("test-crowded"), Kind::Machine), &machine(NO_DATA)).await);
        let full = cloud.create(&intent(&environment("test-crowded"), Kind::Machine), &machine(NO_DATA)).await;
        assert_eq!(full.map_err(|error| (error.fate, error.code)), Err((Fate::NoCapacity, "no_private_address")));
        clear(&everywhere).await;
        remove_network("koza-crowded").await;
    })
    .await;
}
