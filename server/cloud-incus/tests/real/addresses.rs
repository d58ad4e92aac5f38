//! Addresses, firewalls and bindings: nobody shares one, and nothing gets through that is not listed.

use cloud::{Cloud, Create, Fate, Kind, Observed, Seen};

use crate::support::{
    NO_DATA, address, another, environment, firewall, intent, is_open, machine, must, on_incus, opens, take_ports_away, timed,
};

#[tokio::test(flavor = "multi_thread")]
async fn two_who_want_an_address_at_once_get_two_and_the_third_hears_how_many_there_are() {
    on_incus("test-pool", "198.51.100.136/31", |cloud| async move {
        let wishes: Vec<_> = (0..3).map(|_| intent(&environment("test-pool"), Kind::Address)).collect();
        let (one, other) = tokio::join!(cloud.create(&wishes[0], &Create::Address), cloud.create(&wishes[1], &Create::Address));
        let (one, other) = (must(one), must(other));
        assert_ne!(address(&one), address(&other));
        assert_eq!(must(cloud.create(&wishes[0], &Create::Address).await), one, "the same intent has the same address");

        let full = cloud.create(&wishes[2], &Create::Address).await.expect_err("the pool has two addresses");
        assert_eq!((full.fate, full.code, full.numbers), (Fate::OverQuota, "no_free_address", Some((2, 2))));
        assert_eq!(full.said, "2 of 2 in use");

        must(cloud.delete(Kind::Address, &one.cloud_id).await);
        must(cloud.delete(Kind::Address, &one.cloud_id).await);
        let third = must(cloud.create(&wishes[2], &Create::Address).await);
        assert_eq!(address(&third), address(&one), "what was given back is free again");
        must(cloud.delete(Kind::Address, &one.cloud_id).await);
        assert_eq!(must(cloud.list(&wishes[2].tags.environment).await), [third], "a late delete does not hit the next holder");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_want_addresses_at_once_do_not_share_one() {
    on_incus("test-race", "198.51.100.138/31", |cloud| async move {
        let other = another("test-race", "198.51.100.138/31").await;
        let wishes: Vec<_> = (0..2).map(|_| intent(&environment("test-race"), Kind::Address)).collect();
        let (one, two) = tokio::join!(cloud.create(&wishes[0], &Create::Address), other.create(&wishes[1], &Create::Address));
        assert_ne!(address(&must(one)), address(&must(two)));

        let of = environment("test-race");
        for seen in must(cloud.list_all().await) {
            must(cloud.delete(Kind::Address, &seen.cloud_id).await);
        }
        let wish = intent(&of, Kind::Address);
        let (one, two) = tokio::join!(cloud.create(&wish, &Create::Address), other.create(&wish, &Create::Address));
        assert_eq!(must(one), must(two), "two calls for one intent end with one address");
        assert_eq!(must(cloud.list(&of).await).len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binding_lets_the_listed_ports_through_and_nothing_else() {
    const SERVERS: &str = "#cloud-config\nruncmd:\n  - for port in 8080 9001 9100; do systemd-run python3 -m http.server $port; done\n";
    on_incus("test-binding", "198.51.100.160/28", |cloud| async move {
        let of = environment("test-binding");
        let machine = must(cloud.create(&intent(&of, Kind::Machine), &machine(SERVERS)).await);
        let wall = must(cloud.create(&intent(&of, Kind::Firewall), &firewall(&[(8080, 8080), (9000, 9002)])).await);
        let public = must(cloud.create(&intent(&of, Kind::Address), &Create::Address).await);
        let wish = intent(&of, Kind::Binding);
        let order =
            Create::Binding { address: public.cloud_id.clone(), machine: machine.cloud_id.clone(), firewall: wall.cloud_id.clone() };
        let bound = must(timed("bind", cloud.create(&wish, &order)).await);
        assert_eq!(must(cloud.create(&wish, &order).await), bound);

        let public_address = address(&public);
        assert!(timed("first answer", opens(&public_address, 9001)).await, "9001 is in the list");
        assert!(opens(&public_address, 8080).await, "8080 is in the list");
        for closed in [22, 9100] {
            assert!(!is_open(&public_address, closed).await, "{closed} is not in the list");
        }
        let listed = must(cloud.list(&of).await);
        assert_eq!(listed.len(), 4, "{listed:?}");
        assert!(listed.contains(&bound), "it leads to the machine: {listed:?}");

        for (kind, id, code) in [(Kind::Address, &public.cloud_id, "address_is_bound"), (Kind::Firewall, &wall.cloud_id, "firewall_in_use")]
        {
            let refused = cloud.delete(kind, id).await.expect_err("a binding uses it");
            assert_eq!((refused.fate, refused.code), (Fate::InUse, code));
        }

        must(cloud.stop(&machine.cloud_id).await);
        must(cloud.start(&machine.cloud_id).await);
        assert!(must(cloud.list(&of).await).contains(&bound), "it leads to the machine after stop and start");

        must(cloud.delete(Kind::Binding, &bound.cloud_id).await);
        must(cloud.delete(Kind::Binding, &bound.cloud_id).await);
        assert!(!is_open(&public_address, 8080).await, "nothing leads there any more");
        must(cloud.delete(Kind::Address, &public.cloud_id).await);
        must(cloud.delete(Kind::Firewall, &wall.cloud_id).await);
        must(cloud.delete(Kind::Firewall, &wall.cloud_id).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_was_turned_elsewhere_is_seen_to_lead_nowhere() {
    on_incus("test-drift", "198.51.100.176/28", |cloud| async move {
        let of = environment("test-drift");
        let machine = must(cloud.create(&intent(&of, Kind::Machine), &machine(NO_DATA)).await);
        let wall = must(cloud.create(&intent(&of, Kind::Firewall), &firewall(&[(22, 22), (60000, 60010)])).await);
        let public = must(cloud.create(&intent(&of, Kind::Address), &Create::Address).await);
        let wish = intent(&of, Kind::Binding);
        let order = Create::Binding { address: public.cloud_id.clone(), machine: machine.cloud_id.clone(), firewall: wall.cloud_id };
        let bound = must(cloud.create(&wish, &order).await);
        take_ports_away(&address(&public)).await;
        let seen = must(cloud.list(&of).await).into_iter().find(|seen| seen.kind() == Kind::Binding);
        let leads_to = |seen: &Seen| match &seen.observed {
            Observed::Binding { machine, .. } => machine.clone(),
            _ => panic!("not a binding"),
        };
        assert_eq!(seen.as_ref().map(leads_to), Some(String::new()));
        must(cloud.create(&wish, &order).await);
        assert!(must(cloud.list(&of).await).contains(&bound), "the same order mends it");
    })
    .await;
}
