//! Zones, room, and whose token is known where.

use super::*;

fn in_zone(zone: &str) -> Create {
    let size = Size { cpus: 1, memory_mib: 512, disk_gib: 4 };
    let image = ImageSource::Base("debian-12".into());
    let (user_data, host_name) = (SERVICES.into(), "c5".into());
    Create::Machine {
        image,
        size,
        user_data,
        host_name,
        zone: Some(zone.into()),
        disk: None,
        firewall: None,
        key: None,
        is_encrypted: false,
        goes_out_alone: false,
    }
}

#[tokio::test]
async fn a_token_is_known_in_its_own_zone_only() {
    let trial = Trial::new();
    let intent = trial.intent(1, Kind::Machine);
    let one = must(trial.cloud.create(&intent, &in_zone("a")).await);
    assert_eq!(must(trial.cloud.create(&intent, &in_zone("a")).await).cloud_id, one.cloud_id);
    let other = must(trial.cloud.create(&intent, &in_zone("b")).await);
    assert_ne!(other.cloud_id, one.cloud_id, "whoever changes the zone of an order pays for two");
}

#[tokio::test]
async fn a_zone_without_room_says_so_and_another_has_some() {
    let zone_capacity = [("a".to_owned(), 1)].into();
    let trial = Trial::with(SimSettings { zone_capacity, ..Trial::prompt() });
    trial.make(1, Kind::Machine, &in_zone("a")).await;
    let full = trial.cloud.create(&trial.intent(2, Kind::Machine), &in_zone("a")).await.expect_err("there is room for one");
    assert_eq!(full.fate, Fate::NoCapacity);
    let seen = trial.make(2, Kind::Machine, &in_zone("b")).await;
    assert!(matches!(seen.observed, Observed::Machine { zone: Some(zone), .. } if zone == "b"));
    let nowhere = trial.cloud.create(&trial.intent(3, Kind::Machine), &in_zone("c")).await.expect_err("there is none");
    assert_eq!((nowhere.fate, nowhere.code), (Fate::Final, "zone_not_found"));
}

#[tokio::test]
async fn a_disk_comes_with_its_machine_and_goes_with_it_but_for_bad_luck() {
    for (left_disks, left) in [(0, 0), (1000, 1)] {
        let trial = Trial::with(SimSettings { chances: Chances { left_disks, ..Chances::default() }, ..Trial::prompt() });
        let size = Size { cpus: 1, memory_mib: 512, disk_gib: 4 };
        let image = ImageSource::Base("debian-12".into());
        let disk = trial.intent(1, Kind::Disk).token;
        let (user_data, host_name) = (SERVICES.into(), "c5".into());
        let order = Create::Machine {
            image,
            size,
            user_data,
            host_name,
            zone: None,
            disk: Some(disk),
            firewall: None,
            key: None,
            is_encrypted: false,
            goes_out_alone: false,
        };
        let machine = trial.make(1, Kind::Machine, &order).await.cloud_id;
        trial.pass(MINUTE);
        let disk_of = async || must(trial.cloud.list_all().await).into_iter().find(|seen| seen.kind() == Kind::Disk);
        let seen = disk_of().await.expect("it came with its machine");
        assert_eq!(seen.intent, Some(disk));
        assert_eq!(trial.cloud.delete(Kind::Disk, &seen.cloud_id).await.expect_err("its machine uses it").fate, Fate::InUse);
        must(trial.cloud.stop(&machine).await);
        trial.pass(MINUTE);
        must(trial.cloud.delete(Kind::Machine, &machine).await);
        assert_eq!(disk_of().await.iter().count(), left);
        must(trial.cloud.delete(Kind::Disk, &seen.cloud_id).await);
        assert_eq!(must(trial.cloud.list_all().await), []);
    }
}

#[tokio::test]
async fn where_there_is_room_for_some_of_several_those_start_and_the_others_are_told() {
    let trial = Trial::new();
    let mut machines = Vec::new();
    for environment in 1..=3 {
        machines.push(trial.make(environment, Kind::Machine, &in_zone("a")).await.cloud_id);
    }
    trial.cloud.several(Call::Stop, &machines).await;
    trial.pass(MINUTE);
    trial.cloud.change_settings(|settings| settings.capacity = 2);
    let [Ok(_), Ok(_), Err(full)] = &trial.cloud.several(Call::Start, &machines).await[..] else { panic!("room for two") };
    assert_eq!(full.fate, Fate::NoCapacity);
    trial.pass(MINUTE);
    let running = must(trial.cloud.list_all().await).iter().filter(|seen| state(seen) == Some(MachineState::Running)).count();
    assert_eq!(running, 2);
}
