//! A request as it came, and what AWS would call it.
//!
//! | protocol | services | the action is in |
//! |---|---|---|
//! | EC2 | EC2 | `Action=` of the form |
//! | query | ELB, IAM, STS | `Action=` of the form |
//! | REST XML | Route 53 | method and path |
//! | JSON | SSM, Service Quotas | `X-Amz-Target` |
//! | CBOR | CloudWatch | the path, `/service/…/operation/…` |
//!
//! The service and the region are those of the credential scope in the Authorization header. Signatures are not verified.

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;

use crate::form::Form;

/// How a service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Ec2,
    Query,
    RestXml,
    Json,
    Cbor,
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// As the signature names it: `ec2`, `elasticloadbalancing`, `route53`. Empty if it is not signed.
    pub(crate) service: String,
    pub(crate) protocol: Protocol,
    /// `RunInstances`.
    pub(crate) action: String,
    /// Empty unless the body is one.
    pub(crate) form: Form,
    access_key: String,
    region: String,
}

impl Wire {
    pub(crate) fn read(method: &str, path: &str, headers: HeaderMap, body: Vec<u8>) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let scope = text(AUTHORIZATION.as_str());
        let scope = scope.split_once("Credential=").map(|(_, rest)| rest.split([',', ' ']).next().unwrap_or_default()).unwrap_or_default();
        let mut parts = scope.split('/').map(str::to_owned);
        let (access_key, _, region, service) =
            (parts.next().unwrap_or_default(), parts.next(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());

        let is_form = text("content-type").starts_with("application/x-www-form-urlencoded");
        let form = if is_form { Form::parse(&String::from_utf8_lossy(&body)) } else { Form::default() };
        let target = text("x-amz-target");
        let (protocol, action) = if text("smithy-protocol") == "rpc-v2-cbor" {
            (Protocol::Cbor, path.rsplit('/').next().unwrap_or_default().to_owned())
        } else if let Some((_, action)) = target.rsplit_once('.') {
            (Protocol::Json, action.to_owned())
        } else if let Some(action) = form.get("Action") {
            (if service == "ec2" { Protocol::Ec2 } else { Protocol::Query }, action.to_owned())
        } else {
            (Protocol::RestXml, in_route53(method, path))
        };
        Self { method: method.to_owned(), path: path.to_owned(), headers, body, service, protocol, action, form, access_key, region }
    }

    /// The account as far as we know it: what a bucket or a name belongs to.
    pub(crate) fn account(&self) -> &str {
        &self.access_key
    }

    /// The account in the region.
    pub(crate) fn place(&self) -> String {
        format!("{}/{}", self.access_key, self.region)
    }

    pub(crate) fn is(&self, service: &str, action: &str) -> bool {
        self.service == service && self.action == action
    }

    /// Whether it only looks.
    pub(crate) fn only_reads(&self) -> bool {
        ["Describe", "List", "Get"].iter().any(|verb| self.action.starts_with(verb))
    }

    /// The client token, or what else the caller chose so that it is done once.
    pub(crate) fn token(&self) -> Option<&str> {
        self.form.get("ClientToken")
    }

    /// The same request with another form.
    pub(crate) fn with_form(&self, form: Form) -> Self {
        Self { body: form.encode().into_bytes(), form, ..self.clone() }
    }

    /// The same request without some of EC2's filters.
    pub(crate) fn without_filters(&self, names: &[&str]) -> Self {
        let mut form = self.form.clone();
        let kept: Vec<_> = form.filters().into_iter().filter(|filter| !names.contains(&filter.name.as_str())).collect();
        form.set_filters(&kept);
        self.with_form(form)
    }

    /// A request of the double's own, signed as this one, so that moto looks in the same account and region.
    pub(crate) fn asking(&self, service: &str, action: &str, version: &str, pairs: &[(&str, &str)]) -> Self {
        let mut form = Form::of(&[("Action", action), ("Version", version)]);
        for (name, value) in pairs {
            form.set(name, value);
        }
        let mut headers = self.signed_for(service);
        headers.insert("content-type", hyper::header::HeaderValue::from_static("application/x-www-form-urlencoded"));
        Self::read("POST", "/", headers, form.encode().into_bytes())
    }

    /// The same for Route 53.
    pub(crate) fn asking_at(&self, path: &str) -> Self {
        Self::read("GET", path, self.signed_for("route53"), vec![])
    }

    fn signed_for(&self, service: &str) -> HeaderMap {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/{}/{service}/aws4_request, SignedHeaders=host, Signature=0",
            self.access_key, self.region
        );
        let mut headers = HeaderMap::new();
        if let Ok(value) = scope.parse() {
            headers.insert(AUTHORIZATION, value);
        }
        headers
    }
}

/// `GET /2013-04-01/change/C1` is GetChange. What is not in here keeps its method and the first word of its path.
fn in_route53(method: &str, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let words: Vec<&str> = path.trim_start_matches("/2013-04-01").split('/').filter(|word| !word.is_empty()).collect();
    let action = match (method, words.as_slice()) {
        ("POST", ["hostedzone", _, "rrset"]) => "ChangeResourceRecordSets",
        ("GET", ["hostedzone", _, "rrset"]) => "ListResourceRecordSets",
        ("GET", ["change", _]) => "GetChange",
        ("POST", ["hostedzone"]) => "CreateHostedZone",
        ("GET", ["hostedzone"]) => "ListHostedZones",
        ("GET", ["hostedzone", _]) => "GetHostedZone",
        ("DELETE", ["hostedzone", _]) => "DeleteHostedZone",
        ("GET", ["hostedzonesbyname"]) => "ListHostedZonesByName",
        ("GET", ["hostedzonecount"]) => "GetHostedZoneCount",
        ("GET", ["tags", _, _]) => "ListTagsForResource",
        ("POST", ["tags", _, _]) => "ChangeTagsForResource",
        (method, words) => return format!("{method} {}", words.first().copied().unwrap_or("/")),
    };
    action.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str, path: &str, service: &str, more: &[(&'static str, &str)], body: &str) -> Wire {
        let mut headers = HeaderMap::new();
        let scope =
            format!("AWS4-HMAC-SHA256 Credential=AK/20261121/ap-northeast-1/{service}/aws4_request, SignedHeaders=host, Signature=0");
        headers.insert(AUTHORIZATION, scope.parse().unwrap());
        for (name, value) in more {
            headers.insert(*name, value.parse().unwrap());
        }
        Wire::read(method, path, headers, body.as_bytes().to_vec())
    }

    #[test]
    fn every_protocol_is_named() {
        let form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        let ec2 = read("POST", "/", "ec2", &[form], "Action=RunInstances&ClientToken=t");
        assert_eq!(
            (ec2.service.as_str(), ec2.protocol, ec2.action.as_str(), ec2.token()),
            ("ec2", Protocol::Ec2, "RunInstances", Some("t"))
        );
        assert_eq!(ec2.place(), "AK/ap-northeast-1");
        assert_eq!(read("POST", "/", "elasticloadbalancing", &[form], "Action=CreateListener").protocol, Protocol::Query);
        let ssm = read("POST", "/", "ssm", &[("x-amz-target", "AmazonSSM.GetParameter")], "{}");
        assert_eq!((ssm.protocol, ssm.action.as_str()), (Protocol::Json, "GetParameter"));
        let metrics = read(
            "POST",
            "/service/GraniteServiceVersion20100801/operation/GetMetricData",
            "monitoring",
            &[("smithy-protocol", "rpc-v2-cbor")],
            "",
        );
        assert_eq!((metrics.protocol, metrics.action.as_str()), (Protocol::Cbor, "GetMetricData"));
    }

    #[test]
    fn route_53_is_named_by_method_and_path() {
        let named = |method, path| read(method, path, "route53", &[], "").action;
        assert_eq!(named("POST", "/2013-04-01/hostedzone/Z1/rrset/"), "ChangeResourceRecordSets");
        assert_eq!(named("GET", "/2013-04-01/hostedzone/Z1/rrset?name=a"), "ListResourceRecordSets");
        assert_eq!(named("GET", "/2013-04-01/change/C1"), "GetChange");
        assert_eq!(named("GET", "/2013-04-01/hostedzonesbyname?dnsname=a"), "ListHostedZonesByName");
        assert_eq!(named("GET", "/moto-api/"), "GET moto-api");
    }
}
