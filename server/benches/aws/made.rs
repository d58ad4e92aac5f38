//! What was made, as AWS describes it.

use anyhow::ensure;
use aws_double::Double;
use aws_sdk_route53::types::RrType;

/// One machine with what belongs to it. What is chosen at random (names, addresses, ids) is left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Machine {
    pub kind: String,
    pub image: String,
    pub disks: Vec<(String, i32, bool)>,
    pub metadata: String,
    pub has_key: bool,
    pub lets_in: Vec<(i32, i32, String)>,
    pub address_leads_to_it: bool,
    /// The time to live of the name that leads to its address.
    pub name: Option<i64>,
    pub is_tagged: bool,
}

pub type Made = Vec<Machine>;

/// Looks at everything that runs.
pub async fn describe(double: &Double, zone: &str) -> anyhow::Result<Made> {
    let credentials = aws_sdk_ec2::config::Credentials::new("key", "secret", None, None, "given");
    let sdk = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("us-east-1"))
        .credentials_provider(credentials)
        .endpoint_url(double.endpoint())
        .load()
        .await;
    let (ec2, route53) = (aws_sdk_ec2::Client::new(&sdk), aws_sdk_route53::Client::new(&sdk));
    let volumes = ec2.describe_volumes().send().await?;
    let groups = ec2.describe_security_groups().send().await?;
    let addresses = ec2.describe_addresses().send().await?;
    let records = route53.list_resource_record_sets().hosted_zone_id(zone).send().await?;
    let instances = ec2.describe_instances().send().await?;
    let mut made = Vec::new();
    for instance in instances.reservations().iter().flat_map(|reservation| reservation.instances()) {
        let id = instance.instance_id().unwrap_or_default();
        let is_its = |volume: &&aws_sdk_ec2::types::Volume| volume.attachments().iter().any(|attached| attached.instance_id() == Some(id));
        let disks = volumes.volumes().iter().filter(is_its).map(|volume| {
            let kind = volume.volume_type().map(|kind| kind.as_str().to_owned()).unwrap_or_default();
            (kind, volume.size().unwrap_or(0), volume.encrypted().unwrap_or(false))
        });
        let guarded_by: Vec<_> = instance.security_groups().iter().filter_map(|group| group.group_id()).collect();
        let rules = groups.security_groups().iter().filter(|group| group.group_id().is_some_and(|id| guarded_by.contains(&id)));
        let mut lets_in: Vec<_> = rules
            .flat_map(|group| group.ip_permissions())
            .flat_map(|rule| rule.ip_ranges().iter().map(move |range| (rule, range)))
            .map(|(rule, range)| {
                (rule.from_port().unwrap_or(0), rule.to_port().unwrap_or(0), range.cidr_ip().unwrap_or_default().to_owned())
            })
            .collect();
        lets_in.sort_unstable();
        let address = addresses.addresses().iter().find(|address| address.instance_id() == Some(id));
        let public = address.and_then(|address| address.public_ip());
        let name = records
            .resource_record_sets()
            .iter()
            .find(|set| set.r#type() == &RrType::A && set.resource_records().iter().any(|record| Some(record.value()) == public));
        let metadata = instance.metadata_options();
        made.push(Machine {
            kind: instance.instance_type().map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
            image: instance.image_id().unwrap_or_default().to_owned(),
            disks: disks.collect(),
            metadata: format!(
                "{} {}",
                metadata.and_then(|options| options.http_tokens()).map_or("", |tokens| tokens.as_str()),
                metadata.and_then(|options| options.http_put_response_hop_limit()).unwrap_or(0)
            ),
            has_key: instance.key_name().is_some(),
            lets_in,
            address_leads_to_it: address.is_some(),
            name: name.and_then(|set| set.ttl()),
            is_tagged: !instance.tags().is_empty(),
        });
    }
    made.sort();
    Ok(made)
}

/// Both made the same.
pub fn compare(theirs: &Made, ours: &Made) -> anyhow::Result<()> {
    // A copy starts from an image of its own: what it is called is nobody's choice.
    // Who is launched together with others has its key let in by the agent: EC2 takes one key for a whole launch.
    let together = ours.iter().filter(|machine| !machine.has_key).count();
    let unnamed = |made: &Made| {
        let mut made = made.clone();
        made.iter_mut().filter(|_| together > 0).for_each(|machine| machine.has_key = false);
        made.iter_mut().filter(|machine| machine.image != crate::IMAGE).for_each(|machine| machine.image.clear());
        made.sort();
        made
    };
    ensure!(unnamed(theirs) == unnamed(ours), "they made different things:\nTerraform: {theirs:#?}\nKoza: {ours:#?}");
    if together > 0 {
        println!("{together} of Koza's were launched together; their keys are let in by the agent.");
    }
    println!(
        "Both made the same, field by field: {} machines with type, image, disk, metadata service, key, rules, address, name, tags.\n",
        ours.len()
    );
    Ok(())
}
