//! Settings that are right by themselves, and may not fit where the site runs.

use super::finding::{Finding, bad, ok, warn};
use crate::settings::Settings;

pub fn examine(settings: &Settings) -> [Finding; 3] {
    [public_url(settings), trusted_proxies(settings), throttle(settings)]
}

fn public_url(settings: &Settings) -> Finding {
    let (origin, address) = (settings.public_url.origin(), settings.address);
    if !settings.public_url.is_https {
        ok(
            "public_url",
            format!(
                "{origin}: for this machine alone. For others, set `public_url` to the https address that people type."
            ),
        )
    } else if settings.listens_on_loopback() {
        ok("public_url", format!("{origin}, through a proxy on this machine."))
    } else {
        warn(
            "public_url",
            format!(
                "{origin}, but {address} can be reached without the proxy too. Let a firewall or the container's network \
                 keep others out."
            ),
        )
    }
}

fn trusted_proxies(settings: &Settings) -> Finding {
    let is_wide = |network: &ipnet::IpNet| network.prefix_len() < if network.addr().is_ipv4() { 8 } else { 16 };
    let named = settings.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if settings.trusted_proxies.iter().any(is_wide) {
        bad(
            "trusted_proxies",
            format!("{named} holds strangers, who may choose their address then. Name your proxy alone."),
        )
    } else if !named.is_empty() {
        ok("trusted_proxies", format!("{named} may say for whom they ask."))
    } else if settings.public_url.is_https {
        warn(
            "trusted_proxies",
            "None, so all people behind the proxy count as one, and one who guesses passwords slows down all. Set \
             `trusted_proxies` to the proxy's network, such as [\"127.0.0.1/32\", \"::1/128\"].",
        )
    } else {
        ok("trusted_proxies", "None, and none is needed without a proxy.")
    }
}

fn throttle(settings: &Settings) -> Finding {
    if settings.rules.throttle {
        ok("throttle", "Failed tries are counted and slowed down.")
    } else {
        bad("throttle", "Off: passwords can be tried as fast as they are hashed. Remove `throttle = false`.")
    }
}
