//! Killed at any moment, again and again, with a book of what was acknowledged.

use std::cell::RefCell;
use std::fmt::Write;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rustix::process::Signal;
use vestibule::model::MOST_SESSIONS;

use crate::support::file::{Other, QUICK, command, is_whole};
use crate::support::server::{FORM, Server, status};
use crate::support::{Answer, encode, number, seed};

/// How often, where `VESTIBULE_TEST_ROUNDS` says nothing else.
const ROUNDS: u64 = 100;
const CLIENTS: u64 = 3;
/// Of more than a user may have, the oldest session would end by itself.
const MOST_ACTIONS: i64 = MOST_SESSIONS - 8;

#[test]
fn killed_again_and_again_at_random_moments_nothing_acknowledged_is_lost_and_nothing_ended_lives() {
    let rounds = number("VESTIBULE_TEST_ROUNDS").unwrap_or(ROUNDS);
    let mut random = StdRng::seed_from_u64(seed());
    let folder = tempfile::tempdir().unwrap();
    let mut settled: Vec<Person> = Vec::new();
    let mut people: Vec<Person> = Vec::new();

    for round in 0..rounds {
        if random.random_range(0..10) == 0 {
            let mut starting = command(folder.path());
            let mut child = starting.envs(QUICK).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            thread::sleep(Duration::from_millis(random.random_range(0..300)));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let server = Server::start_with(folder.path(), &QUICK);
        for person in &mut people {
            person.settle(&server);
        }
        settled.append(&mut people);
        for _ in 0..10.min(settled.len()) {
            settled[random.random_range(0..settled.len())].check(&server);
        }

        let moment = Duration::from_micros(random.random_range(0..150_000));
        let seeds: [u64; CLIENTS as usize] = random.random();
        people = thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|client| {
                    let (server, random) = (&server, StdRng::seed_from_u64(seeds[client as usize]));
                    scope.spawn(move || live(server, &format!("r{round}c{client}"), random))
                })
                .collect();
            thread::sleep(moment);
            server.signal(Signal::KILL);
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
        });
    }

    assert!(is_whole(folder.path()));
    let server = Server::start_with(folder.path(), &QUICK);
    people.iter_mut().for_each(|person| person.settle(&server));
    settled.append(&mut people);
    settled.iter().for_each(|person| person.check(&server));
    let exist = settled.iter().filter(|person| person.exists == Some(true)).count();
    assert!(exist as u64 > rounds / 2, "too little happened to say much");
    server.kill();

    let mut other = Other::open(folder.path());
    let accounts = other.number("SELECT COUNT(*) FROM users");
    assert_eq!(accounts as usize, exist);
    let begun = other.number("SELECT COUNT(*) FROM events WHERE kind = 'signed_up'");
    assert_eq!(begun, accounts, "an account and the note that it was made are there together");
    assert!(is_whole(folder.path()));
}

/// One after the other, people come, sign up and do this and that, until there is no answer.
fn live(server: &Server, name: &str, mut random: StdRng) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0.. {
        let mut person = Person::new(&format!("{name}n{number}"));
        let goes_on = person.act_until_no_answer(server, &mut random);
        people.push(person);
        if goes_on.is_none() {
            break;
        }
    }
    people
}

/// Somebody, and what is known of them for certain.
struct Person {
    name: String,
    password: String,
    /// Whether there is an account; nobody knows when the answer did not come.
    exists: Option<bool>,
    /// A new password whose change was not answered.
    changing_to: Option<String>,
    sessions: Vec<(String, State)>,
    /// What was done and answered, to read when a promise was broken.
    book: RefCell<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Alive,
    Ended,
    /// The request that ends it was not answered.
    Unknown,
}

impl Person {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            password: format!("the first password of {name}"),
            exists: Some(false),
            changing_to: None,
            sessions: Vec::new(),
            book: RefCell::default(),
        }
    }

    fn act_until_no_answer(&mut self, server: &Server, random: &mut StdRng) -> Option<()> {
        self.sign_up(server)?;
        for action in 0..MOST_ACTIONS {
            let alive: Vec<usize> =
                (0..self.sessions.len()).filter(|at| self.sessions[*at].1 == State::Alive).collect();
            let some = (!alive.is_empty()).then(|| alive[random.random_range(0..alive.len())]);
            match (random.random_range(0..5), some) {
                (0, Some(at)) => self.log_out(server, at)?,
                (1, Some(at)) => self.change_password(server, at, &format!("password {action} of {}", self.name))?,
                (2, Some(at)) => self.log_in(server, Some(at))?,
                (3, Some(at)) => assert_eq!(server.ask_who(&self.sessions[at].0)?, 200, "{}", self.book.borrow()),
                _ => self.log_in(server, None)?,
            }
        }
        Some(())
    }

    fn sign_up(&mut self, server: &Server) -> Option<()> {
        self.exists = None;
        let answer = self.send(server, "/signup", None, &[("username", &self.name), ("password", &self.password)])?;
        assert_eq!(status(&answer), 201, "{}", self.book.borrow());
        self.exists = Some(true);
        self.sessions.push((answer.session(), State::Alive));
        Some(())
    }

    /// Logs in; from the browser that is in that session, which the new one replaces.
    fn log_in(&mut self, server: &Server, replacing: Option<usize>) -> Option<()> {
        let held = replacing.map(|at| self.leave(at));
        let fields = [("username", self.name.as_str()), ("password", &self.password)];
        let answer = self.send(server, "/login", held.as_deref(), &fields)?;
        assert_eq!(status(&answer), 200, "{}", self.book.borrow());
        self.left(replacing);
        self.sessions.push((answer.session(), State::Alive));
        Some(())
    }

    fn log_out(&mut self, server: &Server, at: usize) -> Option<()> {
        let held = self.leave(at);
        let answer = self.send(server, "/logout", Some(&held), &[])?;
        assert_eq!(status(&answer), 200, "{}", self.book.borrow());
        self.left(Some(at));
        Some(())
    }

    fn change_password(&mut self, server: &Server, at: usize, new: &str) -> Option<()> {
        self.changing_to = Some(new.to_owned());
        let fields = [("current_password", self.password.as_str()), ("new_password", new)];
        let answer = self.send(server, "/password", Some(&self.sessions[at].0), &fields)?;
        assert_eq!(status(&answer), 200, "{}", self.book.borrow());
        self.has_changed();
        self.sessions.push((answer.session(), State::Alive));
        Some(())
    }

    fn leave(&mut self, at: usize) -> String {
        self.sessions[at].1 = State::Unknown;
        self.sessions[at].0.clone()
    }

    fn left(&mut self, at: Option<usize>) {
        if let Some(at) = at {
            self.sessions[at].1 = State::Ended;
        }
    }

    /// The password is the new one, and every session before it has ended.
    fn has_changed(&mut self) {
        self.password = self.changing_to.take().expect("a change");
        self.sessions.iter_mut().for_each(|(_, state)| *state = State::Ended);
    }

    /// After a restart: what was acknowledged must be so, and what was not is asked for and must be one or the other.
    fn settle(&mut self, server: &Server) {
        if self.exists.is_none() {
            let fields = [("username", self.name.as_str()), ("password", &self.password)];
            let answer = self.send(server, "/signup", None, &fields).expect("an answer");
            match status(&answer) {
                201 => self.sessions.push((answer.session(), State::Alive)),
                status => assert_eq!(status, 409, "{}", self.book.borrow()),
            }
            self.exists = Some(true);
        }
        if let Some(new) = self.changing_to.clone() {
            let fields = [("username", self.name.as_str()), ("password", &new)];
            let answer = self.send(server, "/login", None, &fields).expect("an answer");
            match status(&answer) {
                200 => self.has_changed(),
                status => assert_eq!(status, 401, "{}", self.book.borrow()),
            }
            self.changing_to = None;
        }
        self.log_in(server, None).expect("an answer");
        for at in 0..self.sessions.len() {
            if self.sessions[at].1 == State::Unknown {
                let is_alive = server.who(&self.sessions[at].0) == 200;
                self.sessions[at].1 = if is_alive { State::Alive } else { State::Ended };
            }
        }
        self.check(server);
    }

    /// What is known must be so.
    fn check(&self, server: &Server) {
        for (at, (cookie, state)) in self.sessions.iter().enumerate() {
            let expected = if *state == State::Alive { 200 } else { 401 };
            assert_eq!(
                server.who(cookie),
                expected,
                "session {at} of {}, {state:?}:\n{}",
                self.name,
                self.book.borrow()
            );
        }
    }

    fn send(&self, server: &Server, path: &str, held: Option<&str>, fields: &[(&str, &str)]) -> Option<Answer> {
        let mut headers = vec![FORM];
        headers.extend(held.map(|cookie| ("Cookie", cookie)));
        let answer = server.ask("POST", path, &headers, &encode(fields));
        let answered = answer.as_ref().map_or("no answer".to_owned(), |answer| status(answer).to_string());
        let _ = writeln!(self.book.borrow_mut(), "{path} {fields:?}: {answered}");
        answer
    }
}
