//! A hosted zone for a test that does not care how zones are made.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use crate::moto::Moto;

impl Moto {
    /// Makes a hosted zone for a domain, past the double. Returns its id.
    pub(crate) fn add_hosted_zone(&self, domain: &str) -> io::Result<String> {
        let body = format!(
            "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Name>{domain}</Name>\
             <CallerReference>{domain}</CallerReference></CreateHostedZoneRequest>"
        );
        let account = self.account.as_ref().map(|account| format!("x-moto-account-id: {account}\r\n")).unwrap_or_default();
        let request = format!(
            "POST /2013-04-01/hostedzone HTTP/1.1\r\nhost: {}\r\nauthorization: AWS4-HMAC-SHA256 \
             Credential=KEY/20261121/us-east-1/route53/aws4_request, SignedHeaders=host, Signature=0\r\n{account}connection: close\r\n\
             content-type: text/xml\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len(),
        );
        let mut stream = TcpStream::connect(self.address)?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let id = answer.split_once("<Id>/hostedzone/").and_then(|(_, rest)| rest.split_once("</Id>"));
        id.map(|(id, _)| id.to_owned()).ok_or_else(|| io::Error::other(format!("moto made no zone: {answer}")))
    }
}
