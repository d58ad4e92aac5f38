//! Reading a signed message: CMS (RFC 5652) as far as AWS uses it.

use aws_lc_rs::digest::{self, SHA256};
use base64ct::{Base64, Encoding};
use bcder::decode::{Constructed, Content, DecodeError, IntoSource, Source};
use bcder::encode::{self, Values};
use bcder::{Captured, ConstOid, Mode, Oid, Tag};

use super::NotProven;

/// Nothing longer is even decoded. AWS's documents have about 1600 characters.
pub(crate) const LONGEST: usize = 16 * 1024;

const SIGNED_DATA: ConstOid = Oid(&[42, 134, 72, 134, 247, 13, 1, 7, 2]);
const DATA: ConstOid = Oid(&[42, 134, 72, 134, 247, 13, 1, 7, 1]);
const CONTENT_TYPE: ConstOid = Oid(&[42, 134, 72, 134, 247, 13, 1, 9, 3]);
const MESSAGE_DIGEST: ConstOid = Oid(&[42, 134, 72, 134, 247, 13, 1, 9, 4]);
const SHA_256: ConstOid = Oid(&[96, 134, 72, 1, 101, 3, 4, 2, 1]);
/// AWS's name for the signature since 2021.
const RSA_WITH_SHA_256: ConstOid = Oid(&[42, 134, 72, 134, 247, 13, 1, 1, 11]);
/// The older name, with the digest told beside it; OpenSSL still writes it.
const RSA: ConstOid = Oid(&[42, 134, 72, 134, 247, 13, 1, 1, 1]);

/// A message whose form is right. Nobody has looked at the signature yet.
pub(crate) struct Message {
    /// What is said.
    pub(crate) content: Vec<u8>,
    /// What the signature is over: attributes that hold the content's digest, or the content itself.
    pub(crate) covered: Vec<u8>,
    /// The signature.
    pub(crate) signature: Vec<u8>,
}

/// Reads a message.
///
/// # Errors
/// If it is not of the one form that we take.
pub(crate) fn read(document: &str) -> Result<Message, NotProven> {
    if document.len() > LONGEST {
        return Err(NotProven::TooLong(document.len()));
    }
    let text: String = document.split_ascii_whitespace().collect();
    let ber = Base64::decode_vec(&text).map_err(NotProven::NotBase64)?;
    let mut source = ber.as_slice().into_source();
    let all = Mode::Ber.decode(&mut source, |cons| cons.take_sequence(content_info)).map_err(NotProven::NotSignedData)?;
    if !matches!(source.request(1), Ok(0)) {
        return Err(NotProven::TrailingData);
    }
    if all.kind != DATA {
        return Err(NotProven::NotPlainData);
    }
    let content = all.content.ok_or(NotProven::NoContent)?;
    let [signer]: [Signer; 1] = all.signers.try_into().map_err(|signers: Vec<Signer>| NotProven::NotOneSigner(signers.len()))?;
    if signer.digest != SHA_256 {
        return Err(NotProven::NotSha256);
    }
    if signer.algorithm != RSA_WITH_SHA_256 && signer.algorithm != RSA {
        return Err(NotProven::NotRsa);
    }
    // Attributes cannot be passed off as content: they begin with 0x31, which begins no JSON object.
    let covered = match &signer.attributes {
        Some(attributes) => attributes_of(attributes, &content)?,
        None => content.clone(),
    };
    Ok(Message { content, covered, signature: signer.signature })
}

/// The parts of a message that matter here (RFC 5652, 5.1).
struct Parts {
    kind: Oid,
    content: Option<Vec<u8>>,
    signers: Vec<Signer>,
}

struct Signer {
    digest: Oid,
    algorithm: Oid,
    /// The signed attributes, without the tag and length around them.
    attributes: Option<Captured>,
    signature: Vec<u8>,
}

fn content_info<S: Source>(cons: &mut Constructed<S>) -> Result<Parts, DecodeError<S::Error>> {
    SIGNED_DATA.skip_if(cons)?;
    cons.take_constructed_if(Tag::CTX_0, |cons| cons.take_sequence(signed_data))
}

fn signed_data<S: Source>(cons: &mut Constructed<S>) -> Result<Parts, DecodeError<S::Error>> {
    // The version follows from what is inside.
    cons.take_u8()?;
    // The digests that the signers are said to use; each signer tells its own again.
    cons.take_set(pass_over)?;
    let (kind, content) = cons.take_sequence(|cons| {
        let kind = Oid::take_from(cons)?;
        Ok((kind, cons.take_opt_constructed_if(Tag::CTX_0, octets)?))
    })?;
    // Certificates and revocation lists, which would be the sender's word for itself.
    cons.take_opt_constructed_if(Tag::CTX_0, pass_over)?;
    cons.take_opt_constructed_if(Tag::CTX_1, pass_over)?;
    let signers = cons.take_set(|cons| {
        let mut signers = Vec::new();
        while let Some(signer) = cons.take_opt_sequence(signer)? {
            signers.push(signer);
        }
        Ok(signers)
    })?;
    Ok(Parts { kind, content, signers })
}

fn signer<S: Source>(cons: &mut Constructed<S>) -> Result<Signer, DecodeError<S::Error>> {
    cons.skip_u8_if(1)?;
    // Issuer and serial number of the certificate.
    cons.take_sequence(pass_over)?;
    let digest = algorithm(cons)?;
    let attributes = cons.take_opt_constructed_if(Tag::CTX_0, rest)?;
    let algorithm = algorithm(cons)?;
    let signature = octets(cons)?;
    // Attributes that are not signed.
    cons.take_opt_constructed_if(Tag::CTX_1, pass_over)?;
    Ok(Signer { digest, algorithm, attributes, signature })
}

/// The name of an algorithm. Its parameters are passed over, since none of ours has any.
fn algorithm<S: Source>(cons: &mut Constructed<S>) -> Result<Oid, DecodeError<S::Error>> {
    cons.take_sequence(|cons| {
        let name = Oid::take_from(cons)?;
        pass_over(cons)?;
        Ok(name)
    })
}

/// An octet string, whole or in pieces; the pieces of AWS are never in pieces themselves.
fn octets<S: Source>(cons: &mut Constructed<S>) -> Result<Vec<u8>, DecodeError<S::Error>> {
    cons.take_value_if(Tag::OCTET_STRING, |content| match content {
        Content::Primitive(whole) => Ok(whole.take_all()?.to_vec()),
        Content::Constructed(pieces) => {
            let mut octets = Vec::new();
            while let Some(piece) = pieces.take_opt_primitive_if(Tag::OCTET_STRING, |piece| piece.take_all())? {
                octets.extend_from_slice(&piece);
            }
            Ok(octets)
        }
    })
}

/// What the signature is over, if attributes are signed: the attributes, which must name this content.
fn attributes_of(attributes: &Captured, content: &[u8]) -> Result<Vec<u8>, NotProven> {
    // In the message they are `[0] IMPLICIT`; what is signed is the same SET OF under its own tag, in DER.
    let set = encode::set(attributes).to_captured(Mode::Ber);
    let (mut kinds, mut digests) = (Vec::new(), Vec::new());
    Mode::Der
        .decode(set.as_slice(), |cons| {
            cons.take_set(|cons| {
                while let Some(()) = cons.take_opt_sequence(|cons| {
                    let name = Oid::take_from(cons)?;
                    cons.take_set(|cons| {
                        if name == CONTENT_TYPE {
                            kinds.push(Oid::take_from(cons)?);
                        } else if name == MESSAGE_DIGEST {
                            digests.push(octets(cons)?);
                        } else {
                            pass_over(cons)?;
                        }
                        Ok(())
                    })
                })? {}
                Ok(())
            })
        })
        .map_err(NotProven::BadAttributes)?;
    let ([kind], [digest]) = (kinds.as_slice(), digests.as_slice()) else { return Err(NotProven::MissingAttributes) };
    if *kind != DATA {
        return Err(NotProven::NotPlainData);
    }
    // Nothing here is secret, so the comparison need not take constant time.
    if digest.as_slice() != digest::digest(&SHA256, content).as_ref() {
        return Err(NotProven::OtherContent);
    }
    Ok(set.as_slice().to_vec())
}

/// Whatever is left in a value, as it stands there.
fn rest<S: Source>(cons: &mut Constructed<S>) -> Result<Captured, DecodeError<S::Error>> {
    cons.capture(|cons| {
        pass_over(cons)?;
        Ok(())
    })
}

/// Passes over whatever is left in a value. (`skip_all` of bcder 0.7.7 does not see the end of a value whose length is open.)
pub(crate) fn pass_over<S: Source>(cons: &mut Constructed<S>) -> Result<(), DecodeError<S::Error>> {
    while cons.skip_opt(|_, _, _| Ok(()))?.is_some() {}
    Ok(())
}
