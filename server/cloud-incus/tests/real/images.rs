//! Snapshots and images.

use cloud::{Cloud, Create, Fate, ImageSource, Kind, MachineState, Observed};

use crate::support::{
    NO_DATA, another, becomes, environment, fetch, intent, machine, machine_from, made_in_steps, must, on_incus, opens, timed,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_becomes_an_image_and_the_image_a_machine_with_what_was_written() {
    const MARK: &str = "#cloud-config\nruncmd:\n  - echo marked > /srv/index.html\n  - sync\n  - poweroff\n";
    const SERVE: &str = "#cloud-config\nruncmd:\n  - systemd-run --working-directory=/srv python3 -m http.server 8080\n";
    on_incus("test-image", "198.51.100.208/28", |cloud| async move {
        let of = environment("test-image");
        let baked = must(cloud.create(&intent(&of, Kind::Machine), &machine(MARK)).await);
        assert!(timed("build machine turns itself off", becomes(&cloud, &of, MachineState::Stopped)).await);

        let wish = intent(&of, Kind::Snapshot);
        let order = Create::Snapshot { machine: baked.cloud_id.clone() };
        let (_, snapshot) = timed("snapshot", made_in_steps(&cloud, &wish, &order)).await;
        assert_eq!(must(cloud.create(&wish, &order).await), snapshot);
        assert!(must(cloud.list(&of).await).contains(&snapshot));
        let held = cloud.delete(Kind::Machine, &baked.cloud_id).await.expect_err("it has a snapshot");
        assert_eq!((held.fate, held.code), (Fate::InUse, "has_snapshots"));

        let hurried = another("test-image", "198.51.100.208/28").await.with_deadline(std::time::Duration::from_millis(1500));
        let wish = intent(&of, Kind::Image);
        let order = Create::Image { snapshot: snapshot.cloud_id.clone(), recipe: "recipe-of-test".to_owned() };
        let (hasty, image) = timed("publish and unpack", made_in_steps(&hurried, &wish, &order)).await;
        assert!(hasty > 0, "no call waits for the whole of it");
        assert_eq!(must(cloud.create(&wish, &order).await), image);
        assert_eq!(must(cloud.image_by_recipe("recipe-of-test").await), Some(image.cloud_id.clone()));
        assert_eq!(must(cloud.image_by_recipe("another").await), None);
        must(cloud.delete(Kind::Snapshot, &snapshot.cloud_id).await);
        must(cloud.delete(Kind::Snapshot, &snapshot.cloud_id).await);
        must(cloud.delete(Kind::Machine, &baked.cloud_id).await);
        assert_eq!(must(cloud.list(&of).await), std::slice::from_ref(&image), "nothing of the making is left");

        let of = environment("test-image");
        let order = machine_from(ImageSource::Baked(image.cloud_id.clone()), SERVE);
        let new = must(timed("create and start from the image", cloud.create(&intent(&of, Kind::Machine), &order)).await);
        let Observed::Machine { private_address: Some(private), .. } = &new.observed else { panic!("{new:?}") };
        assert!(timed("first answer", opens(private, 8080)).await);
        assert_eq!(fetch(private, 8080).await, "marked");
        must(cloud.delete(Kind::Image, &image.cloud_id).await);
        must(cloud.delete(Kind::Image, &image.cloud_id).await);
        assert_eq!(must(cloud.list(&of).await).len(), 1, "a machine outlives its image");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_runs_is_copied_and_the_copy_reads_its_own_user_data() {
    const FIRST: &str = "#cloud-config\nruncmd:\n  - echo written before > /srv/mark\n  - systemd-run --working-directory=/srv python3 -m http.server 8080\n";
    const COPY: &str = "#cloud-config\nruncmd:\n  - cat /srv/mark /var/lib/cloud/seed/nocloud-net/user-data > /srv/index.html\n  - systemd-run --working-directory=/srv python3 -m http.server 8081";
    on_incus("test-copy", "198.51.100.132/30", |cloud| async move {
        let of = environment("test-copy");
        let first = must(cloud.create(&intent(&of, Kind::Machine), &machine(FIRST)).await);
        let Observed::Machine { private_address: Some(private), .. } = &first.observed else { panic!("{first:?}") };
        assert!(opens(private, 8080).await);

        let order = Create::Snapshot { machine: first.cloud_id.clone() };
        let snapshot = must(timed("snapshot while it runs", cloud.create(&intent(&of, Kind::Snapshot), &order)).await);
        let order = Create::Image { snapshot: snapshot.cloud_id.clone(), recipe: "copy of test".to_owned() };
        let (_, image) = timed("publish and unpack", made_in_steps(&cloud, &intent(&of, Kind::Image), &order)).await;
        assert!(becomes(&cloud, &of, MachineState::Running).await, "the first ran on");

        let mut wish = intent(&of, Kind::Machine);
        wish.slot = 2;
        let copy = must(cloud.create(&wish, &machine_from(ImageSource::Baked(image.cloud_id), COPY)).await);
        let Observed::Machine { private_address: Some(private), .. } = &copy.observed else { panic!("{copy:?}") };
        assert!(timed("copy answers", opens(private, 8081)).await);
        assert_eq!(fetch(private, 8081).await, format!("written before\n{COPY}"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_not_there_is_said_to_be_missing_and_leaves_nothing_half_made() {
    on_incus("test-missing", "198.51.100.224/28", |cloud| async move {
        let of = environment("test-missing");
        for image in [ImageSource::Base("debian-1".to_owned()), ImageSource::Baked("0".repeat(64))] {
            let refused =
                cloud.create(&intent(&of, Kind::Machine), &machine_from(image, NO_DATA)).await.expect_err("there is no such image");
            assert_eq!((refused.fate, refused.code), (Fate::Final, "image_not_found"), "{refused}");
        }
        assert_eq!(must(cloud.list(&of).await), []);
    })
    .await;
}
