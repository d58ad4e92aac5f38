//! What broke after Ready, in English.

use crate::domain::incident::Fault;
use crate::domain::reason::Probe;

/// What broke and what Koza does about it; once it is mended, what it did.
pub(super) fn incident(fault: Fault, is_mended: bool) -> &'static str {
    match (fault, is_mended) {
        (Fault::MachineVanished, false) => "The machine disappeared from the cloud, and its disk with it.",
        (Fault::MachineVanished, true) => {
            "The machine had disappeared from the cloud. A new one was built; what was on the old one's disk is lost."
        }
        (Fault::MachineOff, false) => "The machine went off, and nobody had asked for it. Koza is starting it.",
        (Fault::MachineOff, true) => "The machine was off. Koza started it again; nothing was lost.",
        (Fault::AddressLost, false) => "The address was taken away. Koza is getting another one.",
        (Fault::AddressLost, true) => "The address was taken away. Koza got another one: use the address that this page shows now.",
        (Fault::FirewallChanged, false) => "What lets visitors in was changed or removed. Koza is putting it back.",
        (Fault::RecordChanged, false) => "Its name leads elsewhere, or nowhere. Koza is putting it back.",
        (Fault::RecordChanged, true) => {
            "Its name led elsewhere. Koza put it back; computers that remember the wrong place forget it within a minute."
        }
        (Fault::FirewallChanged, true) => "Visitors could not get in. Koza put back what lets them in; nothing was lost.",
        (Fault::BindingLost, false) => "The address does not lead to the machine. Koza is putting that right.",
        (Fault::BindingLost, true) => "The address did not lead to the machine. Koza put that right; nothing was lost.",
        (Fault::ProbeFails(probe), false) => match probe {
            Probe::Ssh => "SSH does not answer as it should. Koza keeps trying, and restarts it if that lasts.",
            Probe::Wordpress => "WordPress does not show its page. Koza keeps trying, and restarts it if that lasts.",
            Probe::BasicAuth => {
                "The protected page does not guard as it should. Koza keeps trying, and restarts the web server if that lasts."
            }
            Probe::ContainerWeb => "The web container does not answer. Koza keeps trying, and restarts it if that lasts.",
            Probe::FtpTex => "No PDF comes back by FTP. Koza keeps trying, and restarts the compiler if that lasts.",
            Probe::ClosedPorts => "A port is open that should be closed. Koza keeps looking.",
            Probe::Name => "The name does not lead here. Koza keeps asking; until then use the address.",
            Probe::Https => "HTTPS does not work as it should. Koza keeps trying, and restarts the web server if that lasts.",
            Probe::FtpTls => "FTP does not take TLS as it should. Koza keeps trying, and restarts it if that lasts.",
        },
        (Fault::ProbeFails(probe), true) => match probe {
            Probe::Ssh => "SSH did not answer as it should. It works again; nothing was lost.",
            Probe::Wordpress => "WordPress did not show its page. It works again; nothing was lost.",
            Probe::BasicAuth => "The protected page did not guard as it should. It does again.",
            Probe::ContainerWeb => "The web container did not answer. It works again; nothing was lost.",
            Probe::FtpTex => "No PDF came back by FTP. It works again; nothing was lost.",
            Probe::ClosedPorts => "A port was open that should be closed. It is closed again.",
            Probe::Name => "The name did not lead here. It does again.",
            Probe::Https => "HTTPS did not work as it should. It works again; nothing was lost.",
            Probe::FtpTls => "FTP did not take TLS as it should. It does again; nothing was lost.",
        },
    }
}
