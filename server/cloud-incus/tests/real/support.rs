//! A real Incus to try things on, or a reason why there is none.

use std::future::Future;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cloud::order::PortRange;
use cloud::{Cloud, CloudError, Create, EnvironmentTag, ImageSource, Intent, Kind, MachineState, Observed, Seen, Size, Tags};
use cloud_incus::{IncusCloud, IncusConfig};
use uuid::Uuid;

/// User-data that asks for nothing.
pub const NO_DATA: &str = "#cloud-config\n{}\n";

pub const SMALL: Size = Size { cpus: 1, memory_mib: 512, disk_gib: 4 };

/// Runs a promise on the real thing and leaves nothing behind, however it ends. Where there is no Incus it says so in one line that
/// `deploy/test` counts; with `CI` set that is a failure.
pub async fn on_incus<F>(installation: &str, address_pool: &str, promise: impl FnOnce(Arc<IncusCloud>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let cloud = match reach(installation, address_pool).await {
        Ok(cloud) => Arc::new(cloud),
        Err(reason) => {
            assert!(std::env::var_os("CI").is_none_or(|set| set.is_empty()), "skipped: {reason}");
            // Straight to the screen: what is printed the usual way is kept back when a test passes.
            let _ = std::io::stderr().write_all(format!("\nskipped: {installation}: {reason}\n").as_bytes());
            return;
        }
    };
    clear(&cloud).await;
    let end = tokio::spawn(promise(Arc::clone(&cloud))).await;
    clear(&cloud).await;
    if let Err(panic) = end {
        std::panic::resume_unwind(panic.into_panic());
    }
}

async fn reach(installation: &str, address_pool: &str) -> Result<IncusCloud, String> {
    reach_on("koza0", installation, address_pool).await
}

/// The Incus project of the tests; `KOZA_INCUS_PROJECT` names another.
fn project() -> String {
    std::env::var("KOZA_INCUS_PROJECT").unwrap_or_else(|_| "koza-test".to_owned())
}

async fn reach_on(network: &str, installation: &str, address_pool: &str) -> Result<IncusCloud, String> {
    let socket = std::env::var_os("KOZA_INCUS_SOCKET").map_or_else(|| PathBuf::from("/var/lib/incus/unix.socket"), PathBuf::from);
    if !socket.exists() {
        return Err(format!("no Incus answers here ({} is not there)", socket.display()));
    }
    let cloud = IncusCloud::new(IncusConfig {
        socket,
        project: project(),
        network: network.to_owned(),
        storage_pool: "koza".to_owned(),
        address_pool: address_pool.to_owned(),
        installation: installation.to_owned(),
    })
    .map_err(|error| error.to_string())?
    .with_deadline(Duration::from_secs(60));
    cloud.describe().await.map_err(|error| format!("no Incus answers here ({error})"))?;
    cloud.list_all().await.map_err(|error| format!("this Incus is not prepared for tests: deploy/host/incus up koza-test ({error})"))?;
    Ok(cloud)
}

/// Here a snapshot lies inside its machine, and goes before it.
const USERS_FIRST: [Kind; 10] = [
    Kind::Target,
    Kind::Listener,
    Kind::Balancer,
    Kind::TargetGroup,
    Kind::Snapshot,
    Kind::Machine,
    Kind::Binding,
    Kind::Address,
    Kind::Firewall,
    Kind::Image,
];

/// Deletes everything of the installation, users before what they use.
pub async fn clear(cloud: &Arc<IncusCloud>) {
    for _ in 0..4 {
        let all = must(cloud.list_all().await);
        if all.is_empty() {
            return;
        }
        for kind in USERS_FIRST {
            let mut going = tokio::task::JoinSet::new();
            for seen in all.iter().filter(|seen| seen.kind() == kind).cloned() {
                let cloud = Arc::clone(cloud);
                going.spawn(async move {
                    if kind == Kind::Machine {
                        let _ = cloud.stop(&seen.cloud_id).await;
                    }
                    let _ = cloud.delete(kind, &seen.cloud_id).await;
                });
            }
            going.join_all().await;
        }
    }
    panic!("something stays behind: {:?}", must(cloud.list_all().await));
}

/// The value, or what the cloud said.
#[track_caller]
pub fn must<T>(result: Result<T, CloudError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the cloud refused: {error}"),
    }
}

/// An environment of an installation.
pub fn environment(installation: &str) -> EnvironmentTag {
    EnvironmentTag { installation: installation.to_owned(), environment: Uuid::now_v7() }
}

pub fn intent(environment: &EnvironmentTag, kind: Kind) -> Intent {
    let tags = Tags { environment: environment.clone(), course: Uuid::now_v7(), owner: Uuid::now_v7() };
    Intent { token: Uuid::now_v7(), kind, slot: 1, incarnation: 1, is_repeat: false, tags }
}

pub fn machine(user_data: &str) -> Create {
    machine_from(ImageSource::Base("debian-12".to_owned()), user_data)
}

pub fn machine_from(image: ImageSource, user_data: &str) -> Create {
    Create::Machine {
        image,
        size: SMALL,
        user_data: user_data.to_owned(),
        host_name: "c5".to_owned(),
        zone: None,
        disk: None,
        firewall: None,
        key: None,
        is_encrypted: false,
        goes_out_alone: false,
    }
}

pub fn firewall(ports: &[(u16, u16)]) -> Create {
    Create::Firewall { tcp: ports.iter().map(|&(from, to)| PortRange { from, to }.into()).collect() }
}

pub fn state(seen: &Seen) -> Option<MachineState> {
    match &seen.observed {
        Observed::Machine { state, .. } => Some(*state),
        _ => None,
    }
}

pub fn address(seen: &Seen) -> String {
    match &seen.observed {
        Observed::Address { address } => address.clone(),
        other => panic!("not an address: {other:?}"),
    }
}

/// Whether a TCP port answers within two seconds.
pub async fn is_open(address: &str, port: u16) -> bool {
    let connect = tokio::net::TcpStream::connect((address, port));
    matches!(tokio::time::timeout(Duration::from_secs(2), connect).await, Ok(Ok(_)))
}

/// Waits for a port of a machine that is still booting.
pub async fn opens(address: &str, port: u16) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if is_open(address, port).await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

/// The state once it is this, within a minute.
pub async fn becomes(cloud: &IncusCloud, of: &EnvironmentTag, wanted: MachineState) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if must(cloud.list(of).await).iter().any(|seen| state(seen) == Some(wanted)) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

/// Prints how long something took; the benchmark's numbers come from elsewhere, these help reading a failed run.
pub async fn timed<T>(what: &str, doing: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let result = doing.await;
    println!("{what}: {:.2} s", begun.elapsed().as_secs_f64());
    result
}

/// A second process's view of the same Incus.
pub async fn another(installation: &str, address_pool: &str) -> IncusCloud {
    match reach(installation, address_pool).await {
        Ok(cloud) => cloud,
        Err(reason) => panic!("{reason}"),
    }
}

/// The same Incus, on a network of the test's own.
pub async fn on_network(network: &str, installation: &str, address_pool: &str) -> IncusCloud {
    match reach_on(network, installation, address_pool).await {
        Ok(cloud) => cloud,
        Err(reason) => panic!("{reason}"),
    }
}

/// Makes a bridge, new even if a run that was cut off left one behind.
pub async fn make_network(name: &str, address: &str) {
    let incus = async |words: &[&str]| tokio::process::Command::new("incus").args(words).output().await.expect("incus answers");
    let _ = incus(&["network", "delete", name]).await;
    let address = format!("ipv4.address={address}");
    let made = incus(&["network", "create", name, &address, "ipv6.address=none", "ipv4.nat=false"]).await;
    assert!(made.status.success(), "{made:?}");
}

/// Takes the bridge away that [`make_network`] made.
pub async fn remove_network(name: &str) {
    let removed = tokio::process::Command::new("incus").args(["network", "delete", name]).output().await.expect("incus answers");
    assert!(removed.status.success(), "{removed:?}");
}

/// Repeats an order while the cloud says "later" (Incus changes nothing of a machine that turned itself off until its clean-up is done);
/// how often it said so, and what came of it.
pub async fn made_in_steps(cloud: &IncusCloud, wish: &Intent, order: &Create) -> (u32, Seen) {
    for hasty in 0..120 {
        match cloud.create(wish, order).await {
            Err(error) if matches!(error.fate, cloud::Fate::NotVisibleYet | cloud::Fate::TryAgain) => {
                tokio::time::sleep(Duration::from_millis(500)).await
            }
            end => return (hasty, must(end)),
        }
    }
    panic!("{:?} was not made", wish.kind);
}

/// What a worker leaves behind that died between making a machine and starting it.
pub async fn make_without_starting(wish: &Intent) {
    let tags = [
        ("installation", wish.tags.environment.installation.clone()),
        ("environment", wish.tags.environment.environment.to_string()),
        ("intent", wish.token.to_string()),
        ("kind", "machine".to_owned()),
        ("name", wish.name()),
    ];
    let config = tags.iter().flat_map(|(word, value)| ["-c".to_owned(), format!("user.koza.{word}={value}")]);
    let (name, project) = (wish.name(), project());
    let init = ["init", "koza-debian-12", &name, "--project", &project, "--no-profiles", "-s", "koza", "-n", "koza0"];
    let made = tokio::process::Command::new("incus").args(init).args(config).status().await;
    assert!(made.expect("incus answers").success());
}

/// Somebody with access to the host takes the ports of a forward away.
pub async fn take_ports_away(listen_address: &str) {
    let path = format!("/1.0/networks/koza0/forwards/{listen_address}");
    let get = tokio::process::Command::new("incus").args(["query", &path]).output().await.expect("incus answers");
    let mut forward: serde_json::Value = serde_json::from_slice(&get.stdout).expect("it is JSON");
    forward["ports"] = serde_json::json!([]);
    let put = tokio::process::Command::new("incus").args(["query", "-X", "PUT", "-d", &forward.to_string(), &path]).status().await;
    assert!(put.expect("incus answers").success());
}

/// Somebody with access to the host stops an instance, without a word.
pub async fn stop_by_hand(name: &str) {
    let project = project();
    let stop = ["stop", "--force", name, "--project", &project];
    let stopped = tokio::process::Command::new("incus").args(stop).status().await;
    assert!(stopped.expect("incus answers").success());
}

/// The body of `/`, without its line end.
pub async fn fetch(host: &str, port: u16) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect((host, port)).await.expect("it answered before");
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.expect("it takes a request");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("it answers");
    text.rsplit("\r\n\r\n").next().unwrap_or_default().trim().to_owned()
}

/// Where an instance is on the bridge.
pub async fn private_address_of(name: &str) -> String {
    let project = project();
    let get = ["config", "device", "get", name, "eth0", "ipv4.address", "--project", &project];
    let told = tokio::process::Command::new("incus").args(get).output().await.expect("incus answers");
    String::from_utf8_lossy(&told.stdout).trim().to_owned()
}
