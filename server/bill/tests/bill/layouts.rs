//! The same bill in every layout.

use bill::{Layout, LineType};
use parquet::basic::{Compression, ZstdLevel};
use rust_decimal::Decimal;
use time::macros::datetime;
use uuid::Uuid;

use crate::paper::{Folder, Row, cur2_csv, gzip, legacy_csv, lines};
use crate::parquet::{Times, parquet};

const ENVIRONMENT: &str = "0199a7c0-0000-7000-8000-000000000001";

/// A thing of everything, and enough hours for several batches and row groups.
fn bill() -> Vec<Row> {
    let (from, to) = ("2026-10-01T13:00:00Z", "2026-10-01T14:00:00Z");
    let mut rows = vec![
        Row::new("APN1-BoxUsage:t3.micro", "i-1", from, to, "1", "0.0136").tagged(ENVIRONMENT),
        Row::new(
            "APN1-EBS:VolumeUsage.gp3",
            "arn:aws:ec2:ap-northeast-1:123456789012:volume/vol-1",
            from,
            to,
            "0.0107526882",
            "1.0322581E-3",
        ),
        Row::new("APN1-DataTransfer-Out-Bytes", "i-1", from, to, "9.313225746154785E-10", "1.2E-7").tagged("not an id"),
        Row { line_type: "Tax".to_owned(), quantity: String::new(), ..Row::new("", "", from, to, "", "12.34") },
        Row { invoice: "2026100001".to_owned(), line_type: "EdpDiscount".to_owned(), ..Row::new("", "", from, to, "1", "-0.5") },
    ];
    for hour in 0..3_000 {
        let row = Row::new(
            "APN1-LCUUsage",
            "arn:aws:elasticloadbalancing:x:1:loadbalancer/app/koza/1",
            from,
            to,
            "0.1",
            &format!("0.{hour:05}1"),
        );
        rows.push(if hour % 3 == 0 { row.tagged(ENVIRONMENT) } else { row });
    }
    rows
}

#[test]
fn the_same_bill_gives_the_same_lines_in_every_layout() {
    let folder = Folder::new();
    let bill = bill();
    let expected = lines(&folder.file("1", legacy_csv(&bill))).unwrap();
    assert_eq!(expected.len(), bill.len());
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let files = [
        ("2", Layout::LegacyCsv, gzip(legacy_csv(&bill).as_bytes())),
        // Windows has been there, and two packed parts in a row are one.
        (
            "3",
            Layout::LegacyCsv,
            format!("\u{feff}{}", legacy_csv(&bill).replace("\n", "\r\n").replace("hour,\r\n", "hour,\n")).into_bytes(),
        ),
        ("4", Layout::LegacyCsv, [gzip(&legacy_csv(&bill).as_bytes()[..5_000]), gzip(&legacy_csv(&bill).as_bytes()[5_000..])].concat()),
        ("5", Layout::Cur2Csv, cur2_csv(&bill).into_bytes()),
        ("6", Layout::Cur2Csv, gzip(cur2_csv(&bill).as_bytes())),
        ("7", Layout::LegacyParquet, parquet(&bill, None, Times::Old, Compression::SNAPPY, 1_300)),
        ("8", Layout::LegacyParquet, parquet(&bill, None, Times::Millis, Compression::GZIP(Default::default()), 10_000)),
        ("9", Layout::Cur2Parquet, parquet(&bill, Some("resource_tags"), Times::Nanos, zstd, 1_300)),
        ("11", Layout::Cur2Parquet, parquet(&bill, Some("tags"), Times::Millis, Compression::SNAPPY, 10_000)),
        (
            "12",
            Layout::Cur2Csv,
            cur2_csv(&bill).replacen("resource_tags", "tags", 1).replace("user_koza_", "resourceTags/koza:").into_bytes(),
        ),
        ("10", Layout::Cur2Parquet, parquet(&bill, Some("resource_tags"), Times::Millis, Compression::UNCOMPRESSED, 1)),
    ];
    for (name, layout, bytes) in files {
        let path = folder.file(name, bytes);
        let read = bill::read(&path).unwrap();
        assert_eq!((read.layout(), read.has_tags()), (layout, true), "{name}");
        let lines: Vec<_> = read.collect::<Result<_, _>>().unwrap();
        for (line, expected) in lines.iter().zip(&expected) {
            assert_eq!(line, expected, "{name}");
        }
        assert_eq!(lines.len(), expected.len(), "{name}");
    }
}

#[test]
fn a_line_says_what_the_report_says() {
    let folder = Folder::new();
    let lines = lines(&folder.file("x", legacy_csv(&bill()))).unwrap();
    let [machine, disk, transfer, tax, discount] = &lines[..5] else { panic!("{}", lines.len()) };
    let amount = |text: &str| text.parse::<Decimal>().unwrap();
    assert_eq!((machine.from, machine.to), (datetime!(2026-10-01 13:00 UTC), datetime!(2026-10-01 14:00 UTC)));
    assert_eq!(machine.environment, Uuid::try_parse(ENVIRONMENT).ok());
    assert_eq!(machine.installation.as_deref(), Some("koza-tokyo"));
    assert_eq!((machine.account.as_str(), machine.unit.as_str(), machine.operation.as_str()), ("123456789012", "Hrs", "RunInstances"));
    assert_eq!((disk.resource.as_deref(), disk.cost), (Some("vol-1"), amount("0.0010322581")));
    assert_eq!((disk.installation.as_deref(), disk.is_final), (None, false));
    assert_eq!((transfer.environment, transfer.quantity), (None, amount("0.0000000009313225746154785")));
    assert_eq!((&tax.line_type, tax.resource.as_ref(), tax.quantity), (&LineType::Tax, None, Decimal::ZERO));
    assert_eq!((&discount.line_type, discount.is_final), (&LineType::Other("EdpDiscount".to_owned()), true));
}

#[test]
fn a_report_without_our_tags_is_read_and_says_so() {
    let folder = Folder::new();
    let csv = legacy_csv(&bill()).replacen("user:koza:installation", "user:somebody", 1).replacen("user:koza:environment", "user:else", 1);
    let read = bill::read(&folder.file("x", csv)).unwrap();
    assert!(!read.has_tags());
    assert!(read.map(Result::unwrap).all(|line| line.installation.is_none() && line.environment.is_none()));
}

#[test]
fn lines_may_be_read_on_another_thread() {
    let folder = Folder::new();
    let read = bill::read(&folder.file("x", legacy_csv(&bill()))).unwrap();
    assert_eq!(std::thread::spawn(move || read.count()).join().unwrap(), bill().len());
}
