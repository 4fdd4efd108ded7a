use rocket::http::Status;

use crate::support::App;

async fn addresses(app: &App) -> Vec<String> {
    let page = app.browser().get("/login").await.body;
    page.match_indices("\"/static/")
        .map(|(at, _)| page[at + 1..].split('"').next().unwrap_or_default().to_owned())
        .collect()
}

#[rocket::async_test]
async fn a_static_address_names_its_content_and_may_be_kept_for_ever() {
    let app = App::new().await;
    let addresses = addresses(&app).await;
    assert_eq!(addresses.len(), 2, "a sheet and a script: {addresses:?}");
    for address in addresses {
        let answer = app.browser().get(&address).await;
        assert_eq!(answer.status, Status::Ok);
        assert_eq!(answer.header("Cache-Control"), Some("public, max-age=31536000, immutable"));
        let kind = if address.ends_with(".js") { "text/javascript; charset=utf-8" } else { "text/css; charset=utf-8" };
        assert_eq!(answer.header("Content-Type"), Some(kind));
        assert_eq!(answer.header("Set-Cookie"), None);
    }
}

#[rocket::async_test]
async fn no_other_content_is_at_that_address_and_no_other_file() {
    let app = App::new().await;
    let address = &addresses(&app).await[0];
    let (stem, rest) = address.split_once('.').unwrap();
    let (hash, ending) = rest.split_once('.').unwrap();
    let others = [
        format!("{stem}.{}.{ending}", hash.replace(|_: char| true, "0")),
        format!("{stem}.{ending}"),
        "/static/..".to_owned(),
        "/static/.env".to_owned(),
        "/static/%2e%2e%2fCargo.toml".to_owned(),
        "/static/favicon.svg".to_owned(),
    ];
    for other in others {
        assert_eq!(app.browser().get(&other).await.status, Status::NotFound, "{other}");
    }
}

#[rocket::async_test]
async fn a_page_keeps_its_looks_while_the_database_is_away() {
    let app = App::with_settings(&[("session_recheck_ms", serde_json::json!(0))]).await;
    let (ada, addresses) = (app.sign_up(crate::support::ADA).await, addresses(&app).await);
    app.auth().close().await;
    for address in addresses {
        assert_eq!(app.browser_with(&ada).get(&address).await.status, Status::Ok, "{address}");
    }
}

#[rocket::async_test]
async fn the_icon_is_an_image() {
    let app = App::new().await;
    let answer = app.browser().get("/favicon.svg").await;
    assert_eq!((answer.status, answer.header("Content-Type")), (Status::Ok, Some("image/svg+xml; charset=utf-8")));
}

#[rocket::async_test]
async fn what_a_page_hides_is_not_shown_by_the_sheet() {
    let app = App::new().await;
    let sheet = app.browser().get(&addresses(&app).await[0]).await.body;
    assert!(sheet.contains("[hidden] { display: none !important; }"), "the user name that password managers read");
}

#[rocket::async_test]
async fn no_folder_is_listed() {
    let app = App::new().await;
    for folder in ["/static", "/static/", "/static/.", "/health", "/.well-known", "/two-factor/"] {
        let answer = app.browser().get(folder).await;
        assert!(matches!(answer.status.code, 303 | 404), "{folder}: {answer}");
        assert!(!answer.body.contains("app.") || answer.body.starts_with("<!doctype html>"), "{folder}: {answer}");
    }
}

#[test]
fn the_script_makes_neither_code_nor_markup_of_text_and_keeps_nothing() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("static");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let scripts: Vec<_> = files.filter(|file| file.extension().is_some_and(|ending| ending == "js")).collect();
    assert_eq!(scripts.len(), 1, "{scripts:?}");
    let script = std::fs::read_to_string(&scripts[0]).unwrap();
    for way in [
        "eval",
        "Function(",
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "postMessage",
        "fetch",
        "Storage",
        "indexedDB",
        "cookie",
        "location",
        "window.",
        "prototype",
        "__proto__",
        "var ",
        "] =",
    ] {
        assert!(!script.contains(way), "{way}");
    }
    assert!(script.contains("\"use strict\";"), "{script}");
}
