//! What a page of somebody else can do to us: nothing.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use crate::chromium::{Chromium, Scripts};
use crate::person::Person;
use crate::site::Site;

/// Eve's own site: a page that sends our forms, shows us in a frame and asks us with scripts. Gives its port.
fn eves_site(ours: &str) -> u16 {
    let page = format!(
        r#"<!doctype html><title>Eve's</title><main><h1>Win a prize</h1>
        <form method="post" action="{ours}/profile">
        <input type="hidden" name="display_name" value="Eve's"><button>Prize</button></form>
        <form method="post" action="{ours}/logout"><button>Another prize</button></form>
        <iframe name="ours" src="{ours}/profile"></iframe></main>"#
    );
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
            while lines.next().and_then(Result::ok).is_some_and(|line| !line.is_empty()) {}
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close";
            let _ = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{page}", page.len());
        }
    });
    port
}

/// Asks us from a page of Eve's in every way that a script has, and tells what came of it.
const ASK: &str = r#"
    const [ours, done] = arguments;
    const tried = {};
    const read = (mode) => fetch(ours + "/getusers/me", { mode, credentials: "include" })
        .then(async (answer) => mode + " read: " + await answer.text(), () => "refused");
    const loads = (element, address) => new Promise((resolve) => {
        element.onload = () => resolve("loaded");
        element.onerror = () => resolve("refused");
        element.src = address;
        document.body.append(element);
    });
    (async () => {
        tried.cors = await read("cors");
        tried.noCors = await read("no-cors");
        tried.picture = await loads(new Image(), ours + "/favicon.svg");
        tried.script = await loads(document.createElement("script"), ours + "/getusers/me");
        try { tried.frame = "read: " + window.frames.ours.document.title } catch { tried.frame = "refused" }
        done(tried);
    })();
"#;

/// From another site (another host), and from another origin of the same one (another port), where the browser sends
/// our cookie along.
#[rocket::async_test]
async fn a_page_of_another_origin_can_neither_send_our_forms_nor_frame_us_nor_read_us() {
    let Some(chromium) = Chromium::start() else { return };
    let site = Site::start();
    let ours = site.address();
    let port = eves_site(&ours);
    let ada = Person::at(&chromium, &ours, Scripts::On).await;
    ada.sign_up("Ada").await;

    for host in ["127.0.0.1", "localhost"] {
        let eves = Person { browser: ada.browser.clone(), site: format!("http://{host}:{port}") };
        eves.open("/").await;
        let said = eves.browser_says().await.join("\n");
        assert!(said.contains("frame-ancestors 'none'") || said.contains("X-Frame-Options"), "{host}: {said}");

        let tried = eves.browser.execute_async(ASK, vec![ours.clone().into()]).await.expect("answers");
        for (what, outcome) in tried.as_object().expect("answers") {
            assert_eq!(outcome, "refused", "{host}: {what}");
        }
        for prize in ["Prize", "Another prize"] {
            eves.open("/").await;
            eves.press(prize).await;
            eves.reads("This came from another site, so nothing was done.").await;
        }

        ada.open("/profile").await;
        ada.reads("Signed in as Ada").await;
    }
}

#[rocket::async_test]
async fn a_page_that_opened_us_in_another_window_loses_sight_of_us() {
    let Some(chromium) = Chromium::start() else { return };
    let site = Site::start();
    let eves = Person::at(&chromium, format!("http://127.0.0.1:{}", eves_site(&site.address())), Scripts::On).await;
    eves.open("/").await;
    let open = format!("window.ours = window.open('{}/login'); return !!window.ours", site.address());
    assert_eq!(eves.script(&open).await, true);

    eves.until("our window to be out of sight", async || eves.script("return window.ours.closed").await == true).await;
    assert_eq!(eves.browser.windows().await.expect("windows").len(), 2, "it is still open");
}
