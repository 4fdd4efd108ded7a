//! A soak: people come and go for as long as is wanted, three times the server is stopped among them and started again, and in
//! the end it holds no more than in the beginning.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead, BufReader, Error, Result};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use rocket::figment::Figment;
use rocket::futures::future::join_all;
use rocket::tokio::time::{Instant, sleep};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, query_scalar};
use tempfile::TempDir;
use vestibule::app::open_auth;
use vestibule::model::Clock;
use vestibule::settings::{Settings, safe_defaults};

use super::people::{Answered, Crowd};
use super::report::{Report, Wanted};
use super::server::Server;

/// Between two of them the server is stopped and started.
const PARTS: u32 = 4;
/// How many people are there at once.
const PEOPLE: usize = 8;
/// Longer than anything is kept that is not an account.
const LATER: Duration = Duration::from_secs(401 * 24 * 3_600);

/// What a part left behind.
struct Part {
    answered: Answered,
    seconds: f64,
    /// Once everything was there that a server takes, and at the end.
    memory_mib: [f64; 2],
    descriptors: [usize; 2],
    stopped_in: Duration,
    /// How long it was still there when everybody had gone.
    lingered: Duration,
    errors_logged: usize,
    rows: Rows,
}

/// How many of each kind are in the database.
struct Rows {
    users: i64,
    sessions: i64,
    events: i64,
    throttle: i64,
    endings: i64,
}

/// Goes on for so long, and fails when something is not as it has to be.
pub async fn soak(duration: Duration) -> Result<()> {
    let folder = TempDir::new()?;
    println!(
        "{:<6}{:>10}{:>10}{:>8}{:>8}{:>8}{:>12}{:>12}{:>9}{:>10}{:>9}{:>10}{:>10}{:>8}",
        "part",
        "answers",
        "a second",
        "5xx",
        "wrong",
        "broken",
        "MiB",
        "files",
        "stop ms",
        "accounts",
        "sessions",
        "events",
        "throttle",
        "ERROR"
    );
    let mut parts = Vec::new();
    for number in 1..=PARTS {
        let part = go_through(folder.path(), duration / PARTS).await?;
        part.tell(number);
        parts.push(part);
    }
    let swept = sweep(folder.path()).await?;
    judge(&parts, &swept)
}

/// Starts the server, lets people come and go, and stops it among them.
async fn go_through(folder: &Path, duration: Duration) -> Result<Part> {
    let server = Server::in_throng(folder).await?;
    let (began, is_stopping) = (Instant::now(), Rc::new(Cell::new(false)));
    let mut crowds: Vec<Crowd> = (0..PEOPLE).map(|_| Crowd::new(server.port, Rc::clone(&is_stopping))).collect();
    let people = async {
        join_all(crowds.iter_mut().map(Crowd::come_and_go)).await;
        Instant::now()
    };

    let looks = async {
        sleep(duration / 3).await;
        let early = (server.memory_mib()?, server.descriptors()?);
        sleep(duration - duration / 3).await;
        let late = (server.memory_mib()?, server.descriptors()?);
        is_stopping.set(true);
        let stopped_in = server.stop().await?;
        Ok::<_, Error>((early, late, stopped_in, Instant::now()))
    };
    let (gone, looks) = rocket::tokio::join!(people, looks);
    let (early, late, stopped_in, stopped) = looks?;

    let mut answered = Answered::default();
    crowds.iter().for_each(|crowd| answered.add(&crowd.answered));
    Ok(Part {
        answered,
        seconds: (began.elapsed() - stopped_in).as_secs_f64(),
        memory_mib: [early.0, late.0],
        descriptors: [early.1, late.1],
        stopped_in,
        lingered: stopped.saturating_duration_since(gone),
        errors_logged: errors_in(&folder.join("log"))?,
        rows: Rows::count(folder).await?,
    })
}

/// How many lines of a log tell of an error.
fn errors_in(log: &Path) -> Result<usize> {
    let mut errors = 0;
    for line in BufReader::new(File::open(log)?).lines() {
        errors += usize::from(line?.contains(r#""level":"ERROR""#));
    }
    Ok(errors)
}

/// What is left when nothing but accounts is kept any longer.
async fn sweep(folder: &Path) -> Result<Rows> {
    let figment = Figment::from(rocket::Config::default()).merge(("data_dir", folder.join("data")));
    let settings = Settings::read(&safe_defaults(figment)).map_err(Error::other)?;
    let later = Clock::standing_at(Clock::system().now().plus(LATER));
    let auth = open_auth(&settings, later).await.map_err(Error::other)?;
    auth.sweep().await.map_err(Error::other)?;
    auth.close().await;
    Rows::count(folder).await
}

fn judge(parts: &[Part], swept: &Rows) -> Result<()> {
    let mut report = Report::default();
    let sum = |of: fn(&Part) -> u64| parts.iter().map(of).sum::<u64>() as f64;
    let most = |of: &dyn Fn(&Part) -> f64| parts.iter().map(of).fold(f64::MIN, f64::max);
    let (first, last) = (&parts[0], &parts[parts.len() - 1]);
    println!();
    report.says("5xx while it served", sum(|part| part.answered.failed), "", Wanted::AtMost(0.0));
    report.says("answers that are not those to expect", sum(|part| part.answered.unexpected), "", Wanted::AtMost(0.0));
    report.says("connections that broke while it served", sum(|part| part.answered.broken), "", Wanted::AtMost(0.0));
    report.says("lines of errors in the log", sum(|part| part.errors_logged as u64), "", Wanted::AtMost(0.0));

    let grown = most(&|part| part.memory_mib[1] - part.memory_mib[0]);
    report.says("memory, grown in a part", grown, "MiB", Wanted::AtMost(16.0));
    let grown = last.memory_mib[1] - first.memory_mib[1];
    report.says("memory, the last part above the first", grown, "MiB", Wanted::AtMost(16.0));
    let grown = most(&|part| part.descriptors[1] as f64 - part.descriptors[0] as f64);
    report.says("open files, grown in a part", grown, "", Wanted::AtMost(4.0));
    report.says("a stop among people", most(&|part| part.stopped_in.as_secs_f64()), "s", Wanted::AtMost(14.0));
    let lingered = most(&|part| part.lingered.as_secs_f64());
    report.says("a stop, once everybody has gone", lingered, "s", Wanted::AtMost(2.0));

    // Of those whose answer a stop cut off, nobody knows.
    let unknown = f64::from(PARTS) * PEOPLE as f64;
    let made = sum(|part| part.answered.signed_up);
    report.says(
        "accounts that were acknowledged and are not there",
        made - swept.users as f64,
        "",
        Wanted::AtMost(0.0),
    );
    report.says("accounts that nobody knows of", swept.users as f64 - made, "", Wanted::AtMost(unknown));
    let left = sum(|part| part.answered.stayed) + 2.0 * unknown;
    report.says("sessions, of those who left them", last.rows.sessions as f64, "", Wanted::AtMost(left));
    let left = swept.sessions + swept.events + swept.throttle + swept.endings;
    report.says("other rows after the sweep of a time to come", left as f64, "", Wanted::AtMost(0.0));
    report.conclude();
    if report.is_as_wanted() { Ok(()) } else { Err(Error::other("the soak found something")) }
}

impl Part {
    fn tell(&self, number: u32) {
        let Self { answered, memory_mib, descriptors, rows, .. } = self;
        let memory = format!("{:.0} → {:.0}", memory_mib[0], memory_mib[1]);
        let files = format!("{} → {}", descriptors[0], descriptors[1]);
        println!(
            "{number:<6}{:>10}{:>10.0}{:>8}{:>8}{:>8}{memory:>12}{files:>12}{:>9}{:>10}{:>9}{:>10}{:>10}{:>8}",
            answered.all,
            answered.all as f64 / self.seconds,
            answered.failed,
            answered.unexpected,
            answered.broken,
            self.stopped_in.as_millis(),
            rows.users,
            rows.sessions,
            rows.events,
            rows.throttle,
            self.errors_logged,
        );
    }
}

impl Rows {
    async fn count(folder: &Path) -> Result<Self> {
        let file = SqliteConnectOptions::new().filename(folder.join("data/vestibule.db"));
        let mut database = file.connect().await.map_err(Error::other)?;
        let mut counts = [0; 5];
        for (count, table) in counts.iter_mut().zip(["users", "sessions", "events", "throttle", "endings"]) {
            let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
            *count = query_scalar(sql).fetch_one(&mut database).await.map_err(Error::other)?;
        }
        database.close().await.map_err(Error::other)?;
        let [users, sessions, events, throttle, endings] = counts;
        Ok(Self { users, sessions, events, throttle, endings })
    }
}
