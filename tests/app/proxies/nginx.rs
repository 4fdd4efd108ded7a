//! Behind nginx, with `deploy/nginx.conf`.

use std::process::{Command, Stdio};

use super::promises;
use crate::support::proxy::{Site, deployed};
use crate::support::{machine, tls};

promises!();

fn start() -> Option<Site> {
    let programs = machine::find("nginx", &["nginx"])?;
    Some(Site::start(|folder, https, http, server| {
        let (certificate, key) = tls::files(folder);
        let site = deployed(
            "nginx.conf",
            &[
                ("listen 443 ssl http2;", format!("listen 127.0.0.1:{https} ssl http2;")),
                ("listen [::]:443 ssl http2;", String::new()),
                ("listen 80;", format!("listen 127.0.0.1:{http};")),
                ("listen [::]:80;", String::new()),
                ("/etc/letsencrypt/live/example.org/fullchain.pem", certificate.display().to_string()),
                ("/etc/letsencrypt/live/example.org/privkey.pem", key.display().to_string()),
                ("http://127.0.0.1:8000;", format!("http://127.0.0.1:{server};")),
            ],
        );
        std::fs::write(folder.join("site.conf"), site).unwrap();
        // As Debian's own nginx.conf, but everything in this folder.
        let folder = folder.display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary: String = temporary.iter().map(|kind| format!("{kind}_temp_path {folder}/{kind};\n")).collect();
        let around = format!(
            "user root;\ndaemon off;\nworker_processes 1;\npid {folder}/pid;\nevents {{}}\n\
             http {{\naccess_log off;\ngzip on;\n{temporary}include {folder}/site.conf;\n}}\n"
        );
        let file = format!("{folder}/nginx.conf");
        std::fs::write(&file, around).unwrap();

        let mut nginx = Command::new(&programs[0]);
        nginx.args(["-p", &folder.to_string(), "-e", &format!("{folder}/error.log"), "-c", &file]);
        nginx.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }))
}
