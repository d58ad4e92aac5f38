//! An answer, and a refusal in the shape that each protocol gives it.

use serde_json::{Value, json};

use crate::cbor;
use crate::wire::{Protocol, Wire};
use crate::xml::{Element, escaped};

/// What goes back to the caller.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// AWS's word for no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) status: u16,
}

impl Refusal {
    /// Most are 400.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), status: 400 }
    }

    /// The double or moto does not know on. A 400, so that callers give up and the test tells of it.
    pub(crate) fn lost(what: impl Into<String>) -> Self {
        Self::new("TheDoubleIsLost", what)
    }
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self { status, headers: vec![("content-type".to_owned(), content_type.to_owned())], body }
    }

    pub(crate) fn of_xml(tree: &Element) -> Self {
        Self::new(200, "text/xml", tree.write().into_bytes())
    }

    /// For services whose namespace the SDK does not look at, but AWS writes.
    pub(crate) fn of_text(content_type: &str, text: String) -> Self {
        Self::new(200, content_type, text.into_bytes())
    }

    pub(crate) fn of_json(value: &Value) -> Self {
        Self::new(200, "application/x-amz-json-1.1", value.to_string().into_bytes())
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn tree(&self) -> Option<Element> {
        std::str::from_utf8(&self.body).ok().and_then(Element::parse)
    }

    pub(crate) fn with_tree(mut self, tree: &Element) -> Self {
        self.body = tree.write().into_bytes();
        self
    }

    /// The same, with its tree changed.
    pub(crate) fn changed(self, change: impl FnOnce(&mut Element)) -> Self {
        match self.tree() {
            Some(mut tree) => {
                change(&mut tree);
                self.with_tree(&tree)
            }
            None => Self::new(400, "text/plain", b"TheDoubleIsLost: moto's answer is not XML".to_vec()),
        }
    }

    /// AWS's word for what went wrong, if it did.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        if self.is_success() {
            return None;
        }
        let in_xml = || {
            let tree = self.tree()?;
            let error = tree.at("Errors/Error").or_else(|| tree.at("Error"))?;
            Some((error.text_at("Code"), error.text_at("Message")))
        };
        let in_json = || {
            let value: Value = serde_json::from_slice(&self.body).ok().or_else(|| cbor::decode(&self.body))?;
            let message = value.get("message").or_else(|| value.get("Message")).and_then(Value::as_str).unwrap_or_default();
            Some((value.get("__type")?.as_str()?.to_owned(), message.to_owned()))
        };
        let unread = || (UNREADABLE.to_owned(), String::from_utf8_lossy(&self.body).into_owned());
        let (code, message) = in_xml().or_else(in_json).unwrap_or_else(unread);
        Some(Refusal { code, message, status: self.status })
    }

    /// A refusal as the service of that request would write it.
    pub(crate) fn refusing(wire: &Wire, refusal: &Refusal) -> Self {
        let Refusal { code, message, status } = refusal;
        let (xml_code, xml_message) = (escaped(code), escaped(message));
        let side = if *status < 500 { "Sender" } else { "Receiver" };
        let wrapped = |namespace: &str| {
            format!(
                "<?xml version=\"1.0\"?>\n<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{side}</Type><Code>{xml_code}</Code>\
                 <Message>{xml_message}</Message></Error><RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
            )
        };
        match wire.protocol {
            Protocol::Ec2 => {
                let text = format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{xml_code}</Code>\
                     <Message>{xml_message}</Message></Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
                );
                Self::new(*status, "text/xml;charset=UTF-8", text.into_bytes())
            }
            Protocol::Query => Self::new(*status, "text/xml", wrapped(namespace(&wire.service)).into_bytes()),
            Protocol::RestXml => Self::new(*status, "text/xml", wrapped(namespace("route53")).into_bytes()),
            Protocol::Json => {
                let body = json!({ "__type": code, "message": message }).to_string();
                let mut answer = Self::new(*status, "application/x-amz-json-1.1", body.into_bytes());
                answer.headers.push(("x-amzn-errortype".to_owned(), code.clone()));
                answer
            }
            Protocol::Cbor => {
                let mut answer = Self::new(*status, "application/cbor", cbor::encode(&json!({ "__type": code, "message": message })));
                answer.headers.push(("smithy-protocol".to_owned(), "rpc-v2-cbor".to_owned()));
                answer
            }
        }
    }
}

/// The code of a refusal in no shape of AWS's: moto's own page for what it has not implemented.
pub(crate) const UNREADABLE: &str = "?";

/// Of every answer that is the double's own.
pub(crate) const REQUEST_ID: &str = "00000000-d0b1-4e00-8000-000000000000";

fn namespace(service: &str) -> &'static str {
    match service {
        "elasticloadbalancing" => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
        "iam" => "https://iam.amazonaws.com/doc/2010-05-08/",
        "sts" => "https://sts.amazonaws.com/doc/2011-06-15/",
        _ => "https://route53.amazonaws.com/doc/2013-04-01/",
    }
}
