//! What a machine is handed at its creation: where the portal is, and how it proves which machine it is. Nothing in it is worth stealing for long:
//! every local user can read user-data.
//!
//! One text serves base images and baked ones (agent/README.md): on a base image cloud-init runs it; a baked image's agent takes the
//! file out of the seed itself, because cloud-init takes seconds. The first line tells the simulator what the machine is.

use cloud::ImageSource;
use serde_json::json;

use crate::wish::{Purpose, Spec};

/// How a machine proves which one it is, when it says hello.
#[derive(Debug, Clone, Copy)]
pub enum Proof<'a> {
    /// By a one-time token of its own.
    Token(&'a str),
    /// By a document that the cloud signs: it was launched with others, whose text is the same.
    SignedDocument,
}

/// The text.
#[must_use]
pub fn text(url: &str, proof: Proof<'_>, (spec, purpose): (&Spec, Purpose), image: &ImageSource) -> String {
    let services: Vec<_> = spec.services.iter().map(|service| service.name.as_str()).collect();
    let marker = json!({
        "purpose": if purpose == Purpose::Image { "bake" } else { "environment" },
        "services": services,
        "baked": matches!(image, ImageSource::Baked(_)),
    });
    let portal = match proof {
        Proof::Token(token) => json!({"url": url, "token": token}),
        Proof::SignedDocument => json!({"url": url, "proof": "aws"}),
    }
    .to_string();
    let fetch = format!(
        "i=0; until curl -fsS --max-time 60 -o /run/koza.tar '{url}/machines/v1/bundle'; do i=$((i+1)); [ $i -lt 300 ] || exit 1; sleep 2; \
         done; mkdir -p /opt/koza && tar -xf /run/koza.tar -C /opt/koza && exec sh /opt/koza/agent/bootstrap"
    );
    let config = json!({
        "write_files": [{"path": "/etc/koza/portal.json", "permissions": "0600", "content": portal}],
        // Else cloud-init makes a user of its own.
        "users": [],
        "runcmd": [["sh", "-c", fetch]],
    });
    format!("#cloud-config\n# koza: {marker}\n{config}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::web_and_tex;
    use crate::wish::Security;

    #[test]
    fn user_data_is_the_same_for_both_security_profiles_and_holds_no_secret_but_the_token() {
        let image = ImageSource::Base("amazon-linux-2023".into());
        let text = |security| {
            let spec = Spec { security, ..web_and_tex() };
            super::text("https://koza.example.ac.jp", Proof::Token("one-time-token"), (&spec, Purpose::Course), &image)
        };
        assert_eq!(text(Security::Hardened), text(Security::AsInTheReport));
        insta::assert_snapshot!(text(Security::Hardened));
    }
}
