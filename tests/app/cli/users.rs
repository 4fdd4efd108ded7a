//! `vestibule users`; its `import` is in `import.rs`.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::{Said, log_in, login_page, run, run_with, site, type_into};
use crate::support::PASSWORD;
use crate::support::machine;
use crate::support::server::{Server, command, status};

const CLOSED: [(&str, &str); 1] = [("ROCKET_SIGN_UP", "closed")];

/// A site with Ada, Eve, who is disabled, and somebody with a sign in her name that databases know.
fn site_of_three() -> (TempDir, Server) {
    let (folder, server) = site();
    for name in ["ada", "eve", "a_b"] {
        server.sign_up(name);
    }
    run(folder.path(), &["users", "disable", "eve"]).done();
    (folder, server)
}

#[test]
fn users_are_listed_by_name_in_columns_that_stand_under_each_other() {
    let (folder, _server) = site_of_three();

    let listed = run(folder.path(), &["users", "list"]).done();

    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines.len(), 4, "{listed}");
    assert!(lines[1].starts_with("a_b ") && lines[2].starts_with("ada ") && lines[3].starts_with("eve "), "{listed}");
    let column = lines[0].find("TWO-FACTOR").unwrap();
    assert!(lines[1..].iter().all(|line| line[column..].starts_with("off")), "{listed}");
}

#[test]
fn programs_get_the_list_with_how_each_account_stands() {
    let (folder, _server) = site_of_three();

    let all = run(folder.path(), &["users", "list", "--json"]).json();

    assert_eq!((&all[1]["username"], &all[1]["open_sessions"]), (&json!("ada"), &json!(1)));
    assert!(all[1]["last_login"].is_string() && all[1]["disabled_at"].is_null() && all[2]["disabled_at"].is_string());
    assert_eq!((&all[2]["open_sessions"], &all[2]["has_two_factor"]), (&json!(0), &json!(false)));
}

#[test]
fn a_search_finds_names_that_hold_the_text_in_any_case_and_each_sign_stands_for_itself() {
    let (folder, _server) = site_of_three();
    let names = |text: &str| {
        let listed = run(folder.path(), &["users", "list", "--json", "--search", text]).json();
        let names = listed.as_array().unwrap().iter().map(|one| one["username"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };

    assert_eq!(names("AD"), "ada");
    assert_eq!(names("_"), "a_b");
    assert_eq!(names("%"), "");
}

#[test]
fn a_list_that_does_not_show_all_says_so() {
    let (folder, _server) = site_of_three();
    let first = run(folder.path(), &["users", "list", "--limit", "1"]);
    assert!(first.err.contains("1 of 3 are shown") && first.out.lines().count() == 2, "{}", first.err);
}

#[test]
fn whoever_is_disabled_is_out_of_the_running_site_and_told_why() {
    let (folder, server) = site();
    let (ada, eve) = (server.sign_up("ada"), server.sign_up("eve"));

    let said = run(folder.path(), &["users", "disable", "ADA"]).done();

    assert_eq!(said, "ada is disabled; 1 session ended.\n");
    assert_eq!((server.who(&ada), server.who(&eve)), (401, 200));
    assert_eq!((log_in(&server, "ada", PASSWORD), log_in(&server, "eve", PASSWORD)), (401, 200));
    let page = login_page(&server, &ada);
    assert!(page.contains("You were logged out here because the operator of this site disabled the account"), "{page}");
}

#[test]
fn whoever_is_disabled_twice_was_disabled_before() {
    let (folder, server) = site();
    server.sign_up("ada");
    run(folder.path(), &["users", "disable", "ada"]).done();

    assert!(run(folder.path(), &["users", "disable", "ada"]).done().contains("disabled before"));
}

#[test]
fn whoever_is_enabled_can_log_in_again_and_what_has_ended_stays_ended() {
    let (folder, server) = site();
    let ada = server.sign_up("ada");
    run(folder.path(), &["users", "disable", "ada"]).done();

    assert_eq!(run(folder.path(), &["users", "enable", "ada"]).done(), "ada can log in again.\n");

    assert_eq!(log_in(&server, "ada", PASSWORD), 200);
    assert_eq!(server.who(&ada), 401);
}

#[test]
fn nobody_is_disabled_enabled_or_given_a_link_whom_nobody_knows() {
    let (folder, _server) = site();
    for verb in ["disable", "enable", "reset-link"] {
        assert!(run(folder.path(), &["users", verb, "nobody.here"]).refused().contains("nobody.here"));
    }
}

#[test]
fn an_account_is_added_before_the_first_start_and_where_signing_up_is_closed() {
    let folder = tempfile::tempdir().unwrap();

    let said = type_into(folder.path(), &CLOSED, &["users", "add", "Ada"], PASSWORD);

    assert!(!said.err.contains(PASSWORD) && !said.out.contains(PASSWORD));
    assert_eq!(said.done(), "Ada has an account.\n");
    let server = Server::start_with(folder.path(), &CLOSED);
    assert_eq!(log_in(&server, "ada", PASSWORD), 200);
    assert_eq!(status(&server.submit("/signup", &[("username", "eve"), ("password", PASSWORD)])), 403);
}

#[test]
fn an_account_is_added_under_the_rules_of_a_sign_up() {
    let folder = tempfile::tempdir().unwrap();
    type_into(folder.path(), &CLOSED, &["users", "add", "Ada"], PASSWORD).done();

    for (name, password, why) in [
        ("eve", "short", "Use at least 15 characters."),
        ("eve", "passwordpassword", "common passwords"),
        ("eve", "", "Type a password."),
        ("evelyn-evelyn-1", "evelyn-evelyn-1", "Your user name"),
        ("ADA", PASSWORD, "taken"),
        ("admin", PASSWORD, "kept for the site"),
        ("e v e", PASSWORD, "cannot be a user name"),
    ] {
        let said = type_into(folder.path(), &CLOSED, &["users", "add", name], password).refused();
        assert!(said.contains(why) && (password.is_empty() || !said.contains(password) || name == password), "{said}");
    }
    assert_eq!(run(folder.path(), &["users", "list", "--json"]).json().as_array().unwrap().len(), 1);
}

#[test]
fn a_password_is_never_an_argument() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(folder.path(), &["users", "add", "eve", PASSWORD]).code, Some(2));
}

/// What comes when a question stands on the terminal.
enum Answer<'a> {
    Keys(&'a str),
    /// A signal to the program, by its name.
    Signal(&'a str),
}

/// What a terminal shows on which Eve's account is added and these questions are answered, and how the terminal is then.
fn at_a_terminal(folder: &Path, answers: &[(&str, Answer<'_>)]) -> Option<String> {
    let script = machine::find("terminal", &["script", "stty"])?.remove(0);
    let program = command(folder);
    let path = program.get_program().to_string_lossy();
    let line = format!("sh -c 'echo id $$.; exec \"$0\" users add eve' '{path}'; echo status $?; stty -a");
    let mut terminal = Command::new(script);
    terminal.args(["-qec", &line, "/dev/null"]).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => terminal.env(name, value),
            None => terminal.env_remove(name),
        };
    }
    let mut child = terminal.spawn().unwrap();
    let (mut keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());

    let mut shown = String::new();
    for (question, answer) in answers {
        while !shown.contains(question) {
            let mut some = [0; 1_024];
            let read = screen.read(&mut some).unwrap();
            assert!(read > 0, "{shown}");
            shown.push_str(&String::from_utf8_lossy(&some[..read]));
        }
        match answer {
            Answer::Keys(typed) => typed.bytes().for_each(|key| {
                keys.write_all(&[key]).unwrap();
                thread::sleep(Duration::from_micros(100));
            }),
            Answer::Signal(name) => {
                let id =
                    shown.split_once("id ").and_then(|(_, rest)| rest.split_once('.')).expect("the program's id").0;
                assert!(Command::new("kill").args(["-s", name, id]).status().unwrap().success());
            }
        }
    }
    screen.read_to_string(&mut shown).unwrap();
    child.wait().unwrap();
    Some(shown)
}

#[test]
fn a_password_that_is_typed_at_a_terminal_is_asked_for_twice() {
    let folder = tempfile::tempdir().unwrap();
    let first = ("Password of eve: ", Answer::Keys("correct horse battery staple\r"));
    let second = ("The same again: ", Answer::Keys("correct horse\r"));

    let Some(shown) = at_a_terminal(folder.path(), &[first, second]) else { return };

    assert!(shown.contains("The two are not the same, so nothing was done."), "{shown}");
    assert!(shown.contains("status 2") && super::is_empty(folder.path()), "{shown}");
}

#[test]
fn a_terminal_shows_what_is_typed_again_after_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let answer = format!("{PASSWORD}\r");

    let answers = [("Password of eve: ", Answer::Keys(&answer)), ("The same again: ", Answer::Keys(&answer))];
    let Some(shown) = at_a_terminal(folder.path(), &answers) else { return };

    assert!(shown.contains("eve has an account.") && shown.contains("status 0"), "{shown}");
    is_as_it_was(&shown);
}

#[track_caller]
fn is_as_it_was(shown: &str) {
    for mode in [" echo ", " icanon", "isig "] {
        assert!(shown.contains(mode), "{shown}");
    }
    assert!(!shown.contains("-isig"), "{shown}");
}

/// Once a part of it was on the screen, because between the questions the terminal was as before.
#[test]
fn an_answer_that_comes_before_its_question_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let both = format!("{PASSWORD}\r{PASSWORD}\r");

    let Some(shown) = at_a_terminal(folder.path(), &[("Password of eve: ", Answer::Keys(&both))]) else { return };

    assert!(shown.contains("Password of eve: \r\nThe same again: \r\n"), "{shown}");
    assert!(shown.contains("eve has an account."), "{shown}");
    is_as_it_was(&shown);
}

/// Once it was left so that nothing showed any more.
#[test]
fn a_program_that_is_ended_at_the_question_leaves_the_terminal_as_it_was() {
    for signal in ["INT", "TERM", "HUP"] {
        for question in ["Password of eve: ", "The same again: "] {
            let folder = tempfile::tempdir().unwrap();
            let answer = format!("{PASSWORD}\r");
            let first = ("Password of eve: ", Answer::Keys(&answer));
            let answers = [first, (question, Answer::Signal(signal))];
            let answers = if question == answers[0].0 { &answers[1..] } else { &answers[..] };

            let Some(shown) = at_a_terminal(folder.path(), answers) else { return };

            assert!(shown.contains("Interrupted, so nothing was done.") && shown.contains("status 2"), "{shown}");
            is_as_it_was(&shown);
            assert!(super::is_empty(folder.path()), "{shown}");
        }
    }
}

#[test]
fn an_interrupt_at_the_question_does_nothing_and_leaves_the_terminal_as_it_was() {
    let folder = tempfile::tempdir().unwrap();

    let Some(shown) = at_a_terminal(folder.path(), &[("Password of eve: ", Answer::Keys("correct\x03"))]) else {
        return;
    };

    assert!(shown.contains("Interrupted, so nothing was done.") && shown.contains("status 2"), "{shown}");
    is_as_it_was(&shown);
    assert!(super::is_empty(folder.path()), "{shown}");
}

/// A site that writes a log, with Ada and the path of an address where she sets a new password, and what is secret in it.
struct WithLink {
    folder: TempDir,
    server: Server,
    ada: String,
    path: String,
    token: String,
}

impl WithLink {
    fn choose(&self, password: &str) {
        let form = [("token", self.token.as_str()), ("new_password", password)];
        assert_eq!(status(&self.server.submit("/reset-password", &form)), 200);
    }
}

fn with_link() -> WithLink {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(folder.path());
    child.stdout(Stdio::piped()).stderr(fs::File::create(folder.path().join("log")).unwrap());
    let server = Server::of(child.spawn().unwrap());
    let ada = server.sign_up("ada");

    let said = reset_link(folder.path());
    assert!(said.err.contains("It works once, for ada, until"), "{}", said.err);
    let address = said.done();
    let path = address.trim_end().strip_prefix("https://example.org").unwrap().to_owned();
    let token = path.strip_prefix("/reset-password?token=").unwrap().to_owned();
    WithLink { folder, server, ada, path, token }
}

fn reset_link(folder: &Path) -> Said {
    run_with(folder, &[("ROCKET_PUBLIC_URL", "https://example.org")], &["users", "reset-link", "Ada"])
}

#[test]
fn a_link_of_the_operators_opens_a_page_and_changes_nothing_by_itself() {
    let site = with_link();
    let page = site.server.request("GET", &site.path, &[], "");
    assert_eq!((status(&page), site.server.who(&site.ada)), (200, 200), "{page}");
}

#[test]
fn a_link_of_the_operators_sets_a_new_password_on_the_running_site_once() {
    let site = with_link();

    site.choose("entirely different words");

    assert_eq!((site.server.who(&site.ada), log_in(&site.server, "ada", PASSWORD)), (401, 401));
    assert_eq!(log_in(&site.server, "ada", "entirely different words"), 200);
    assert_eq!(status(&site.server.request("GET", &site.path, &[], "")), 410);
}

#[test]
fn a_link_of_the_operators_is_not_in_the_log() {
    let site = with_link();
    site.server.request("GET", &site.path, &[], "");
    site.choose("entirely different words");
    assert_eq!(status(&site.server.request("GET", &site.path, &[], "")), 410);

    let logged = fs::read_to_string(site.folder.path().join("log")).unwrap();

    assert!(logged.contains("/reset-password?<token>") && !logged.contains(&site.token), "{logged}");
}

#[test]
fn whoever_is_disabled_is_given_no_link() {
    let (folder, server) = site();
    server.sign_up("ada");
    run(folder.path(), &["users", "disable", "ada"]).done();

    assert!(reset_link(folder.path()).refused().contains("users enable ada"));
}
