//! Route 53.

use std::time::Duration;

use aws_double::{Clock, Double};

use crate::client::{Said, plain, route53, start};

fn zone(double: &Double) -> String {
    let body = "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Name>example.org</Name>\
                <CallerReference>1</CallerReference></CreateHostedZoneRequest>";
    route53(double, "POST", "/hostedzone", body).done().one("Id")
}

fn change(action: &str, name: &str, value: &str) -> String {
    format!(
        "<Change><Action>{action}</Action><ResourceRecordSet><Name>{name}</Name><Type>A</Type><TTL>60</TTL><ResourceRecords><ResourceRecord>\
         <Value>{value}</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>"
    )
}

fn send(double: &Double, zone: &str, changes: &[String]) -> Said {
    let body = format!(
        "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch><Changes>{}</Changes>\
         </ChangeBatch></ChangeResourceRecordSetsRequest>",
        changes.concat()
    );
    route53(double, "POST", &format!("{zone}/rrset/"), &body)
}

#[test]
fn a_change_is_pending_until_it_is_in_sync() {
    let clock = Clock::by_hand();
    let Some(double) = start(|double| double.with_clock(clock.clone()).with_sync(Duration::from_secs(60))) else { return };
    let zone = zone(&double);
    let first = send(&double, &zone, &[change("UPSERT", "a.example.org", "192.0.2.1")]).done();
    assert_eq!(first.one("Status"), "PENDING");
    clock.advance(Duration::from_secs(30));
    let second = send(&double, &zone, &[change("UPSERT", "b.example.org", "192.0.2.2")]).done();
    assert_ne!(first.one("Id"), second.one("Id"));
    let status = |said: &Said| route53(&double, "GET", &said.one("Id"), "").done().one("Status");
    assert_eq!([status(&first), status(&second)], ["PENDING", "PENDING"]);
    clock.advance(Duration::from_secs(30));
    assert_eq!([status(&first), status(&second)], ["INSYNC", "PENDING"]);
    let unknown = route53(&double, "GET", "/change/C0NOSUCH", "");
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "NoSuchChange"));
}

#[test]
fn a_record_is_created_once_and_removed_by_its_exact_values() {
    let Some(double) = start(plain) else { return };
    let zone = zone(&double);
    let send = |changes: &[String]| send(&double, &zone, changes);
    let refused = |said: Said, why: &str| {
        assert_eq!((said.status, said.code().as_str()), (400, "InvalidChangeBatch"));
        assert!(said.one("Message").contains(why), "{}", said.text());
    };
    let a = "a.example.org";
    refused(
        send(&[change("DELETE", a, "192.0.2.1")]),
        "[Tried to delete resource record set [name='a.example.org.', type='A'] but it was not found]",
    );
    send(&[change("CREATE", a, "192.0.2.1")]).done();
    refused(send(&[change("CREATE", a, "192.0.2.1")]), "but it already exists");
    send(&[change("UPSERT", a, "192.0.2.2")]).done();
    refused(send(&[change("DELETE", a, "192.0.2.1")]), "but the values provided do not match the current values");
    // All of a batch or nothing, each change after the one before.
    refused(send(&[change("DELETE", "a.example.org.", "192.0.2.2"), change("DELETE", a, "192.0.2.2")]), "it was not found");
    send(&[change("DELETE", a, "192.0.2.2"), change("CREATE", a, "192.0.2.3")]).done();
    send(&[change("DELETE", "a.example.org.", "192.0.2.3")]).done();
    refused(send(&[change("DELETE", a, "192.0.2.3")]), "it was not found");
    let listed = route53(&double, "GET", &format!("{zone}/rrset"), "").done();
    assert_eq!(listed.all("Type"), ["NS", "SOA"]);
}

#[test]
fn a_star_is_written_as_awss_lists_write_it_and_taken_either_way() {
    let Some(double) = start(plain) else { return };
    let zone = zone(&double);
    send(&double, &zone, &[change("UPSERT", "*.w.example.org", "192.0.2.1")]).done();
    let names = route53(&double, "GET", &format!("{zone}/rrset?name=%5C052.w.example.org&type=A&maxitems=1"), "").done().all("Name");
    assert_eq!(names, ["\\052.w.example.org."]);
    send(&double, &zone, &[change("DELETE", "\\052.w.example.org.", "192.0.2.1")]).done();
}
