//! What a probe saw instead of what it wanted. Codes here, sentences in the catalogue.
//!
//! Words inside (`to`, `log`) come from a student's machine: the probe cuts them and drops control characters; pages show them as text.

use serde::{Deserialize, Serialize};

/// What a probe saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "saw", rename_all = "snake_case")]
pub enum Saw {
    /// Nothing is bound to an address yet.
    NoAddress,
    /// The address cannot be reached at all.
    Unreachable,
    /// The port refuses connections.
    Refused {
        /// Which.
        port: u16,
    },
    /// The port says nothing.
    Silent {
        /// Which.
        port: u16,
    },
    /// It answered, but not in time.
    TooSlow {
        /// Which.
        port: u16,
        /// How long was waited.
        seconds: u32,
    },
    /// It hung up in the middle.
    HungUp {
        /// Which.
        port: u16,
    },
    /// It sent more than any honest answer has.
    TooMuch {
        /// Which.
        port: u16,
    },
    /// It answered something else than its protocol.
    OtherProtocol {
        /// Which.
        port: u16,
    },
    /// HTTP answered with an unexpected status.
    Status {
        /// The path that was asked for.
        path: String,
        /// What came.
        status: u16,
    },
    /// HTTP wants to send visitors elsewhere.
    SentAway {
        /// Where to.
        to: String,
    },
    /// The page is not WordPress'.
    NotWordpress,
    /// It is WordPress, but not this one.
    OtherSite,
    /// WordPress cannot reach its database.
    DatabaseDown,
    /// WordPress says that it is in trouble.
    WordpressTrouble,
    /// WordPress shows its set-up wizard.
    NotSetUp,
    /// The page behind the password refuses, but does not ask for one.
    NoPasswordAsked,
    /// The page behind the password opens without one.
    OpenWithoutPassword,
    /// The page behind the password opens with a wrong one.
    WrongPasswordAccepted,
    /// The page behind the password refuses the right one.
    PasswordRefused,
    /// Port 8080 shows something else than the container.
    NotTheContainer,
    /// FTP refuses the probe's account.
    LoginRefused,
    /// FTP gives no data connection.
    NoDataConnection,
    /// FTP refuses a command.
    CommandRefused {
        /// Which.
        command: String,
        /// Its reply code.
        reply: u16,
    },
    /// No PDF came back in time.
    NoPdf {
        /// How long was waited.
        seconds: u32,
        /// The last lines of the log, if there is one.
        log: Vec<String>,
    },
    /// What came back is not a PDF.
    NotAPdf,
    /// The PDF does not carry what was put.
    OtherPdf,
    /// The machine has reported no host key that a probe can check (ed25519).
    NoHostKeyReported,
    /// SSH shows another key than the machine reported.
    OtherHostKey,
    /// SSH could not prove that its key is its own.
    UnprovenHostKey,
    /// The machine has reported no certificate.
    NoCertificateReported,
    /// Nobody who is trusted vouches for the certificate, or what leads to them is missing.
    UntrustedCertificate,
    /// The certificate is for another name.
    CertificateForAnotherName,
    /// The certificate has expired.
    CertificateExpired,
    /// The certificate is not valid yet.
    CertificateNotYetValid,
    /// A signature by the certificate's authority, or by its own key, does not hold.
    UnprovenCertificate,
    /// The port shows another certificate than the machine reported.
    OtherCertificate {
        /// Which.
        port: u16,
    },
    /// The certificate does not last as long as the machine reported.
    CertificateEndsEarlier,
    /// The certificate ends soon: its renewal is overdue.
    CertificateEndsSoon {
        /// The whole days that are left.
        days: u32,
    },
    /// The port does not speak TLS.
    NoTls {
        /// Which.
        port: u16,
    },
    /// It speaks TLS, but not with us.
    TlsRefused {
        /// Which.
        port: u16,
    },
    /// HTTP does not lead to HTTPS.
    NotLedToHttps,
    /// FTP's talk in the clear goes on after it promised TLS; somebody may have put words in.
    SaidBeforeTls,
    /// Ports that should be closed are open.
    Open {
        /// Which, ascending.
        ports: Vec<u16>,
    },
    /// Nobody knows who answers for the domain.
    NoNameServer,
    /// No name server of the domain answers.
    NameServerSilent {
        /// One of them.
        server: String,
    },
    /// A server that should answer for the domain does not answer for it itself.
    NotItsNameServer {
        /// Which.
        server: String,
    },
    /// A name server knows no such name.
    NameUnknown {
        /// Which.
        server: String,
    },
    /// A name server answers with something else than the address.
    NameLeadsTo {
        /// Which.
        server: String,
        /// What it answers.
        to: String,
    },
    /// What the simulator said.
    Simulated {
        /// In its words.
        said: String,
    },
}
