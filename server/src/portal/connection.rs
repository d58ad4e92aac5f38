//! The connection block: how to reach an environment, ready to copy.

use app::domain::environment::{Connection, PrivateKey};

use crate::db::environments::Setting;
use crate::machine::settings::{CONTAINER_PORT, FTP_USER, PROTECTED_USER, WORDPRESS_USER};

/// Puts the block together.
#[must_use]
pub fn connection(
    name: &str,
    address: &str,
    login_user: &str,
    host_keys: &[String],
    setting: &Setting,
    is_key_waiting: bool,
) -> Connection {
    let has_own_key = setting.options["own_key"].as_bool().unwrap_or(false);
    Connection {
        address: address.to_owned(),
        web: format!("http://{address}/"),
        wordpress_admin: format!("http://{address}/wp-admin/"),
        wordpress_user: WORDPRESS_USER.to_owned(),
        protected_page: format!("http://{address}/basic/"),
        protected_user: PROTECTED_USER.to_owned(),
        container: format!("http://{address}:{CONTAINER_PORT}/"),
        ftp_host: address.to_owned(),
        ftp_user: FTP_USER.to_owned(),
        ssh_command: match has_own_key {
            true => format!("ssh {login_user}@{address}"),
            false => format!("ssh -i ~/.ssh/{name}.pem {login_user}@{address}"),
        },
        known_hosts: host_keys.iter().map(|key| format!("{address} {key}")).collect(),
        ssh_config: ssh_config(name, address, login_user, (!has_own_key).then_some(name), setting.ssh_proxy.as_deref()),
        private_key: match (has_own_key, is_key_waiting) {
            (true, _) => None,
            (false, true) => Some(PrivateKey::Waiting),
            (false, false) => Some(PrivateKey::Erased),
        },
    }
}

fn ssh_config(name: &str, address: &str, user: &str, key: Option<&str>, proxy: Option<&str>) -> String {
    let mut text = format!("Host {name}\n    HostName {address}\n    User {user}\n");
    if let Some(key) = key {
        text.push_str(&format!("    IdentityFile ~/.ssh/{key}.pem\n    IdentitiesOnly yes\n"));
    }
    if let Some(proxy) = proxy {
        text.push_str(&format!("    ProxyCommand {proxy}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ssh_entry_carries_the_campus_proxy() {
        let text = ssh_config("c5", "198.51.100.7", "student", Some("c5"), Some("nc -X connect -x proxy.example.ac.jp:3128 %h %p"));
        insta::assert_snapshot!(text);
    }
}
