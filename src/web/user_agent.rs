use crate::model::ClientInfo;

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
    use super::*;

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
}
