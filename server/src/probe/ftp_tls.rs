//! FTP goes over to TLS when asked, with the certificate that the web server has, and lets the probe's account in there.

use app::domain::saw::Saw;

use super::Target;
use super::ftp::Control;

/// Runs the probe.
pub async fn prove(target: &Target) -> Result<(), Saw> {
    if target.certificate.is_none() {
        return Err(Saw::NoCertificateReported);
    }
    let (user, password) = &target.ftp_probe;
    let mut control = Control::open(target).await?.secured().await?;
    control.sign_in(user, password).await?;
    control.expect("PBSZ", "0", 200).await?;
    control.expect("PROT", "P", 200).await?;
    control.quit().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::hostile::ftp::Ftpd;
    use crate::probe::hostile::tls::{Authority, Paper, certified};
    use crate::probe::hostile::{Web, target};
    use app::domain::reason::Probe;

    /// What is seen of a server, when `reported` is what the machine reported.
    async fn seen(ftpd: Ftpd, reported: &Paper) -> (Result<(), Saw>, u16) {
        let mut target = certified(reported);
        target.ports.ftp = ftpd.start().await;
        (crate::probe::run(Probe::FtpTls, &target).await.outcome, target.ports.ftp)
    }

    #[tokio::test]
    async fn the_reported_certificate_and_the_probes_account_pass() {
        let paper = Authority::new().issues();
        assert_eq!(seen(Ftpd::with_tls(&paper), &paper).await.0, Ok(()));
    }

    #[tokio::test]
    async fn plain_ftp_does_not_pass() {
        let refused = Err(Saw::CommandRefused { command: "AUTH".into(), reply: 500 });
        assert_eq!(seen(Ftpd::default(), &Authority::new().issues()).await.0, refused);
    }

    #[tokio::test]
    async fn words_that_came_in_plain_are_not_taken_for_words_over_tls() {
        let paper = Authority::new().issues();
        for injected in ["331 Password?\r\n230 In.\r\n", "2", "\r\n"] {
            let ftpd = Ftpd { injects: injected, ..Ftpd::with_tls(&paper) };
            assert_eq!(seen(ftpd, &paper).await.0, Err(Saw::SaidBeforeTls), "{injected}");
        }
    }

    #[tokio::test]
    async fn another_certificate_than_the_webs_does_not_pass() {
        let ours = Authority::new();
        let (seen_then, port) = seen(Ftpd::with_tls(&ours.issues()), &ours.issues()).await;
        assert_eq!(seen_then, Err(Saw::OtherCertificate { port }));
        let own = Paper::signed_by_itself(false);
        assert_eq!(seen(Ftpd::with_tls(&own), &ours.issues()).await.0, Err(Saw::UntrustedCertificate));
        let another = ours.issues_for("c6.exp.example.ac.jp");
        assert_eq!(seen(Ftpd::with_tls(&another), &another).await.0, Err(Saw::CertificateForAnotherName));
    }

    #[tokio::test]
    async fn each_way_to_be_wrong_after_the_handshake_is_named() {
        let paper = Authority::new().issues();
        let ftpd = Ftpd { password: "another", ..Ftpd::with_tls(&paper) };
        assert_eq!(seen(ftpd, &paper).await.0, Err(Saw::LoginRefused));
        let ftpd = Ftpd { data: false, ..Ftpd::with_tls(&paper) };
        assert_eq!(seen(ftpd, &paper).await.0, Err(Saw::CommandRefused { command: "PROT".into(), reply: 536 }));
    }

    #[tokio::test]
    async fn a_server_that_promises_tls_and_does_not_speak_it_is_told_apart() {
        let mut target = certified(&Authority::new().issues());
        target.ports.ftp = Web::says_in_turn(&[b"220 Ready.\r\n", b"234 Go on.\r\n", b"331 Password?\r\n"]).await;
        assert_eq!(prove(&target).await, Err(Saw::NoTls { port: target.ports.ftp }));
        target.ports.ftp = Web::says_in_turn(&[b"220 Ready.\r\n", b"234 Go on.\r\n"]).await;
        assert_eq!(prove(&target).await, Err(Saw::HungUp { port: target.ports.ftp }));
        target.ports.ftp = Web::drips(b"220-", b"a").await;
        let outcome = crate::probe::run(Probe::FtpTls, &target).await.outcome;
        assert_eq!(outcome, Err(Saw::TooSlow { port: target.ports.ftp, seconds: 1 }));
    }

    #[tokio::test]
    async fn without_a_reported_certificate_nothing_is_proven() {
        let mut target = target();
        target.ports.ftp = Ftpd::default().start().await;
        assert_eq!(prove(&target).await, Err(Saw::NoCertificateReported));
    }
}
