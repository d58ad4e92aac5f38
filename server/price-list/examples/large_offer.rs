//! Reads a generated offer file of about so many megabytes (200 unless told) and prints seconds and the most memory that the process ever
//! had: `cargo run --release --example large_offer -- 200`. The file is made while it is read and never whole anywhere.

use std::io::{self, Read, Write};
use std::time::Instant;

use price_list::read_offer;
use time::macros::date;

/// An offer file that is written as it is read: first the products, then the terms.
struct Generated {
    buffer: Vec<u8>,
    read: usize,
    written: usize,
    size: usize,
    number: usize,
    products: usize,
    is_done: bool,
}

impl Generated {
    fn next(&mut self) -> io::Result<()> {
        self.buffer.clear();
        self.read = 0;
        let Self { buffer, number, .. } = self;
        if self.written == 0 {
            let head = r#"{"formatVersion":"v1.0","offerCode":"AmazonEC2","version":"20260910191022","publicationDate":"2026-09-10T19:10:22Z","products":{"#;
            buffer.write_all(head.as_bytes())?;
        }
        let comma = if *number == 0 { "" } else { "," };
        if self.products == 0 {
            let (system, name) = if *number == 1_000 { ("Linux", "t3.micro") } else { ("Windows", "m5.24xlarge") };
            write!(
                buffer,
                r#"{comma}"SKU{number:012}":{{"sku":"SKU{number:012}","productFamily":"Compute Instance","attributes":{{"servicecode":"AmazonEC2",
                "location":"Asia Pacific (Tokyo)","locationType":"AWS Region","regionCode":"ap-northeast-1","instanceType":"{name}",
                "tenancy":"Shared","operatingSystem":"{system}","licenseModel":"No License required","usagetype":"APN1-BoxUsage:{name}",
                "operation":"RunInstances","capacitystatus":"Used","marketoption":"OnDemand","preInstalledSw":"NA","vcpu":"96",
                "physicalProcessor":"Intel Xeon Platinum 8175","memory":"384 GiB","networkPerformance":"25 Gigabit"}}}}"#
            )?;
            if self.written > self.size / 5 * 3 {
                self.products = *number;
                *number = 0;
                buffer.write_all(br#"},"terms":{"OnDemand":{"#)?;
            } else {
                *number += 1;
            }
        } else {
            write!(
                buffer,
                r#"{comma}"SKU{number:012}":{{"SKU{number:012}.JRTCKXETXF":{{"offerTermCode":"JRTCKXETXF","sku":"SKU{number:012}",
                "effectiveDate":"2026-09-01T00:00:00Z","priceDimensions":{{"SKU{number:012}.JRTCKXETXF.6YS6EN2CT7":{{"unit":"Hrs",
                "description":"$0.0136 per On Demand Linux t3.micro Instance Hour","beginRange":"0","endRange":"Inf",
                "pricePerUnit":{{"USD":"0.0136000000"}},"appliesTo":[]}}}},"termAttributes":{{}}}}}}"#
            )?;
            *number += 1;
            if *number > self.products {
                buffer.write_all(b"},\"Reserved\":{}}}")?;
                self.is_done = true;
            }
        }
        self.written += self.buffer.len();
        Ok(())
    }
}

impl Read for Generated {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.read == self.buffer.len() && !self.is_done {
            self.next()?;
        }
        let given = (&self.buffer[self.read..]).read(into)?;
        self.read += given;
        Ok(given)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let megabytes: usize = std::env::args().nth(1).map_or(Ok(200), |said| said.parse())?;
    let mut file = Generated { buffer: vec![], read: 0, written: 0, size: megabytes << 20, number: 0, products: 0, is_done: false };
    let begun = Instant::now();
    let offer = read_offer(&mut file, "ap-northeast-1", &["machine/t3.micro", "machine/t3.nano"], date!(2026 - 11 - 22))?;
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{} MiB in {seconds:.1} s, {} products; taken: {:?}, missing: {:?}",
        file.written >> 20,
        file.products,
        offer.list.prices,
        offer.missing
    );
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("the peak of memory is not known on this system"));
    Ok(())
}
