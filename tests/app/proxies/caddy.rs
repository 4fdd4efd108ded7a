//! Behind Caddy, with `deploy/Caddyfile`.

use std::process::{Command, Stdio};

use super::promises;
use crate::support::proxy::{Site, deployed};
use crate::support::{machine, tls};

promises!();

fn start() -> Option<Site> {
    let programs = machine::find("caddy", &["caddy"])?;
    Some(Site::start(|folder, https, http, server| {
        let (certificate, key) = tls::files(folder);
        let file = deployed(
            "Caddyfile",
            &[
                (
                    "{\n\tservers {",
                    format!(
                        "{{\n\tadmin off\n\thttps_port {https}\n\thttp_port {http}\n\
                         \tdefault_bind 127.0.0.1\n\tservers {{"
                    ),
                ),
                ("\nexample.org {", format!("\nexample.org {{\n\ttls {} {}", certificate.display(), key.display())),
                ("127.0.0.1:8000", format!("127.0.0.1:{server}")),
                (":443 {", format!(":{https} {{")),
            ],
        );
        std::fs::write(folder.join("Caddyfile"), file).unwrap();

        let mut caddy = Command::new(&programs[0]);
        caddy.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.join("Caddyfile"));
        for home in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
            caddy.env(home, folder);
        }
        caddy.stdout(Stdio::null()).stderr(std::fs::File::create(folder.join("caddy.log")).unwrap()).spawn().unwrap()
    }))
}
