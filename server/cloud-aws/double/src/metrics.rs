//! CloudWatch: the SDK speaks CBOR to it and moto reads JSON, so each request and answer is translated.

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderValue};

use crate::answer::{Answer, Refusal};
use crate::aws::Aws;
use crate::cbor;
use crate::wire::Wire;

impl Aws {
    pub(crate) async fn metrics(&self, wire: &Wire) -> Result<Answer, Refusal> {
        let asked = cbor::decode(&wire.body).ok_or_else(|| Refusal::lost(format!("{} is not CBOR that can be read", wire.action)))?;
        let mut headers = HeaderMap::new();
        if let Some(signature) = wire.headers.get(AUTHORIZATION) {
            headers.insert(AUTHORIZATION, signature.clone());
        }
        headers.insert("content-type", HeaderValue::from_static("application/x-amz-json-1.0"));
        if let Ok(target) = format!("GraniteServiceVersion20100801.{}", wire.action).parse() {
            headers.insert("x-amz-target", target);
        }
        let answer = self.moto.pass(&Wire::read("POST", "/", headers, asked.to_string().into_bytes())).await;
        if let Some(refusal) = answer.refusal() {
            return Err(refusal);
        }
        // An action without a result has an empty body.
        let said = if answer.body.is_empty() { b"{}".as_slice() } else { &answer.body };
        let said = serde_json::from_slice(said).map_err(|_| Refusal::lost(format!("moto's answer to {} is not JSON", wire.action)))?;
        let mut answer = Answer::new(200, "application/cbor", cbor::encode(&said));
        answer.headers.push(("smithy-protocol".to_owned(), "rpc-v2-cbor".to_owned()));
        Ok(answer)
    }
}
