//! The connection block: how to reach an environment, ready to copy.

use app::domain::environment::{Connection, HostName, PrivateKey};

use super::host_name::leads_by;
use crate::db::environments::Setting;
use crate::machine::settings::{CONTAINER_PORT, FTP_USER, PROTECTED_USER, WORDPRESS_USER};

/// Puts the block together.
#[must_use]
pub fn connection(
    name: &str,
    (host_name, address, is_kept): (Option<HostName>, &str, bool),
    login_user: &str,
    host_keys: &[String],
    setting: &Setting,
    is_key_waiting: bool,
) -> Connection {
    let has_own_key = setting.options["own_key"].as_bool().unwrap_or(false);
    let (scheme, host) = leads_by(host_name.as_ref(), address);
    Connection {
        address: address.to_owned(),
        is_kept,
        name: host_name.clone(),
        web: format!("{scheme}://{host}/"),
        wordpress_admin: format!("{scheme}://{host}/wp-admin/"),
        wordpress_user: WORDPRESS_USER.to_owned(),
        protected_page: format!("{scheme}://{host}/basic/"),
        protected_user: PROTECTED_USER.to_owned(),
        container: format!("http://{host}:{CONTAINER_PORT}/"),
        ftp_host: host.to_owned(),
        ftp_user: FTP_USER.to_owned(),
        ssh_command: match has_own_key {
            true => format!("ssh {login_user}@{host}"),
            false => format!("ssh -i ~/.ssh/{name}.pem {login_user}@{host}"),
        },
        known_hosts: host_keys.iter().map(|key| format!("{host} {key}")).collect(),
        ssh_config: ssh_config(name, host, login_user, (!has_own_key).then_some(name), setting.ssh_proxy.as_deref()),
        private_key: match (has_own_key, is_key_waiting) {
            (true, _) => None,
            (false, true) => Some(PrivateKey::Waiting),
            (false, false) => Some(PrivateKey::Erased),
        },
    }
}

fn ssh_config(name: &str, host: &str, user: &str, key: Option<&str>, proxy: Option<&str>) -> String {
    let mut text = format!("Host {name}\n    HostName {host}\n    User {user}\n");
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
