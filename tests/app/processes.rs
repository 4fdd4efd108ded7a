//! Several processes on one PostgreSQL behave as one.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::{Connection, Executor, PgConnection};

use crate::support::postgres::psql;
use crate::support::processes::{KEY, RECHECK, Site};
use crate::support::server::{FORM, Server, command, status};
use crate::support::{Answer, PASSWORD, encode, seed, until};

fn log_in(server: &Server, username: &str, password: &str) -> Answer {
    let fields = encode(&[("username", username), ("password", password)]);
    server.request("POST", "/login", &[FORM], &fields)
}

fn change_password(server: &Server, cookie: &str, current: &str, new: &str) -> Answer {
    let fields = encode(&[("current_password", current), ("new_password", new)]);
    let headers = [("Cookie", cookie), FORM];
    server.request("POST", "/password", &headers, &fields)
}

#[test]
fn whichever_of_three_processes_is_asked_the_answers_are_those_of_one() {
    let Some(mut site) = Site::start(3) else { return };
    let mut random = StdRng::seed_from_u64(seed());
    // Who is signed in, by their cookie, and what was ended.
    let mut alive: Vec<(String, String)> = Vec::new();
    let mut ended: Vec<String> = Vec::new();

    for round in 0..120 {
        if round == 60 {
            // One is gone from one moment to the next, and nobody is logged out by it.
            site.processes.remove(&1).unwrap().kill();
        }
        match random.random_range(0..10) {
            0..4 => {
                let name = format!("user{round}");
                let cookie = site.any(&mut random).sign_up(&name);
                alive.push((name, cookie));
            }
            4 | 5 if !alive.is_empty() => {
                let (_, cookie) = alive.swap_remove(random.random_range(0..alive.len()));
                let server = site.any(&mut random);
                let answer = server.request("POST", "/logout", &[("Cookie", &cookie)], "");
                assert_eq!(status(&answer), 200, "round {round}: {answer}");
                assert_eq!(server.who(&cookie), 401, "round {round}: at once where it was ended");
                ended.push(cookie);
            }
            6 if !alive.is_empty() => {
                let one = random.random_range(0..alive.len());
                let (name, old) = alive[one].clone();
                let elsewhere = log_in(site.any(&mut random), &name, PASSWORD).session();
                let server = site.any(&mut random);
                let answer = change_password(server, &old, PASSWORD, "another long enough password");
                assert_eq!(status(&answer), 200, "round {round}: {answer}");
                assert_eq!((server.who(&old), server.who(&elsewhere)), (401, 401), "round {round}");
                assert_eq!(status(&log_in(site.any(&mut random), &name, PASSWORD)), 401, "round {round}");
                ended.extend([old, elsewhere]);
                alive.swap_remove(one);
            }
            _ if !alive.is_empty() => {
                let (name, cookie) = &alive[random.random_range(0..alive.len())];
                let answer = site.any(&mut random).request("GET", "/getusers/me", &[("Cookie", cookie)], "");
                assert!(status(&answer) == 200 && answer.body.contains(name.as_str()), "round {round}: {answer}");
            }
            _ => {}
        }
    }

    thread::sleep(RECHECK);
    for server in site.processes.values() {
        for cookie in &ended {
            assert_eq!(server.who(cookie), 401, "ended is ended everywhere");
        }
        for (name, cookie) in &alive {
            assert_eq!(server.who(cookie), 200, "{name} is signed in everywhere");
        }
    }
}

#[test]
fn of_many_who_ask_three_processes_for_one_name_one_gets_it_and_tries_count_together() {
    let Some(site) = Site::start(3) else { return };
    let servers: Vec<&Server> = site.processes.values().collect();

    let answers: Vec<u16> = thread::scope(|scope| {
        let asking: Vec<_> = (0..30)
            .map(|n| {
                let (server, name) = (servers[n % 3], ["grace", "Grace", "GRACE", "gRACE"][n % 4]);
                scope.spawn(move || status(&server.submit("/signup", &[("username", name), ("password", PASSWORD)])))
            })
            .collect();
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 409).count(), 29, "{answers:?}");

    let tries: Vec<u16> = (0..9).map(|n| status(&log_in(servers[n % 3], "grace", "not the password"))).collect();
    assert_eq!(tries[..4], [401, 401, 401, 401]);
    assert!(tries[4..].contains(&429), "{tries:?}");
}

/// Two that end each other's sessions, and everybody else's, wait in line and not for one another.
#[test]
fn many_who_end_each_others_sessions_at_once_are_all_answered() {
    let Some(site) = Site::start(2) else { return };
    let servers: Vec<&Server> = site.processes.values().collect();
    servers[0].sign_up("ada");

    for round in 0..5 {
        let cookies: Vec<String> = (0..8).map(|n| log_in(servers[n % 2], "ada", PASSWORD).session()).collect();
        let answers: Vec<u16> = thread::scope(|scope| {
            let ending: Vec<_> = cookies
                .iter()
                .enumerate()
                .map(|(n, cookie)| {
                    let server = servers[n % 2];
                    scope.spawn(move || {
                        status(&server.request("POST", "/sessions/end-others", &[("Cookie", cookie)], ""))
                    })
                })
                .collect();
            ending.into_iter().map(|ending| ending.join().unwrap()).collect()
        });
        assert!(answers.iter().all(|status| matches!(status, 200 | 401)), "round {round}: {answers:?}");
        let left = psql(&site.database, "SELECT COUNT(*) FROM sessions").unwrap();
        assert_eq!(left, "1", "round {round}");
    }
}

#[rocket::async_test]
async fn a_process_that_starts_during_a_migration_waits_for_its_end_and_the_others_go_on() {
    let Some(mut site) = Site::start(3) else { return };
    let ada = site.processes[&0].sign_up("ada");
    for n in [1, 2] {
        site.processes.remove(&n).unwrap().kill();
    }
    // As before the migration that makes that table, with somebody in the way of it.
    psql(&site.database, "DELETE FROM _sqlx_migrations WHERE version = 7; DROP TABLE key_marks").unwrap();
    let mut in_the_way = PgConnection::connect(&site.database).await.unwrap();
    in_the_way.execute("BEGIN; CREATE TABLE key_marks (nothing TEXT)").await.unwrap();

    let (migrating, waiting) = thread::scope(|scope| {
        let starts = [1, 2].map(|n| {
            let site = &site;
            scope.spawn(move || site.process(n, &[]))
        });
        let waiting_for = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        until(|| psql(&site.database, waiting_for).unwrap() == "2");
        assert!(starts.iter().all(|start| !start.is_finished()));
        for n in 0..5 {
            let cookie = site.processes[&0].sign_up(&format!("user{n}"));
            assert_eq!((site.processes[&0].who(&cookie), site.processes[&0].who(&ada)), (200, 200));
        }
        rocket::tokio::task::block_in_place(|| {
            rocket::tokio::runtime::Handle::current().block_on(in_the_way.execute("ROLLBACK")).unwrap();
        });
        let [one, other] = starts;
        (one.join().unwrap(), other.join().unwrap())
    });

    assert_eq!((migrating.who(&ada), waiting.who(&ada)), (200, 200));
    let applied = psql(&site.database, "SELECT COUNT(*) FROM _sqlx_migrations WHERE version = 7 AND success").unwrap();
    assert_eq!(applied, "1");
}

#[test]
fn a_process_with_another_key_is_refused_and_one_that_lists_the_old_key_is_not() {
    let Some(site) = Site::start(1) else { return };
    let ada = site.processes[&0].sign_up("ada");
    let other = data_encoding::BASE64.encode(&rand::random::<[u8; 64]>());
    let start = |previous: &str| {
        let mut command = command(site.folders[0].path());
        command.env("ROCKET_DATABASE_URL", &site.database).env("ROCKET_SECRET_KEY", &other);
        command.env("ROCKET_PREVIOUS_SECRET_KEYS", previous);
        command
    };

    let refused = start("[]").output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.lines().count() == 1 && said.contains("`secret_key`") && !said.contains(&other), "{said}");

    let renewed = Server::spawn(start(&format!("[\"{KEY}\"]")));
    assert_eq!(renewed.who(&ada), 200, "a new key logs nobody out");
}

#[test]
fn a_server_that_cannot_be_used_ends_the_start_with_a_sentence_and_status_2() {
    let Some(site) = Site::start(1) else { return };
    psql(&site.database, "INSERT INTO _sqlx_migrations VALUES (9999, 'of a time to come', now(), true, '', 1)")
        .unwrap();
    let elsewhere = site.cluster.address().replace("vestibule@", "vestibule:secret@");

    for (database, says) in [
        (site.database.clone(), "newer version"),
        (format!("{elsewhere}/nowhere"), "nowhere"),
        ("postgres://ada:secret@127.0.0.1:1/site".to_owned(), "postgres://ada@127.0.0.1:1/site"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = command(folder.path()).env("ROCKET_DATABASE_URL", &database).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.starts_with("vestibule: ") && said.contains(says) && said.lines().count() == 1, "{said}");
        assert!(!said.contains("secret") && output.stdout.is_empty(), "{said}");
    }
}

#[test]
fn the_operators_commands_work_on_a_server_and_a_backup_is_left_to_its_own_tools() {
    let Some(site) = Site::start(2) else { return };
    let (ada, eve) = (site.processes[&0].sign_up("ada"), site.processes[&1].sign_up("eve"));
    let run = |arguments: &[&str]| {
        let mut command = command(site.folders[0].path());
        command.env("ROCKET_DATABASE_URL", &site.database).env("ROCKET_SECRET_KEY", KEY).args(arguments);
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
        (output.status.code(), said)
    };

    let (code, listed) = run(&["users", "list"]);
    assert!(code == Some(0) && listed.contains("ada") && listed.contains("eve"), "{listed}");
    assert_eq!(run(&["users", "disable", "ada"]).0, Some(0));
    thread::sleep(RECHECK);
    for server in site.processes.values() {
        assert_eq!((server.who(&ada), server.who(&eve)), (401, 200));
    }
    assert_eq!(run(&["sessions", "end", "--all"]), (Some(0), "1 session ended.\n".to_owned()));
    let (code, said) = run(&["backup", "copy.db"]);
    assert!(code == Some(2) && said.contains("pg_dump") && said.lines().count() == 1, "{said}");
    let (code, said) = run(&["doctor"]);
    assert!(code != Some(2) && said.contains("database"), "{said}");
}

#[test]
fn while_the_server_is_stopped_answers_are_503_and_cookies_stay_and_then_all_is_well_within_5_seconds() {
    let Some(mut site) = Site::start(1) else { return };
    let server = site.processes.remove(&0).unwrap();
    let ada = server.sign_up("ada");
    let cluster = &mut site.cluster;

    thread::scope(|scope| {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        // Somebody goes on asking all the while, and is answered 200 or 503 and nothing else.
        let load = scope.spawn({
            let (server, ada) = (&server, &ada);
            move || {
                let mut answers = BTreeMap::new();
                while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                    *answers.entry(server.who(ada)).or_insert(0) += 1;
                }
                answers
            }
        });

        cluster.stop();
        thread::sleep(RECHECK);
        for (method, path, body) in [
            ("GET", "/getusers/me", String::new()),
            ("GET", "/protected", String::new()),
            ("POST", "/logout", String::new()),
            ("POST", "/login", encode(&[("username", "ada"), ("password", PASSWORD)])),
            ("POST", "/signup", encode(&[("username", "eve"), ("password", PASSWORD)])),
        ] {
            let headers = [("Cookie", ada.as_str()), FORM];
            let answer = server.request(method, path, &headers, &body);
            assert_eq!(status(&answer), 503, "{path}: {answer}");
            assert!(
                answer.header("Retry-After").is_some() && answer.any_session_cookie().is_none(),
                "{path}: {answer}"
            );
        }

        cluster.resume();
        let back = Instant::now();
        while server.who(&ada) != 200 {
            assert!(back.elapsed() < Duration::from_secs(5), "well again within 5 seconds");
        }
        assert_eq!(status(&log_in(&server, "ada", PASSWORD)), 200);
        drop(stop);
        let answers = load.join().unwrap();
        assert!(answers.keys().all(|status| matches!(status, 200 | 503)), "{answers:?}");
    });
}
