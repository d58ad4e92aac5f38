//! Sizes as instance types: the smallest of one family that is large enough, so that one price list and one quota (standard vCPUs) hold.
//!
//! Source of the figures: <https://aws.amazon.com/ec2/instance-types/t3/>, read 2026-11.

use cloud::{CloudError, Fate, Size};

struct Type {
    name: &'static str,
    cpus: u32,
    memory_mib: u32,
}

const fn of(name: &'static str, cpus: u32, memory_mib: u32) -> Type {
    Type { name, cpus, memory_mib }
}

const TYPES: [Type; 7] = [
    of("t3.nano", 2, 512),
    of("t3.micro", 2, 1024),
    of("t3.small", 2, 2048),
    of("t3.medium", 2, 4096),
    of("t3.large", 2, 8192),
    of("t3.xlarge", 4, 16384),
    of("t3.2xlarge", 8, 32768),
];

/// The type that carries a size.
///
/// # Errors
/// [`Fate::Final`] if none of ours is so large.
pub fn instance_type(size: Size) -> Result<&'static str, CloudError> {
    let fits = |one: &&Type| one.cpus >= size.cpus && one.memory_mib >= size.memory_mib;
    TYPES.iter().find(fits).map(|one| one.name).ok_or_else(|| {
        let said = format!("no instance type of ours has {} CPUs and {} MiB", size.cpus, size.memory_mib);
        CloudError::new(Fate::Final, "too_large", said)
    })
}

/// Every type that a size of ours can become, the smallest first.
pub fn instance_types() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|one| one.name)
}

/// The processors of a type of ours.
pub(crate) fn cpus(name: &str) -> Option<u32> {
    TYPES.iter().find(|one| one.name == name).map(|one| one.cpus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_type_that_is_large_enough() {
        let size = |cpus, memory_mib| Size { cpus, memory_mib, disk_gib: 8 };
        assert_eq!(instance_type(size(1, 512)).expect("a type"), "t3.nano");
        assert_eq!(instance_type(size(2, 1024)).expect("a type"), "t3.micro");
        assert_eq!(instance_type(size(4, 1024)).expect("a type"), "t3.xlarge");
        assert_eq!(instance_type(size(64, 1024)).expect_err("none").code, "too_large");
    }
}
