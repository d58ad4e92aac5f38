//! SSH answers, and proves that it holds a host key that the machine reported.
//!
//! ```text
//!  SSH-2.0-…          ◄─► SSH-2.0-koza-probe
//!  what it offers     ◄─► what we accept: curve25519, ssh-ed25519
//!  our half of the key ─► its half, its host key, its signature over everything said so far
//! ```
//!
//! The first step of RFC 4253 and RFC 8731 and no more: the signature is the proof, so the connection ends there, before any
//! encryption and before any sign-in. ed25519 only: every machine of ours has such a key (services/ssh).

use app::domain::saw::Saw;
use aws_lc_rs::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::{self, ED25519};
use ssh_key::PublicKey;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};

use super::{Target, reach};

const BANNER: &str = "SSH-2.0-koza-probe";
const KEXINIT: u8 = 20;
const KEX_ECDH_INIT: u8 = 30;
const KEX_ECDH_REPLY: u8 = 31;
/// What we accept of each kind, in the protocol's order. Ciphers and codes are never used, but must be agreed upon.
const ACCEPTED: [&str; 10] = [
    "curve25519-sha256,curve25519-sha256@libssh.org",
    "ssh-ed25519",
    CIPHERS,
    CIPHERS,
    CODES,
    CODES,
    "none,zlib@openssh.com",
    "none,zlib@openssh.com",
    "",
    "",
];
const CIPHERS: &str = "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr";
const CODES: &str = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256,hmac-sha2-512";
/// Lines that a server may say before its banner, and bytes of each.
const GREETINGS: usize = 32;
const LINE: u64 = 1024;
/// RFC 4253 asks for at least this much.
const PACKET: u32 = 35_000;

/// Runs the probe.
pub async fn prove(target: &Target) -> Result<(), Saw> {
    let port = target.ports.ssh;
    let known: Vec<Vec<u8>> = target
        .host_keys
        .iter()
        .filter_map(|line| PublicKey::from_openssh(line).ok())
        .filter(|key| key.key_data().ed25519().is_some())
        .filter_map(|key| key.to_bytes().ok())
        .collect();

    let mut stream = BufReader::new(reach::connect(target, port).await?);
    let theirs = banner(&mut stream, port).await?;
    if known.is_empty() {
        return Err(Saw::NoHostKeyReported);
    }

    let secret = X25519Half::new().ok_or(Saw::UnprovenHostKey)?;
    let our_offer = offer();
    stream.write_all(format!("{BANNER}\r\n").as_bytes()).await.map_err(|error| reach::broken(port, &error))?;
    send(&mut stream, &our_offer, port).await?;
    let their_offer = receive(&mut stream, port).await?;
    if their_offer.first() != Some(&KEXINIT) {
        return Err(Saw::OtherProtocol { port });
    }
    let lists = lists_of(&their_offer).ok_or(Saw::OtherProtocol { port })?;
    if !lists[1].split(',').any(|kind| kind == "ssh-ed25519") {
        return Err(Saw::OtherHostKey);
    }

    let mut ours = vec![KEX_ECDH_INIT];
    put(&mut ours, &secret.public);
    send(&mut stream, &ours, port).await?;
    let reply = receive(&mut stream, port).await?;
    let [host_key, their_public, signed] = parts_of(&reply).ok_or(Saw::OtherProtocol { port })?;
    if !known.iter().any(|key| key == host_key) {
        return Err(Saw::OtherHostKey);
    }

    let their_public_kept = their_public.to_vec();
    let (our_public, shared) = secret.agree(&their_public_kept).ok_or(Saw::UnprovenHostKey)?;
    let said = exchange_hash(&Exchange {
        banners: [BANNER.as_bytes(), &theirs],
        offers: [&our_offer, &their_offer],
        host_key,
        halves: [&our_public, &their_public_kept],
        shared: &shared,
    });
    if is_signed(host_key, signed, &said) { Ok(()) } else { Err(Saw::UnprovenHostKey) }
}

/// The server's banner, after whatever it likes to say before it.
async fn banner(stream: &mut (impl AsyncBufRead + Unpin), port: u16) -> Result<Vec<u8>, Saw> {
    for _ in 0..GREETINGS {
        let line = reach::line(stream, LINE, port).await?;
        if line.starts_with(b"SSH-2.0-") || line.starts_with(b"SSH-1.99-") {
            return Ok(line);
        }
        // No other protocol's greeting looks like a greeting of SSH's: those are empty or free text; only binary ends it early.
        if line.starts_with(b"SSH-") || line.contains(&0) {
            break;
        }
    }
    Err(Saw::OtherProtocol { port })
}

/// Our half of the key agreement.
struct X25519Half {
    private: EphemeralPrivateKey,
    public: Vec<u8>,
}

impl X25519Half {
    fn new() -> Option<Self> {
        let private = EphemeralPrivateKey::generate(&X25519, &SystemRandom::new()).ok()?;
        let public = private.compute_public_key().ok()?.as_ref().to_vec();
        Some(Self { private, public })
    }

    /// Our public half, and the shared secret. Points that agree on nothing are refused by the library.
    fn agree(self, theirs: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        let shared = agree_ephemeral(self.private, UnparsedPublicKey::new(&X25519, theirs), (), |shared| Ok(shared.to_vec())).ok()?;
        Some((self.public, shared))
    }
}

/// Everything said so far, ours first.
pub(super) struct Exchange<'a> {
    pub banners: [&'a [u8]; 2],
    pub offers: [&'a [u8]; 2],
    pub host_key: &'a [u8],
    pub halves: [&'a [u8]; 2],
    pub shared: &'a [u8],
}

pub(super) fn exchange_hash(exchange: &Exchange<'_>) -> Vec<u8> {
    let mut said = Vec::new();
    for part in exchange.banners.iter().chain(&exchange.offers).chain([&exchange.host_key]).chain(&exchange.halves) {
        put(&mut said, part);
    }
    // The shared secret is a number: no leading zeros, and one where it would look negative.
    let significant = exchange.shared.iter().position(|byte| *byte != 0).map_or(&[][..], |first| &exchange.shared[first..]);
    let number: Vec<u8> =
        if significant.first().is_some_and(|byte| byte & 0x80 != 0) { [&[0], significant].concat() } else { significant.to_vec() };
    put(&mut said, &number);
    digest(&SHA256, &said).as_ref().to_vec()
}

fn is_signed(host_key: &[u8], signed: &[u8], said: &[u8]) -> bool {
    let (Some([kind, key]), Some([signed_kind, signature])) = (strings(host_key), strings(signed)) else { return false };
    kind == b"ssh-ed25519"
        && signed_kind == b"ssh-ed25519"
        && signature::UnparsedPublicKey::new(&ED25519, key).verify(said, signature).is_ok()
}

/// Our KEXINIT.
fn offer() -> Vec<u8> {
    let mut payload = vec![KEXINIT];
    let mut cookie = [0; 16];
    // The cookie only has to be new; should the system have no randomness, the key half above has failed already.
    let _ = SystemRandom::new().fill(&mut cookie);
    payload.extend(cookie);
    for list in ACCEPTED {
        put(&mut payload, list.as_bytes());
    }
    payload.extend([0; 5]); // no guess follows; reserved
    payload
}

/// The name lists of a KEXINIT.
fn lists_of(payload: &[u8]) -> Option<[&str; 10]> {
    let lists: [&[u8]; 10] = strings(payload.get(17..)?)?;
    let mut names = [""; 10];
    for (name, list) in names.iter_mut().zip(lists) {
        *name = std::str::from_utf8(list).ok()?;
    }
    Some(names)
}

/// Host key, public half and signature of a KEX_ECDH_REPLY.
fn parts_of(payload: &[u8]) -> Option<[&[u8]; 3]> {
    (payload.first() == Some(&KEX_ECDH_REPLY)).then(|| strings(&payload[1..])).flatten()
}

/// The first `N` strings of a message.
fn strings<const N: usize>(mut rest: &[u8]) -> Option<[&[u8]; N]> {
    let mut found = [&[][..]; N];
    for place in &mut found {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        (*place, rest) = after.split_at_checked(length)?;
    }
    Some(found)
}

/// Appends a string: its length, then its bytes.
pub(super) fn put(message: &mut Vec<u8>, string: &[u8]) {
    message.extend(u32::try_from(string.len()).unwrap_or(u32::MAX).to_be_bytes());
    message.extend(string);
}

/// Sends a message as a packet in the clear: length, padding length, message, padding to a multiple of eight.
pub(super) async fn send(stream: &mut (impl tokio::io::AsyncWrite + Unpin), payload: &[u8], port: u16) -> Result<(), Saw> {
    let padding = 4 + (7 - (payload.len() + 8) % 8); // four at least
    let mut packet = Vec::with_capacity(5 + payload.len() + padding);
    packet.extend(u32::try_from(1 + payload.len() + padding).unwrap_or(u32::MAX).to_be_bytes());
    packet.push(u8::try_from(padding).unwrap_or(u8::MAX));
    packet.extend(payload);
    packet.resize(packet.len() + padding, 0);
    stream.write_all(&packet).await.map_err(|error| reach::broken(port, &error))
}

/// Receives a packet in the clear.
pub(super) async fn receive(stream: &mut (impl AsyncRead + Unpin), port: u16) -> Result<Vec<u8>, Saw> {
    let failed = |error| reach::broken(port, &error);
    let length = stream.read_u32().await.map_err(failed)?;
    if length > PACKET {
        return Err(Saw::TooMuch { port });
    }
    let mut packet = vec![0; length as usize];
    stream.read_exact(&mut packet).await.map_err(failed)?;
    let padding = usize::from(*packet.first().ok_or(Saw::OtherProtocol { port })?);
    let end = packet.len().checked_sub(padding).filter(|end| *end > 1).ok_or(Saw::OtherProtocol { port })?;
    packet.truncate(end);
    packet.remove(0);
    Ok(packet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::hostile::{Lie, Sshd, Web, target};
    use proptest::prelude::*;

    async fn seen(lie: Lie) -> Result<(), Saw> {
        let server = Sshd::that(lie).await;
        let mut target = target();
        target.ports.ssh = server.port;
        target.host_keys = vec!["ecdsa-sha2-nistp256 not a key".into(), server.public_key];
        prove(&target).await
    }

    #[tokio::test]
    async fn the_reported_key_proven_passes() {
        assert_eq!(seen(Lie::None).await, Ok(()));
        assert_eq!(seen(Lie::GreetsFirst).await, Ok(()));
    }

    #[tokio::test]
    async fn another_key_does_not_pass() {
        assert_eq!(seen(Lie::AnotherKey).await, Err(Saw::OtherHostKey));
        assert_eq!(seen(Lie::OnlyRsa).await, Err(Saw::OtherHostKey));
    }

    #[tokio::test]
    async fn showing_the_right_key_without_holding_it_does_not_pass() {
        assert_eq!(seen(Lie::SignedByAnother).await, Err(Saw::UnprovenHostKey));
        assert_eq!(seen(Lie::SignatureOfAnotherTalk).await, Err(Saw::UnprovenHostKey));
        assert_eq!(seen(Lie::ZeroHalf).await, Err(Saw::UnprovenHostKey));
    }

    #[tokio::test]
    async fn without_a_reported_key_nothing_is_proven() {
        let server = Sshd::that(Lie::None).await;
        let mut target = target();
        target.ports.ssh = server.port;
        target.host_keys = vec![];
        assert_eq!(prove(&target).await, Err(Saw::NoHostKeyReported));
    }

    #[tokio::test]
    async fn hostile_talk_is_bounded() {
        let mut target = target();
        let mut said = async |words: &[u8]| {
            let port = Web::says_at_once(words).await;
            target.ports.ssh = port;
            (prove(&target).await, port)
        };
        let (seen, port) = said(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        assert_eq!(seen, Err(Saw::HungUp { port }));
        let (seen, port) = said(b"SSH-1.5-old\r\n").await;
        assert_eq!(seen, Err(Saw::OtherProtocol { port }));
        let (seen, port) = said(&[b'a'; 5000]).await;
        assert_eq!(seen, Err(Saw::TooMuch { port }));
        let (seen, port) = said(&b"hello\n".repeat(100)).await;
        assert_eq!(seen, Err(Saw::OtherProtocol { port }));

        target.host_keys = vec![Sshd::that(Lie::None).await.public_key];
        let port = Web::says_at_once(b"SSH-2.0-x\r\n\xff\xff\xff\xff").await;
        target.ports.ssh = port;
        assert_eq!(prove(&target).await, Err(Saw::TooMuch { port }));
        let port = Web::says_at_once(b"SSH-2.0-x\r\n\x00\x00\x00\x04\xff\x14aa").await;
        target.ports.ssh = port;
        assert_eq!(prove(&target).await, Err(Saw::OtherProtocol { port }));
    }

    #[tokio::test]
    async fn packets_are_whole_multiples_of_eight() {
        for length in 1..40 {
            let mut sent = Vec::new();
            send(&mut sent, &vec![7; length], 22).await.unwrap();
            assert_eq!(sent.len() % 8, 0, "{length}");
            assert!(sent[4] >= 4, "{length}");
            assert_eq!(receive(&mut sent.as_slice(), 22).await.unwrap(), vec![7; length]);
        }
    }

    proptest! {
        #[test]
        fn no_message_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = (lists_of(&bytes), parts_of(&bytes), is_signed(&bytes, &bytes, &bytes));
            let mut reply = vec![KEX_ECDH_REPLY];
            reply.extend(&bytes);
            let _ = parts_of(&reply);
        }
    }
}
