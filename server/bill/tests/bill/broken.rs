//! Files that are no reports, or are broken.

use std::error::Error;

use bill::BillError;
use parquet::basic::Compression;

use crate::paper::{Folder, Row, cur2_csv, gzip, legacy_csv, lines};
use crate::parquet::{Times, parquet};

fn rows() -> Vec<Row> {
    let row = |hour: usize| {
        let (from, to) = (format!("2026-10-01T{hour:02}:00:00Z"), format!("2026-10-01T{:02}:59:59Z", hour));
        Row::new("APN1-BoxUsage:t3.micro", &format!("i-{hour}"), &from, &to, "1", "0.0136").tagged("0199a7c0-0000-7000-8000-000000000001")
    };
    (0..24).map(row).collect()
}

/// What is said of these bytes.
fn said(bytes: impl AsRef<[u8]>) -> String {
    let folder = Folder::new();
    let error = lines(&folder.file("report", bytes)).expect_err("it is broken");
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}").replace(&folder.path("report").display().to_string(), "report")
}

#[test]
fn a_broken_value_is_named_by_file_row_and_column() {
    let with = |change: fn(&mut Row)| {
        let mut rows = rows();
        change(&mut rows[2]);
        rows
    };
    for (change, expected) in [
        ((|row| row.cost = String::new()) as fn(&mut Row), "lineItem/UnblendedCost: is empty"),
        (|row| row.cost = "NaN".to_owned(), "lineItem/UnblendedCost: \"NaN\" is no amount"),
        (|row| row.quantity = "1,5".to_owned(), "lineItem/UsageAmount: \"1,5\" is no amount"),
        (|row| row.quantity = "1e300".to_owned(), "lineItem/UsageAmount: \"1e300\" is no amount"),
        (|row| row.currency = "JPY".to_owned(), "lineItem/CurrencyCode: \"JPY\" is not USD, and nothing is converted"),
        (|row| row.currency = String::new(), "lineItem/CurrencyCode: \"\" is not USD, and nothing is converted"),
        (|row| row.from = "yesterday".to_owned(), "lineItem/UsageStartDate: \"yesterday\" is no time"),
        (|row| row.to = "2020-01-01T00:00:00Z".to_owned(), "lineItem/UsageEndDate: 2020-01-01 0:00:00.0 +00:00:00 is before"),
        (|row| row.resource = "x".repeat(100_000), "lineItem/ResourceId: is longer than 65536 bytes"),
    ] {
        let said = said(legacy_csv(&with(change)));
        assert!(said.starts_with(&format!("report, row 3, column {expected}")), "{said}");
    }
    let nan = parquet(&with(|row| row.cost = "NaN".to_owned()), Some("resource_tags"), Times::Millis, Compression::SNAPPY, 100);
    assert_eq!(said(nan), "report, row 3, column line_item_unblended_cost: NaN is no amount");
    let nothing = parquet(&with(|row| row.cost = String::new()), None, Times::Old, Compression::SNAPPY, 100);
    assert_eq!(said(nothing), "report, row 3, column line_item_unblended_cost: is empty");
    let tags = cur2_csv(&rows()).replacen("{\"\"koza", "{", 1).replacen("\"{", "\"[", 1);
    assert!(said(tags).starts_with("report, row 1, column resource_tags: is no JSON object"));
}

#[test]
fn a_row_with_too_few_or_too_many_fields_is_no_row() {
    let csv = legacy_csv(&rows());
    assert_eq!(said(format!("{csv}a,b\n")), "report, row 25, column bill/PayerAccountId: the row ends before it");
    let more = csv.trim_end().to_owned() + ",x\n";
    assert!(said(more).starts_with("report, row 24, column resourceTags/user:koza:intent: the row goes on behind it"));
}

#[test]
fn a_missing_column_is_named_as_the_file_would_have_it() {
    assert_eq!(said(legacy_csv(&rows()).replacen("lineItem/ResourceId", "x", 1)), "report has no column lineItem/ResourceId");
    assert_eq!(said(cur2_csv(&rows()).replacen("line_item_unblended_cost", "x", 1)), "report has no column line_item_unblended_cost");
}

#[test]
fn what_is_no_report_is_not_read_as_an_empty_one() {
    for (bytes, expected) in [
        (&b""[..], "it is empty"),
        (b"PK\x03\x04...", "it is a ZIP archive; unpack it first"),
        (b"name,age\nx,1\n", "its first row is no header of one"),
        (b"\n\n", "its first row is no header of one"),
        (&gzip(b""), "its first row is no header of one"),
    ] {
        assert_eq!(said(bytes), format!("report is no Cost and Usage Report: {expected}"));
    }
    assert!(matches!(bill::read("/nowhere".as_ref()), Err(BillError::Open { .. })));
}

#[test]
fn a_file_that_was_cut_is_an_error_wherever_it_was_cut() {
    let packed = gzip(cur2_csv(&rows()).as_bytes());
    for length in 1..packed.len() {
        said(&packed[..length]);
    }
    let columns = parquet(&rows(), Some("resource_tags"), Times::Millis, Compression::SNAPPY, 10);
    for length in 1..columns.len() {
        said(&columns[..length]);
    }
    let csv = legacy_csv(&rows());
    let cut = said(csv.split_at(csv.rfind("0.0136,").unwrap() + 3).0);
    assert!(cut.starts_with("report, row 24, column"), "{cut}");
    assert!(
        said(&csv[..csv.rfind("On Demand").unwrap()]).starts_with("report is cut off or damaged after row 23: the file ends within quotes")
    );
}

#[test]
fn damaged_bytes_never_make_it_panic() {
    let folder = Folder::new();
    let packings = [(Some("resource_tags"), Times::Millis, Compression::UNCOMPRESSED), (None, Times::Old, Compression::SNAPPY)];
    // Each byte takes two minutes; `KOZA_ALL_BYTES=1` does it.
    let step = if std::env::var_os("KOZA_ALL_BYTES").is_some() { 1 } else { 29 };
    let mut panics = 0;
    for (map, times, packing) in packings {
        let whole = parquet(&rows(), map, times, packing, 10);
        for (place, bits) in (4..whole.len()).step_by(step).zip([0x01, 0x80, 0xFF].into_iter().cycle()) {
            let mut bytes = whole.clone();
            bytes[place] ^= bits;
            let error = lines(&folder.file("report", bytes)).err();
            let cause = error.as_ref().and_then(Error::source);
            panics += u32::from(cause.is_some_and(|cause| cause.to_string().contains("gave up")));
        }
    }
    println!("caught {panics} panics of the reader of Parquet");
}
