//! What AWS bills, beside what Koza recorded: a Cost and Usage Report is read, and the difference is explained.
//!
//! ```text
//! report files ── read ──► Line, Line, … ──┐
//!                                          ├─ explain ──► Report: per environment and day, ours, theirs, and why they differ
//! Ours, Ours, …  and  Lives ───────────────┘
//! ```
//!
//! - [`read`] knows the layouts by their content, never by the file's name, and holds one row (of Parquet: some thousand) in memory.
//! - An amount is the one in the file or an error that names the file, the row and the column. Nothing becomes zero silently.
//! - [`explain`] does no I/O and asks no clock. Every line is in exactly one place, and the causes of a difference sum up to it exactly.
//! - A line is ours by its tags, or by its resource: cloud ids are unique, and our record of one beats what a tag says.
//!
//! It does not fetch reports, does not change the books, and knows no prices: "our price" is what the books say divided by the quantity in them.
//!
//! Formats: <https://docs.aws.amazon.com/cur/latest/userguide/data-dictionary.html> (legacy),
//! <https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html> (CUR 2.0).

mod amount;
mod bucket;
mod column;
mod columnar;
mod error;
mod explain;
mod kind;
mod line;
mod lives;
mod moment;
mod read;
mod records;
mod report;
mod rows;
mod tags;
mod track;

pub use error::BillError;
pub use explain::explain;
pub use kind::Kind;
pub use line::{Line, LineType};
pub use lives::{Known, Lives, Ours};
pub use read::{Layout, Lines, read};
pub use report::{Cause, Explained, Report, Tally};
