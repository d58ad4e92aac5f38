//! The lists that come with Koza. Where no figure could be cited, none is in them.

use crate::{PriceList, read_toml};

const LISTS: [&str; 3] = [
    include_str!("../lists/aws-ap-northeast-1.toml"),
    include_str!("../lists/aws-us-east-1.toml"),
    include_str!("../lists/simulator.toml"),
];

/// A list for own hardware, to be copied and filled in: invented figures, and in its comments the arithmetic that leads to real ones.
pub const OWN_HARDWARE: &str = include_str!("../lists/own-hardware.toml");

/// The lists that hold without anybody's doing: AWS in Tokyo and N. Virginia, and the simulator. [`OWN_HARDWARE`] is not among them: its
/// figures are nobody's.
#[must_use]
pub fn shipped() -> Vec<PriceList> {
    LISTS.iter().map(|text| read_toml(text).expect("a test reads each of them")).collect()
}
