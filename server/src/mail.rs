//! Mail: notices go to the addresses of those whom they tell.
//!
//! A notice is written down in the transaction that makes it true, with a chore that sends it; a few are sent side by side, and nothing else
//! waits for them. A server that does not answer is asked again for a day; an address that it refuses for good is said on the notice. A
//! worker that dies between sending and noting, and a server that takes a mail too slowly, make that another one is sent, with the same
//! `Message-ID`, by which mail programs tell that it is one.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use app::domain::ids::NoticeId;
use app::letter::letter;
use lettre::message::{Mailbox, header};
use lettre::transport::smtp;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;
use tokio::time::timeout;
use tracing::warn;

use crate::config::Common;
use crate::db::notices::{self, ToMail};
use crate::engine::Engine;
use crate::engine::chores::Trouble;

/// What takes longer than this has failed. lettre's own patience ends once it is connected.
const PATIENCE: Duration = Duration::from_secs(15);
/// What says that it is the address that is wrong (RFC 3463), and not us, our address or our password: another try would end the same way.
const WRONG_ADDRESS: [&str; 6] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"];
/// The hosts that a mail without TLS does not leave.
const HERE: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// A mail server, and whom mail is from.
#[derive(Clone)]
pub struct Mailer {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    portal: Arc<str>,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The server's address may hold a password.
        f.debug_struct("Mailer").field("portal", &self.portal).finish_non_exhaustive()
    }
}

impl Mailer {
    /// As the settings say; `None`: this site sends no mail.
    ///
    /// # Errors
    /// A setting that cannot be used, in words for the operator.
    pub fn open(config: &Common) -> anyhow::Result<Option<Self>> {
        let Some(url) = &config.mail.smtp else { return Ok(None) };
        let url = url.expose_secret();
        let from = config.mail.mail_from.as_deref().context("KOZA_SMTP is set, so KOZA_MAIL_FROM is needed: Koza <koza@example.ac.jp>")?;
        let from = from.parse().context("KOZA_MAIL_FROM is no address: Koza <koza@example.ac.jp>")?;
        let portal = config.portal.public_url.as_deref().context("KOZA_SMTP is set, so KOZA_PUBLIC_URL is needed: mails lead there")?;
        // What lettre says of an address would quote it, and it may hold a password.
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
        let server = server.map_err(|_| anyhow::anyhow!("KOZA_SMTP is no address of a mail server: smtps://user:password@host"))?;
        ensure!(is_safe(url), "KOZA_SMTP would send mail, and perhaps a password, in the clear: use smtps://…, or smtp://…?tls=required");
        let server = match &config.mail.smtp_trusted_root {
            Some(file) => server.tls(trusting(url, file)?),
            None => server,
        };
        Ok(Some(Self { server: server.timeout(Some(PATIENCE)).build(), from, portal: portal.trim_end_matches('/').into() }))
    }

    /// Whether the server answers, and lets us in.
    ///
    /// # Errors
    /// What it said.
    pub async fn examine(&self) -> Result<(), String> {
        match timeout(PATIENCE, self.server.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("it answers, but would take no mail".to_owned()),
            Ok(Err(error)) => Err(in_full(&error)),
            Err(_) => Err(silent()),
        }
    }

    async fn send(&self, id: NoticeId, mail: &ToMail) -> Result<(), Trouble> {
        let to = mail.address.parse().map_err(|error| Trouble::lasting(format!("{} is no address: {error}", mail.address)))?;
        let letter = letter(mail.locale, &mail.card, &self.portal);
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            // Programs that answer by themselves let it be (RFC 3834).
            .header(AutoSubmitted)
            .header(header::ContentType::TEXT_PLAIN)
            .body(letter.text)
            .map_err(Trouble::lasting)?;
        let sent = timeout(PATIENCE, self.server.send(message)).await.map_err(|_| Trouble::passing(silent()))?;
        sent.map(drop).map_err(|error: smtp::Error| {
            let said = in_full(&error);
            let is_final = error.is_permanent() && said.split([' ', '-', ':', ',']).any(|word| WRONG_ADDRESS.contains(&word));
            Trouble { said, is_final }
        })
    }
}

fn silent() -> String {
    format!("the mail server was not done within {} s", PATIENCE.as_secs())
}

/// TLS as the address asks for it, with a server that somebody in the house vouches for.
fn trusting(url: &str, root: &Path) -> anyhow::Result<Tls> {
    let pem = std::fs::read(root).with_context(|| format!("KOZA_SMTP_TRUSTED_ROOT: {} cannot be read", root.display()))?;
    let root = Certificate::from_pem(&pem).with_context(|| format!("KOZA_SMTP_TRUSTED_ROOT: {} is no certificate", root.display()))?;
    let uri: http::Uri = url.parse().context("KOZA_SMTP is no address of a mail server")?;
    let host = uri.host().context("KOZA_SMTP names no host")?;
    let parameters = TlsParameters::builder(host.to_owned()).add_root_certificate(root).build()?;
    Ok(if uri.scheme_str() == Some("smtps") { Tls::Wrapper(parameters) } else { Tls::Required(parameters) })
}

/// Whether nobody on the way can read what is sent to this server.
fn is_safe(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else { return false };
    // The first that is named counts, as lettre reads it.
    let tls = uri.query().and_then(|query| query.split('&').find(|part| part.starts_with("tls=")));
    let is_sealed = uri.scheme_str() == Some("smtps") || tls == Some("tls=required");
    is_sealed || uri.host().is_some_and(|host| HERE.contains(&host))
}

fn in_full(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        said = format!("{said}: {deeper}");
        cause = deeper.source();
    }
    said
}

/// `Auto-Submitted: auto-generated`
#[derive(Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Does the chore of a notice: sends it, or says on it why it is not sent; on the last try, why none was taken.
///
/// # Errors
/// [`Trouble`]; a passing one is tried again.
pub async fn deliver(engine: &Engine, id: NoticeId, is_last_try: bool) -> Result<(), Trouble> {
    let mut db = engine.pool.acquire().await.map_err(Trouble::passing)?;
    let Some(mail) = notices::to_mail(&mut db, id).await.map_err(Trouble::passing)? else { return Ok(()) };
    let Some(mailer) = &engine.mailer else {
        return notices::unmailed(&mut db, id, "this site sends no mail").await.map_err(Trouble::passing);
    };
    drop(db);
    let sent = mailer.send(id, &mail).await;
    let mut db = engine.pool.acquire().await.map_err(Trouble::passing)?;
    match sent {
        Ok(()) => notices::mailed(&mut db, id).await.map_err(Trouble::passing),
        Err(trouble) if trouble.is_final => {
            // Another try would end the same way: whom it tells reads why on their page.
            warn!(notice.id = %id, %trouble, "a mail was refused");
            notices::unmailed(&mut db, id, &trouble.said).await.map_err(Trouble::passing)
        }
        Err(trouble) => {
            if is_last_try {
                notices::unmailed(&mut db, id, &trouble.said).await?;
            }
            Err(trouble)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mail_leaves_this_host_in_the_clear() {
        for sealed in [
            "smtps://koza:p%40ss@mail.example.ac.jp",
            "smtp://mail.example.ac.jp:587?tls=required",
            "smtp://localhost:2525",
            "smtp://[::1]",
        ] {
            assert!(is_safe(sealed), "{sealed}");
        }
        for open in [
            "smtp://mail.example.ac.jp",
            "smtp://mail.example.ac.jp?tls=opportunistic",
            "smtp://mail.example.ac.jp?tls=opportunistic&tls=required",
            "smtp://localhost:pw@mail.example.ac.jp",
            "smtp://koza:tls=required@mail.example.ac.jp",
            "smtp://localhost.example.ac.jp",
        ] {
            assert!(!is_safe(open), "{open}");
        }
    }
}
