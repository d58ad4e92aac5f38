//! What a probe saw, in English: each a sentence that stands alone.

use crate::domain::saw::Saw;

pub(super) fn saw(saw: &Saw) -> String {
    match saw {
        Saw::NoAddress => "The environment has no address yet.".to_owned(),
        Saw::Unreachable => "The address cannot be reached.".to_owned(),
        Saw::Refused { port } => format!("Port {port} refuses connections."),
        Saw::Silent { port } => format!("Port {port} says nothing."),
        Saw::TooSlow { port, seconds } => format!("The answer on port {port} took longer than {seconds} seconds."),
        Saw::HungUp { port } => format!("The connection to port {port} broke off in the middle."),
        Saw::TooMuch { port } => format!("Port {port} sent more than any honest answer has."),
        Saw::OtherProtocol { port } => format!("Something else than the service answers on port {port}."),
        Saw::Status { path, status } => format!("{path} answered with status {status}."),
        Saw::SentAway { to } => format!("Visitors are sent away to {to}."),
        Saw::NotWordpress => "The page is not WordPress'.".to_owned(),
        Saw::OtherSite => "It is WordPress, but another site.".to_owned(),
        Saw::DatabaseDown => "WordPress cannot reach its database.".to_owned(),
        Saw::WordpressTrouble => "WordPress says that there was a critical error.".to_owned(),
        Saw::NotSetUp => "WordPress shows its set-up page.".to_owned(),
        Saw::NoPasswordAsked => "The protected page refuses, but asks for no password.".to_owned(),
        Saw::OpenWithoutPassword => "The protected page opens without a password.".to_owned(),
        Saw::WrongPasswordAccepted => "The protected page opens with a wrong password.".to_owned(),
        Saw::PasswordRefused => "The protected page refuses the right password.".to_owned(),
        Saw::NotTheContainer => "Port 8080 shows something else than the container.".to_owned(),
        Saw::LoginRefused => "FTP refuses the login.".to_owned(),
        Saw::NoDataConnection => "FTP opens no data connection.".to_owned(),
        Saw::CommandRefused { command, reply } => format!("FTP answers {command} with {reply}."),
        Saw::NoPdf { seconds, .. } => format!("No PDF came back within {seconds} seconds."),
        Saw::NotAPdf => "What came back is not a PDF.".to_owned(),
        Saw::OtherPdf => "The PDF that came back is not of the file that was sent.".to_owned(),
        Saw::NoHostKeyReported => "The machine has reported no SSH host key yet.".to_owned(),
        Saw::OtherHostKey => "SSH shows another host key than the machine reported.".to_owned(),
        Saw::UnprovenHostKey => "SSH could not prove that its host key is its own.".to_owned(),
        Saw::Open { ports } => format!("Open, but should be closed: {}.", super::super::ports(ports)),
        Saw::Simulated { said } => format!("The simulator says: {said}."),
    }
}
