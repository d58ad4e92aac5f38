//! How fast a large report is read, and in how much memory. It promises nothing: `cargo test --release --test bill -- --ignored --nocapture speed_and` (deploy/bench bills).

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use bill::{Lives, Ours, explain};
use parquet::basic::Compression;
use time::macros::datetime;
use uuid::Uuid;

use crate::paper::{Folder, INSTALLATION, Row, gzip, legacy_csv};
use crate::parquet::{Times, parquet};

/// The report that a process of its own reads.
const REPORT: &str = "KOZA_REPORT";
const LINES: usize = 1_000_000;
const ROWS: usize = 10_000;

fn rows() -> Vec<Row> {
    let row = |number: usize| {
        let (day, hour) = (number % 28 + 1, number % 24);
        let (from, to) = (format!("2026-10-{day:02}T{hour:02}:00:00Z"), format!("2026-10-{day:02}T{hour:02}:59:59Z"));
        let row = Row::new("APN1-BoxUsage:t3.micro", &format!("i-{:017x}", number % 500), &from, &to, "1.0000000000", "0.0136000000");
        if number.is_multiple_of(4) { row } else { row.tagged(&Uuid::from_u128(7).to_string()) }
    };
    (0..ROWS).map(row).collect()
}

fn memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = |name: &str| status.lines().find(|line| line.starts_with(name)).unwrap_or_default().replace('\t', " ");
    format!("{}, now {}", line("VmHWM"), line("VmRSS"))
}

/// In a process of its own, which has not written the report.
fn measure(name: &str, path: &Path) {
    let this = std::env::current_exe().expect("it runs");
    let run = Command::new(this).args(["--exact", "--ignored", "--nocapture", "speed::one_report_alone"]).env(REPORT, path).output();
    let said = run.map(|run| String::from_utf8_lossy(&run.stdout).into_owned()).unwrap_or_default();
    println!("{name}: {}", said.lines().filter(|line| line.contains(", VmHWM")).collect::<Vec<_>>().join("\n  "));
}

#[test]
#[ignore = "a measurement"]
fn one_report_alone() {
    let Some(path) = std::env::var_os(REPORT) else { return };
    let path = Path::new(&path);
    let begun = Instant::now();
    let lines = bill::read(path).expect("a report").inspect(|line| assert!(line.is_ok())).count();
    let seconds = begun.elapsed().as_secs_f64();
    let size = fs::metadata(path).map_or(0, |file| file.len() / 1_000_000);
    println!("{lines} lines, {size} MB, {seconds:.2} s, {:.0} lines/s, {}", lines as f64 / seconds, memory());
    let begun = Instant::now();
    let ours: Vec<Ours> = Vec::new();
    let lives = Lives::new(INSTALLATION, []);
    let report = explain(ours, &lives, bill::read(path).expect("a report"), datetime!(2026-11-05 00:00 UTC)).expect("lines");
    println!("read and explained in {:.2} s, {} days, {}", begun.elapsed().as_secs_f64(), report.days.len(), memory());
}

#[test]
#[ignore = "a measurement"]
fn speed_and_memory_for_a_million_lines() {
    let folder = Folder::new();
    let csv = legacy_csv(&rows());
    // As wide as a real one: two hundred columns that nobody asked for.
    let wide: String = csv
        .replace(",\nTokyo", ", Tokyo")
        .lines()
        .enumerate()
        .map(|(number, line)| line.to_owned() + &(if number == 0 { ",product/x" } else { ",abc" }).repeat(200) + "\n")
        .collect();
    for (name, csv) in [("csv, 22 columns", &csv), ("csv, 222 columns", &wide)] {
        let (header, body) = csv.split_once('\n').expect("a header");
        let path = folder.path("x");
        let mut file = BufWriter::new(fs::File::create(&path).expect("there is room for a file"));
        writeln!(file, "{header}").expect("there is room for a file");
        for _ in 0..LINES / ROWS {
            file.write_all(body.as_bytes()).expect("there is room for a file");
        }
        drop(file);
        measure(name, &path);
    }
    let body = csv.split_once('\n').expect("a header").1.repeat(LINES / ROWS);
    let packed = folder.file("gz", [gzip(csv.split_inclusive('\n').next().expect("a header").as_bytes()), gzip(body.as_bytes())].concat());
    drop(body);
    measure("csv.gz", &packed);
    let all = vec![rows(); LINES / ROWS].concat();
    let path = folder.file("parquet", parquet(&all, Some("resource_tags"), Times::Millis, Compression::SNAPPY, 100_000));
    drop(all);
    measure("parquet with a map", &path);
}
