//! FTP takes a TeX file with a nonce and gives, within twenty seconds, a PDF that carries it.
//!
//! The file has a name of its own per run, so that two runs cannot meet and an old PDF cannot pass; it is Japanese, as the lesson's is.
//! Whatever happens, the run's files are deleted afterwards.

use std::time::Duration;

use app::domain::saw::Saw;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::ftp::Session;
use super::{Target, pdf, reach};

/// Kept back from the whole time for cleaning up.
const TIDY: Duration = Duration::from_secs(2);
/// A log longer than this is not read.
const LOG: usize = 256 << 10;
/// Lines of the log that are told.
const LINES: usize = 12;

/// Runs the probe.
pub async fn prove(target: &Target) -> Result<(), Saw> {
    let end = Instant::now() + target.limits.whole_tex.saturating_sub(TIDY).max(target.limits.pdf);
    let port = target.ports.ftp;
    let (user, password) = &target.ftp_probe;
    let nonce: String = target.nonce.chars().filter(char::is_ascii_alphanumeric).collect();
    let run = Run { tex: format!("probe-{nonce}.tex"), pdf: format!("probe-{nonce}.pdf"), log: format!("probe-{nonce}.log"), nonce };

    let put = async {
        let mut session = Session::open(target, user, password).await?;
        let put = session.put(&run.tex, document(&run.nonce).as_bytes()).await;
        Ok((session, put))
    };
    let (mut session, put) = timeout(target.limits.whole, put).await.map_err(|_| reach::too_slow(port, target.limits.whole))??;
    let outcome = match put {
        Ok(()) => come_back(target, &mut session, &run, end.min(Instant::now() + target.limits.pdf)).await,
        Err(saw) => Err(saw),
    };
    let _ = timeout(TIDY, tidy(&mut session, &run)).await;
    outcome
}

/// This run's files.
struct Run {
    nonce: String,
    tex: String,
    pdf: String,
    log: String,
}

/// Waits for the PDF and looks into it.
async fn come_back<'t>(target: &'t Target, session: &mut Session<'t>, run: &Run, end: Instant) -> Result<(), Saw> {
    let began = Instant::now();
    let mut is_half = false;
    let waited = timeout_at(end, async {
        loop {
            if session.has(&run.pdf).await? {
                let file = session.get(&run.pdf, target.limits.bytes).await?;
                if pdf::is_whole(&file) {
                    // Inflating is work for the processor: off the threads that others wait on.
                    let nonce = run.nonce.clone();
                    let is_ours = spawn_blocking(move || pdf::carries(&file, &nonce)).await.unwrap_or(false);
                    return if is_ours { Ok(()) } else { Err(Saw::OtherPdf) };
                }
                // A compiler that writes in place shows it before it is whole.
                is_half = true;
            }
            sleep(target.limits.look_again).await;
        }
    });
    match waited.await {
        Ok(outcome) => outcome,
        Err(_) if is_half => Err(Saw::NotAPdf),
        Err(_) => {
            // The wait may have ended in the middle of a reply, so the log is asked for in a conversation of its own.
            let (user, password) = &target.ftp_probe;
            let seconds = reach::whole_seconds(began.elapsed());
            let log = async {
                *session = Session::open(target, user, password).await.ok()?;
                session.get(&run.log, LOG).await.ok()
            };
            let log = timeout(TIDY / 2, log).await.ok().flatten().unwrap_or_default();
            Err(Saw::NoPdf { seconds, log: telling(&String::from_utf8_lossy(&log)) })
        }
    }
}

async fn tidy(session: &mut Session<'_>, run: &Run) -> Result<(), Saw> {
    for name in [&run.tex, &run.pdf, &run.log] {
        session.delete(name).await?;
    }
    session.quit().await
}

/// The lines of a TeX log that tell: from the first error on, or else the last ones.
fn telling(log: &str) -> Vec<String> {
    let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    let first = lines.iter().position(|line| line.starts_with('!')).unwrap_or(lines.len().saturating_sub(LINES));
    lines[first..].iter().take(LINES).map(|line| reach::shown(line)).collect()
}

/// The nonce is on the page and, for a reader who does not know the page's fonts, in the title.
fn document(nonce: &str) -> String {
    format!(
        "\\documentclass{{ujarticle}}\n\\begin{{document}}\n\\special{{pdf:docinfo << /Title ({nonce}) >>}}\n講座 Koza: {nonce}\n\\end{{document}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::hostile::ftp::{Compiler, Ftpd};
    use crate::probe::hostile::{Web, target};
    use app::domain::reason::Probe;
    use proptest::prelude::*;

    async fn seen(ftpd: Ftpd) -> (Result<(), Saw>, Ftpd, u16) {
        let mut target = target();
        target.ports.ftp = ftpd.start().await;
        (crate::probe::run(Probe::FtpTex, &target).await.outcome, ftpd, target.ports.ftp)
    }

    #[tokio::test]
    async fn a_pdf_with_the_nonce_passes_and_nothing_is_left() {
        let (seen, ftpd, _) = seen(Ftpd::default()).await;
        assert_eq!(seen, Ok(()));
        assert_eq!(ftpd.left(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn the_old_passive_mode_will_do_and_its_host_is_ignored() {
        // It advertises 203.0.113.9; only because that is ignored does this pass.
        assert_eq!(seen(Ftpd { extended: false, ..Ftpd::default() }).await.0, Ok(()));
    }

    #[tokio::test]
    async fn each_way_to_be_wrong_is_named() {
        assert_eq!(seen(Ftpd { password: "another", ..Ftpd::default() }).await.0, Err(Saw::LoginRefused));
        assert_eq!(seen(Ftpd { data: false, ..Ftpd::default() }).await.0, Err(Saw::NoDataConnection));
        assert_eq!(
            seen(Ftpd { writable: false, ..Ftpd::default() }).await.0,
            Err(Saw::CommandRefused { command: "STOR".into(), reply: 553 })
        );
        assert_eq!(seen(Ftpd { compiler: Compiler::OfAnother, ..Ftpd::default() }).await.0, Err(Saw::OtherPdf));
        assert_eq!(seen(Ftpd { compiler: Compiler::Half, ..Ftpd::default() }).await.0, Err(Saw::NotAPdf));
        assert_eq!(seen(Ftpd { compiler: Compiler::Absent, ..Ftpd::default() }).await.0, Err(Saw::NoPdf { seconds: 1, log: vec![] }));
    }

    #[tokio::test]
    async fn a_log_of_errors_is_told_and_cleaned_up() {
        let (seen, ftpd, _) = seen(Ftpd { compiler: Compiler::Broken, ..Ftpd::default() }).await;
        let log = vec!["! Undefined control sequence.".to_owned(), "l.3 \\oops".to_owned()];
        assert_eq!(seen, Err(Saw::NoPdf { seconds: 1, log }));
        assert_eq!(ftpd.left(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn an_endless_pdf_is_cut_off() {
        let (seen, _, port) = seen(Ftpd { compiler: Compiler::Endless, ..Ftpd::default() }).await;
        assert_eq!(seen, Err(Saw::TooMuch { port }));
    }

    #[tokio::test]
    async fn hostile_talk_is_bounded() {
        let mut target = target();
        let mut said = async |words: &[u8]| {
            target.ports.ftp = Web::says_at_once(words).await;
            (prove(&target).await, target.ports.ftp)
        };
        let (seen, port) = said(&[b'2'; 5000]).await;
        assert_eq!(seen, Err(Saw::TooMuch { port }));
        let (seen, port) = said(&b"220-and on\r\n".repeat(200)).await;
        assert_eq!(seen, Err(Saw::TooMuch { port }));
        let (seen, port) = said(b"SSH-2.0-OpenSSH\r\n").await;
        assert_eq!(seen, Err(Saw::OtherProtocol { port }));
        let (seen, _) = said(b"421 Too many connections\r\n").await;
        assert_eq!(seen, Err(Saw::CommandRefused { command: "CONNECT".into(), reply: 421 }));
        let (seen, port) = said(b"220 hello\r\n").await;
        assert_eq!(seen, Err(Saw::HungUp { port }));
    }

    #[tokio::test]
    async fn a_server_that_drips_is_too_slow() {
        let mut target = target();
        target.ports.ftp = Web::drips(b"220-", b"a").await;
        assert_eq!(prove(&target).await, Err(Saw::TooSlow { port: target.ports.ftp, seconds: 1 }));
    }

    proptest! {
        #[test]
        fn no_log_makes_it_panic(log in "(!|\\n|\\PC){0,200}") {
            prop_assert!(telling(&log).len() <= LINES);
        }
    }
}
