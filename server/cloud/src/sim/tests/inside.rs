//! Boots, probes and what breaks.

use super::*;

#[tokio::test]
async fn a_boot_goes_step_by_step_and_a_second_one_installs_nothing() {
    let trial = Trial::new();
    let machine = trial.whole(1, SERVICES).await;
    assert_eq!(trial.cloud.boot(&machine), None);
    trial.pass(Duration::milliseconds(2100));
    let boot = trial.cloud.boot(&machine).expect("it runs");
    assert!(boot.now.is_some() && boot.failed.is_none());
    trial.pass(MINUTE);
    let first = trial.cloud.boot(&machine).expect("it runs");
    let steps = ["settings", "install:ssh", "configure:ssh", "install:wordpress", "configure:wordpress", "ready"];
    assert_eq!((first.done, first.now), (steps.map(str::to_owned).to_vec(), None));

    must(trial.cloud.stop(&machine).await);
    trial.pass(MINUTE);
    assert_eq!(trial.cloud.boot(&machine), None);
    must(trial.cloud.start(&machine).await);
    trial.pass(MINUTE);
    let second = trial.cloud.boot(&machine).expect("it runs");
    assert_ne!(first.id, second.id);
    assert_eq!(second.done, ["settings", "configure:ssh", "configure:wordpress", "ready"]);
}

#[tokio::test]
async fn a_build_machine_turns_itself_off_and_its_image_needs_no_installing() {
    let trial = Trial::with(SimSettings { snapshots_stand_alone: false, ..Trial::prompt() });
    let bake = trial.make(1, Kind::Machine, &machine(BAKE)).await.cloud_id;
    let order = Create::Snapshot { machine: bake.clone() };
    assert_eq!(trial.cloud.create(&trial.intent(1, Kind::Snapshot), &order).await.expect_err("it runs").fate, Fate::InUse);
    trial.pass(MINUTE);
    trial.pass(MINUTE);
    let listed = must(trial.cloud.list_all().await);
    assert_eq!(listed.first().and_then(state), Some(MachineState::Stopped));
    let last_words = trial.cloud.boot(&bake).expect("it said so before it turned itself off");
    assert_eq!(last_words.done, ["settings", "install:ssh", "install:wordpress", "check", "clean"]);
    let snapshot = trial.make(1, Kind::Snapshot, &order).await.cloud_id;
    let wish = trial.intent(1, Kind::Image);
    let order = Create::Image { snapshot, recipe: "r".into() };
    assert_eq!(trial.cloud.create(&wish, &order).await.expect_err("it takes time").fate, Fate::NotVisibleYet);
    assert_eq!(must(trial.cloud.image_by_recipe("r").await), None);
    trial.pass(MINUTE);
    let image = must(trial.cloud.create(&wish, &order).await).cloud_id;
    assert_eq!(must(trial.cloud.image_by_recipe("r").await), Some(image.clone()));

    let new = trial.make(2, Kind::Machine, &machine_from(ImageSource::Baked(image), SERVICES)).await.cloud_id;
    trial.pass(MINUTE);
    let boot = trial.cloud.boot(&new).expect("it runs");
    assert_eq!(boot.done, ["settings", "configure:ssh", "configure:wordpress", "ready"]);
    assert_ne!(trial.cloud.host_key(&new), trial.cloud.host_key(&bake));
    assert!(trial.cloud.host_key(&new).is_some_and(|key| key.starts_with("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI")));
}

#[tokio::test]
async fn a_step_that_fails_is_named_with_its_lines_and_the_boot_ends_there() {
    let trial = Trial::new();
    let machine = trial.whole(1, SERVICES).await;
    must(trial.cloud.break_step(&machine, "configure:ssh", Some(&["no space left"])));
    trial.pass(MINUTE);
    let boot = trial.cloud.boot(&machine).expect("it runs");
    assert_eq!(boot.failed, Some(("configure:ssh".to_owned(), vec!["no space left".to_owned()])));
    assert_eq!(boot.done, ["settings", "install:ssh"]);
    assert!(trial.cloud.ask(&machine, "ssh").is_err());
}

#[tokio::test]
async fn no_probe_is_green_before_its_time_and_each_notices_what_is_broken() {
    let trial = Trial::new();
    let lonely = trial.make(2, Kind::Machine, &machine(SERVICES)).await.cloud_id;
    let machine = trial.whole(1, SERVICES).await;
    let green = |machine: &str| ["ssh", "wordpress", "closed_ports", "ftp_tex"].map(|probe| trial.cloud.ask(machine, probe).is_ok());
    assert_eq!(green(&machine), [false; 4], "it does not run");
    trial.pass(Duration::milliseconds(2100));
    assert_eq!(green(&machine), [false; 4], "it boots");
    trial.pass(MINUTE);
    assert_eq!(green(&machine), [true, true, true, false], "it has no ftp_tex");
    assert_eq!(green(&lonely), [false; 4], "nothing leads to it");
    assert_eq!(green("machine-of-nobody"), [false; 4]);
    assert!(trial.cloud.ask(&machine, "no_such_probe").is_err());

    must(trial.cloud.break_service(&machine, "wordpress"));
    assert_eq!(green(&machine), [true, false, true, false]);
    must(trial.cloud.restart_service(&machine, "wordpress"));
    assert_eq!(green(&machine), [true, true, true, false]);
    must(trial.cloud.wreck_service(&machine, "ssh"));
    must(trial.cloud.restart_service(&machine, "ssh"));
    assert_eq!(green(&machine), [false, true, true, false]);
    must(trial.cloud.mend_service(&machine, "ssh"));
    must(trial.cloud.cut_binding(&machine));
    assert_eq!(green(&machine), [false; 4], "nothing leads to it any more");
}

#[tokio::test]
async fn an_open_database_port_is_not_what_should_be_closed() {
    let trial = Trial::new();
    let machine = trial.make(1, Kind::Machine, &machine(SERVICES)).await.cloud_id;
    let address = trial.make(1, Kind::Address, &Create::Address).await.cloud_id;
    let firewall = trial.make(1, Kind::Firewall, &Create::Firewall { tcp: vec![PortRange { from: 1, to: 65535 }.into()] }).await.cloud_id;
    trial.make(1, Kind::Binding, &Create::Binding { address, machine: machine.clone(), firewall }).await;
    trial.pass(MINUTE);
    assert_eq!(trial.cloud.ask(&machine, "closed_ports"), Err("port 111 is open".to_owned()));
}
