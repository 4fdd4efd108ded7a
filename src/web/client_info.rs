//! Where a request comes from, and what its browser is in words.

use std::net::IpAddr;
use std::sync::Once;

use ipnet::IpNet;
use rocket::Request;

use super::Site;
use crate::model::ClientInfo;

/// The longest `User-Agent` that is kept, in characters.
const LONGEST_USER_AGENT: usize = 256;
/// The headers by which proxies tell for whom they ask.
const FORWARDING: [&str; 3] = ["X-Forwarded-For", "Forwarded", "X-Real-IP"];

/// Where a request comes from, as far as it can be known.
pub(super) fn client_info(request: &Request<'_>) -> ClientInfo {
    let user_agent = request
        .headers()
        .get_one("User-Agent")
        .map(|text| text.chars().filter(|c| !c.is_control()).take(LONGEST_USER_AGENT).collect::<String>());
    ClientInfo { user_agent: user_agent.filter(|text| !text.trim().is_empty()), address: address(request) }
}

/// The client's address: the peer's, or where the peer is one of our proxies, the one it names (ASVS 4.1.3).
fn address(request: &Request<'_>) -> Option<IpAddr> {
    let peer = request.remote()?.ip().to_canonical();
    let trusted = &Site::of(request).trusted_proxies;
    if trusted.is_empty() {
        tell_of_unknown_proxy(request, peer);
    }
    let forwarded: Vec<&str> = request.headers().get("X-Forwarded-For").collect();
    Some(behind(peer, &forwarded, trusted))
}

/// Walks `X-Forwarded-For` from the right for as long as the one who wrote is a proxy of ours. A hop that cannot be read
/// ends the walk, and whatever stands to the left of it is not looked at: a client may have written it.
fn behind(peer: IpAddr, forwarded: &[&str], trusted: &[IpNet]) -> IpAddr {
    let is_ours = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let hops = forwarded.iter().rev().flat_map(|line| line.rsplit(','));
    let mut client = peer;
    for hop in hops {
        let Ok(hop) = hop.trim_matches([' ', '\t']).parse::<IpAddr>() else { break };
        if !is_ours(&client) {
            break;
        }
        client = hop.to_canonical();
    }
    client
}

/// Whether somebody says that they ask for somebody else.
pub(super) fn is_forwarded(request: &Request<'_>) -> bool {
    FORWARDING.iter().any(|name| request.headers().contains(name))
}

/// Behind a proxy that nobody told us of, all the world seems to be one client.
fn tell_of_unknown_proxy(request: &Request<'_>, peer: IpAddr) {
    static ONCE: Once = Once::new();

    let is_private = match peer {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    if is_private && is_forwarded(request) {
        ONCE.call_once(|| {
            tracing::warn!(
                %peer,
                "a proxy at this address forwards requests, and nobody is told apart behind it: set \
                 ROCKET_TRUSTED_PROXIES to its network, for example [\"{peer}\"]"
            );
        });
    }
}

/// The browser and the system in words, as far as what it calls itself tells.
pub fn browser_of(client: &ClientInfo) -> String {
    let Some(name) = client.user_agent.as_deref() else { return "Unknown browser".to_owned() };
    match (first_of(BROWSERS, name), first_of(SYSTEMS, name)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => format!("Unknown browser on {system}"),
        (None, None) => "Unknown browser".to_owned(),
    }
}

/// What stands in the names of browsers, the more particular first: most of them also claim to be another.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("python-requests/", "Python"),
    ("Python-urllib/", "Python"),
    ("python-httpx/", "Python"),
    ("okhttp/", "OkHttp"),
    ("Go-http-client/", "A Go program"),
    ("node", "Node.js"),
];

const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "a Mac"),
    ("Macintosh", "a Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
    ("FreeBSD", "FreeBSD"),
];

fn first_of(names: &[(&str, &'static str)], text: &str) -> Option<&'static str> {
    names.iter().find(|(part, _)| text.contains(part)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        behind(peer.parse().unwrap(), forwarded, &trusted).to_string()
    }

    #[test]
    fn nobody_is_believed_but_our_proxies() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(client("203.0.113.9", &["198.51.100.1"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
    }

    #[test]
    fn the_list_is_walked_from_the_right_and_only_as_far_as_our_proxies_go() {
        let ours = ["10.0.0.0/8", "fd00::/8"];
        assert_eq!(client("10.0.0.1", &["1.1.1.1, 198.51.100.1"], &ours), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"], &ours), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["1.1.1.1", "198.51.100.1,10.0.0.2"], &ours), "198.51.100.1");
        assert_eq!(client("fd00::1", &["2001:db8::1"], &ours), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"], &ours), "10.0.0.3");
        assert_eq!(client("10.0.0.1", &["::ffff:198.51.100.1"], &ours), "198.51.100.1");
    }

    #[test]
    fn what_cannot_be_read_is_the_same_as_nothing() {
        for forwarded in ["", "a", "1.1.1.1, a", "unknown", "1.1.1.1:80", "1.1.1.1,", "fe80::1%eth0", "_hidden"] {
            assert_eq!(client("10.0.0.1", &[forwarded], &["10.0.0.0/8"]), "10.0.0.1", "{forwarded}");
        }
        for forwarded in ["x, 198.51.100.7", ", 198.51.100.7", "1.1.1.1:80, 198.51.100.7"] {
            assert_eq!(
                client("10.0.0.1", &[forwarded], &["10.0.0.0/8"]),
                "198.51.100.7",
                "a client hides behind {forwarded}"
            );
        }
        let many = vec!["9.9.9.9"; 10_000].join(",");
        assert_eq!(client("10.0.0.1", &[&many], &["10.0.0.0/8"]), "9.9.9.9");
    }

    #[test]
    fn browsers_and_systems_are_told_in_words() {
        let words =
            |user_agent: &str| browser_of(&ClientInfo { user_agent: Some(user_agent.to_owned()), address: None });
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36";
        assert_eq!(words(chrome), "Chrome on Linux");
        assert_eq!(words(&format!("{chrome} Edg/150.0")), "Edge on Linux");
        assert_eq!(
            words("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1"),
            "Safari on an iPhone"
        );
        assert_eq!(
            words("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0"),
            "Firefox on Windows"
        );
        assert_eq!(words("curl/8.5.0"), "curl");
        assert_eq!(words("<script>"), "Unknown browser");
        assert_eq!(browser_of(&ClientInfo::default()), "Unknown browser");
    }

    /// What may stand in a header, commas and whole lists too.
    fn written() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[0-9a-f.:, \t%\\[\\]]{0,40}",
            any::<[u8; 4]>().prop_map(|address| IpAddr::from(address).to_string()),
            any::<[u8; 16]>().prop_map(|address| IpAddr::from(address).to_string()),
            any::<[u8; 3]>().prop_map(|[b, c, d]| format!("10.{b}.{c}.{d}")),
        ]
    }

    proptest! {
        #[test]
        fn whoever_is_no_proxy_of_ours_speaks_for_nobody(peer in any::<[u8; 4]>(), lines in vec(written(), 0..5)) {
            prop_assume!(peer[0] != 10);
            let (peer, lines) = (IpAddr::from(peer).to_string(), lines.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert_eq!(client(&peer, &lines, &["10.0.0.0/8"]), peer);
        }

        #[test]
        fn nothing_that_a_client_writes_before_its_own_address_or_before_what_cannot_be_read_changes_it(
            lines in vec(written(), 0..5),
            before in written(),
            ours in vec(any::<u8>(), 0..3),
        ) {
            let unreadable = [&*before, ",unknown, 10.0.0.9"].concat();
            prop_assert_eq!(client("10.0.0.1", &[unreadable.as_str()], &["10.0.0.0/8"]), "10.0.0.9");

            let proxies: String = ours.iter().map(|last| format!(", 10.0.0.{last}")).collect();
            let lines = lines.into_iter().chain([format!("{before},198.51.100.7{proxies}")]).collect::<Vec<_>>();
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            prop_assert_eq!(client("10.0.0.1", &lines, &["10.0.0.0/8"]), "198.51.100.7");
        }

        #[test]
        fn the_client_is_the_peer_or_an_address_that_is_written_there(lines in vec(written(), 0..5)) {
            let sent: Vec<&str> = lines.iter().map(String::as_str).collect();
            let client = client("10.0.0.1", &sent, &["0.0.0.0/0", "::/0"]);
            let is_written = lines.iter().flat_map(|line| line.split(',')).any(|hop| {
                hop.trim_matches([' ', '\t']).parse::<IpAddr>().is_ok_and(|hop| hop.to_canonical().to_string() == client)
            });
            prop_assert!(client == "10.0.0.1" || is_written, "{}", client);
        }
    }
}
