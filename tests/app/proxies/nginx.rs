//! Behind nginx, with `deploy/nginx.conf`.

use std::process::{Command, Stdio};

use super::{has_headers, promises};
use crate::support::proxy::{Site, deployed};
use crate::support::server::{exchange, status};
use crate::support::{machine, tls};

promises!();

fn start() -> Option<Site> {
    let programs = machine::find("nginx", &["nginx"])?;
    Some(Site::start(|folder, https, http, server| {
        let (certificate, key) = tls::files(folder);
        let here = folder.display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary: String = temporary.iter().map(|kind| format!("{kind}_temp_path {here}/{kind};\n")).collect();
        let file = deployed(
            "nginx.conf",
            &[
                ("user www-data;", "user root;\ndaemon off;".to_owned()),
                ("/run/nginx.pid", format!("{here}/pid")),
                // One is as much as is promised of each.
                ("worker_processes auto;", "worker_processes 1;".to_owned()),
                ("access_log /var/log/nginx/access.log;", format!("access_log off;\n{temporary}")),
                ("listen 443 ", format!("listen 127.0.0.1:{https} ")),
                ("listen [::]:443 ssl http2;", String::new()),
                ("listen [::]:443 ssl http2 default_server;", String::new()),
                ("listen 80", format!("listen 127.0.0.1:{http}")),
                ("listen [::]:80;", String::new()),
                ("listen [::]:80 default_server;", String::new()),
                ("/etc/letsencrypt/live/example.org/fullchain.pem", certificate.display().to_string()),
                ("/etc/letsencrypt/live/example.org/privkey.pem", key.display().to_string()),
                ("http://127.0.0.1:8000;", format!("http://127.0.0.1:{server};")),
            ],
        );
        let configuration = folder.join("nginx.conf");
        std::fs::write(&configuration, file).unwrap();

        let mut nginx = Command::new(&programs[0]);
        nginx.arg("-p").arg(folder).arg("-e").arg(folder.join("error.log")).arg("-c").arg(configuration);
        nginx.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }))
}

#[test]
fn what_nginx_takes_for_no_request_had_no_headers() {
    let Some(site) = start() else { return };
    let long = "x".repeat(64 * 1024);
    for (request, expected) in [
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n".to_owned(), 400),
        (format!("GET /{long} HTTP/1.1\r\nHost: example.org\r\n\r\n"), 414),
        (format!("GET / HTTP/1.1\r\nHost: example.org\r\nX-Long: {long}\r\n\r\n"), 400),
        ("TRACE / HTTP/1.1\r\nHost: example.org\r\n\r\n".to_owned(), 405),
    ] {
        let answer = exchange(&mut site.connect(), &request).expect("an answer");
        assert_eq!(status(&answer), expected, "{answer}");
        has_headers(&answer);
    }
}
