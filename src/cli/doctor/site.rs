//! Settings that are right by themselves, and may not fit where the site runs.

use super::{Finding, bad, ok, warn};
use crate::settings::Settings;

pub fn examine(settings: &Settings) -> [Finding; 3] {
    [public_url(settings), trusted_proxies(settings), throttle(settings)]
}

fn public_url(settings: &Settings) -> Finding {
    let (origin, address) = (settings.public_url.origin(), settings.address);
    match (settings.public_url.is_https, settings.listens_on_loopback()) {
        (true, true) => ok("public_url", format!("{origin}, through a proxy on this machine.")),
        (true, false) => warn(
            "public_url",
            format!(
                "{origin}, but {address} can be reached without the proxy too. Let a firewall or the container's network \
                 keep others out."
            ),
        ),
        (false, _) => ok(
            "public_url",
            format!(
                "{origin}: for this machine alone. For others, set `public_url` to the https address that people type."
            ),
        ),
    }
}

fn trusted_proxies(settings: &Settings) -> Finding {
    let named: Vec<String> = settings.trusted_proxies.iter().map(ToString::to_string).collect();
    let is_wide = |network: &ipnet::IpNet| network.prefix_len() < if network.addr().is_ipv4() { 8 } else { 16 };
    if settings.trusted_proxies.iter().any(is_wide) {
        let says =
            format!("{} holds strangers, who may choose their address then. Name your proxy alone.", named.join(", "));
        return bad("trusted_proxies", says);
    }
    match (settings.public_url.is_https, named.is_empty()) {
        (true, true) => warn(
            "trusted_proxies",
            "None, so all people behind the proxy count as one, and one who guesses passwords slows down all. Set \
             `trusted_proxies` to the proxy's network, such as [\"127.0.0.1/32\", \"::1/128\"].",
        ),
        (false, true) => ok("trusted_proxies", "None, and none is needed without a proxy."),
        (_, false) => ok("trusted_proxies", format!("{} may say for whom they ask.", named.join(", "))),
    }
}

fn throttle(settings: &Settings) -> Finding {
    match settings.rules.throttle {
        true => ok("throttle", "Failed tries are counted and slowed down."),
        false => bad("throttle", "Off: passwords can be tried as fast as they are hashed. Remove `throttle = false`."),
    }
}
