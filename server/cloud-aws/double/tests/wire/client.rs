//! A client without any cleverness: one connection for each request, no repeating.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

use aws_double::Double;

/// A double with an account of its own; none, and a word about it, if there is no moto.
pub fn start(settings: impl FnOnce(Double) -> Double) -> Option<Double> {
    let Some(moto) = std::env::var_os("KOZA_MOTO") else {
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        eprintln!("skipped: {test} needs KOZA_MOTO, the path of moto_server");
        return None;
    };
    Some(settings(Double::share(&PathBuf::from(moto)).expect("moto starts")))
}

pub fn plain(double: Double) -> Double {
    double
}

/// What came back; status 0 if the connection closed without an answer.
#[derive(Debug)]
pub struct Said {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Said {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn is_lost(&self) -> bool {
        self.status == 0
    }

    /// What every element of that name says, in order.
    pub fn all(&self, name: &str) -> Vec<String> {
        let (text, open, close) = (self.text(), format!("<{name}>"), format!("</{name}>"));
        text.split(&open).skip(1).filter_map(|rest| rest.split_once(&close)).map(|(value, _)| value.to_owned()).collect()
    }

    pub fn one(&self, name: &str) -> String {
        self.all(name).into_iter().next().unwrap_or_default()
    }

    /// AWS's word for what went wrong; empty if nothing did.
    pub fn code(&self) -> String {
        if self.status < 400 { String::new() } else { self.one("Code") }
    }

    /// The answer of a call that should work.
    pub fn done(self) -> Self {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text());
        self
    }
}

pub fn send(double: &Double, service: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Said {
    let host = double.endpoint().trim_start_matches("http://");
    let scope =
        format!("AWS4-HMAC-SHA256 Credential=AKTEST/20261121/ap-northeast-1/{service}/aws4_request, SignedHeaders=host, Signature=0");
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: {scope}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = TcpStream::connect(host).expect("the double listens");
    stream.write_all(format!("{head}\r\n").as_bytes()).expect("it reads");
    stream.write_all(body).expect("it reads");
    let mut all = vec![];
    stream.read_to_end(&mut all).expect("it closes in order");
    let Some(end) = all.windows(4).position(|window| window == b"\r\n\r\n") else { return Said { status: 0, body: vec![] } };
    let status =
        String::from_utf8_lossy(&all[..end]).split(' ').nth(1).and_then(|status| status.parse().ok()).expect("an answer has a status");
    Said { status, body: all[end + 4..].to_vec() }
}

pub fn form(double: &Double, service: &str, version: &str, body: &str) -> Said {
    let body = format!("Version={version}&Action={body}");
    send(double, service, "POST", "/", &[("content-type", "application/x-www-form-urlencoded")], body.as_bytes())
}

/// `ec2(&double, "DescribeInstances&MaxResults=5")`.
pub fn ec2(double: &Double, body: &str) -> Said {
    form(double, "ec2", "2016-11-15", body)
}

pub fn balancing(double: &Double, body: &str) -> Said {
    form(double, "elasticloadbalancing", "2015-12-01", body)
}

pub fn iam(double: &Double, body: &str) -> Said {
    form(double, "iam", "2010-05-08", body)
}

pub fn route53(double: &Double, method: &str, path: &str, body: &str) -> Said {
    send(double, "route53", method, &format!("/2013-04-01{path}"), &[], body.as_bytes())
}

pub fn json(double: &Double, service: &str, target: &str, body: &str) -> Said {
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
    send(double, service, "POST", "/", &headers, body.as_bytes())
}

/// The first two default subnets: in two zones.
pub fn subnets(double: &Double) -> [String; 2] {
    let mut subnets = ec2(double, "DescribeSubnets").done().all("subnetId").into_iter();
    [subnets.next().expect("moto has subnets"), subnets.next().expect("in two zones")]
}

pub const DEBIAN: &str = "ami-0deb120000000a002";

/// One small machine in the first subnet.
pub fn launch(double: &Double, more: &str) -> Said {
    let [subnet, _] = subnets(double);
    launch_in(double, &subnet, more)
}

pub fn launch_in(double: &Double, subnet: &str, more: &str) -> Said {
    ec2(double, &format!("RunInstances&ImageId={DEBIAN}&MinCount=1&MaxCount=1&InstanceType=t3.micro&SubnetId={subnet}{more}"))
}

/// A machine's id.
pub fn machine(double: &Double) -> String {
    launch(double, "").done().one("instanceId")
}

/// The state that a machine is shown in.
pub fn state(double: &Double, machine: &str) -> String {
    let said = ec2(double, &format!("DescribeInstances&InstanceId.1={machine}")).done().text();
    let state = said.split("<instanceState>").nth(1).and_then(|rest| rest.split("<name>").nth(1)).and_then(|rest| rest.split('<').next());
    state.unwrap_or("not listed").to_owned()
}
