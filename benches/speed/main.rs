//! `cargo bench`: the release server beside its floor, driven alike in one run over real sockets. What the figures mean, and
//! what bounds them, is in `docs/performance.md`.

mod floor;
mod load;
mod members;
mod people;
mod report;
mod seed;
mod server;
mod soak;

use std::io::Result;
use std::path::Path;
use std::time::Duration;

use clap::Parser;
use rocket::tokio::runtime;
use rocket::tokio::select;
use rocket::tokio::signal::ctrl_c;
use rocket::tokio::time::{Instant, sleep, sleep_until};
use tempfile::TempDir;

use load::{Figures, Load};
use members::Members;
use report::{Report, Wanted};
use server::Server;

/// How many connections ask at once where that answers at once, and where each answer costs a hash.
const MANY: usize = 32;
const SOME: usize = 8;
/// How many ask while others storm, and how many storm.
const FEW: usize = 4;
const STORM: usize = 64;
/// How many sessions are used.
const SESSIONS: usize = 200;
/// A hashing thread with nothing to do gives its memory back after a minute.
const UNTIL_MEMORY_IS_BACK: Duration = Duration::from_secs(65);

/// Measures the release server beside its floor.
#[derive(Parser)]
struct Options {
    /// For how many seconds each figure is measured.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// How many users and sessions the large database has; 0 leaves it out.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u32,
    /// Another database than a new SQLite file; then there is no large one.
    #[arg(long)]
    database_url: Option<String>,
    /// Instead of measuring, lets people come and go for so long (90s, 30m), with three restarts, and looks what has grown.
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "database_url")]
    soak: Option<Duration>,
    /// What cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
    /// Be the floor, on this port.
    #[arg(long, hide = true)]
    floor: Option<u16>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(port) = options.floor {
        return floor::serve(port);
    }
    // One thread, so that the servers have the other cores.
    runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        select! {
            done = run(&options) => done,
            // Leaving by this door stops the servers and removes their folders.
            _ = ctrl_c() => Ok(()),
        }
    })
}

async fn run(options: &Options) -> Result<()> {
    match options.soak {
        Some(duration) => soak::soak(duration).await,
        None => measure(options).await,
    }
}

/// Reads a time like `90s` or `30m`.
fn duration(text: &str) -> std::result::Result<Duration, jiff::Error> {
    text.parse::<jiff::SignedDuration>()?.try_into()
}

async fn measure(options: &Options) -> Result<()> {
    let mut report = Report::default();
    let (folder, floors) = (TempDir::new()?, TempDir::new()?);
    report.says("the release binary", Server::binary_mib()?, "MiB", Wanted::AtMost(25.0));

    start_often(&mut report, folder.path(), options, "start to first answer").await?;
    let app = Server::app(folder.path(), options.database_url.as_deref()).await?;
    let floor = Server::floor(floors.path()).await?;
    sleep(Duration::from_secs(1)).await;
    report.says("memory, idle", app.memory_mib()?, "MiB", Wanted::AtMost(30.0));

    let members = Members::sign_up(app.port, SESSIONS).await?;
    quiet(&mut report, options, &floor, &app, &members).await?;
    let storm_ended = storm(&mut report, options, &app, &members).await?;

    let large = match options.rows {
        0 => None,
        _ if options.database_url.is_some() => None,
        rows => Some(seed::large(rows, SESSIONS).await?),
    };
    if let Some((large, members_of_large)) = large {
        sleep_until(storm_ended + UNTIL_MEMORY_IS_BACK).await;
        report.says("memory, a minute after the storm", app.memory_mib()?, "MiB", Wanted::AtMost(30.0));
        start_often(&mut report, large.path(), options, "start to first answer, large database").await?;
        let full = Server::app(large.path(), None).await?;
        beside_large(&mut report, options, (&app, &members), (&full, &members_of_large)).await?;
        report.says("memory, large database", full.memory_mib()?, "MiB", Wanted::Nothing);
    }
    report.conclude();
    Ok(())
}

/// The middle of five starts; the first of all makes the database.
async fn start_often(report: &mut Report, folder: &Path, options: &Options, name: &str) -> Result<()> {
    let mut starts = Vec::new();
    for _ in 0..5 {
        let server = Server::app(folder, options.database_url.as_deref()).await?;
        starts.push(server.started_in);
    }
    starts.sort();
    report.says(name, starts[2].as_secs_f64() * 1e3, "ms", Wanted::AtMost(150.0));
    Ok(())
}

/// Each kind of request, at the app and at the floor in turn.
async fn quiet(report: &mut Report, options: &Options, floor: &Server, app: &Server, members: &Members) -> Result<()> {
    report.heading("beside the floor", "of floor");
    let hash = || Load::new(SOME, |_| load::get("/hash", ""));
    let pairs = [
        (members.check(MANY), Load::new(MANY, floor.with_cookie("/me").await?), Wanted::AtMost(1.4)),
        (members.profile(MANY), Load::new(MANY, floor.with_cookie("/page").await?), Wanted::AtMost(2.2)),
        (members.log_in(SOME), hash(), Wanted::AtMost(1.1)),
        (members.sign_up_more(SOME), hash(), Wanted::AtMost(1.1)),
    ];
    for ((name, load), under, wanted) in pairs {
        let [of_floor, of_app] = in_turn(options, [(floor, &under), (app, &load)]).await?;
        let rate = of_app.per_second() / of_floor.per_second();
        report.row(&format!("{name}: floor"), &of_floor, None);
        report.row(name, &of_app, Some((of_app.processor_us() / of_floor.processor_us(), wanted)));
        if name == "login" {
            report.says("logins a second, of the floor's hashes", rate, "×", Wanted::AtLeast(0.9));
        }
    }
    Ok(())
}

/// Session checks while many log in. Answers when the storm was over.
async fn storm(report: &mut Report, options: &Options, app: &Server, members: &Members) -> Result<Instant> {
    let (check, (_, log_in)) = (members.check(FEW).1, members.log_in(STORM));
    let seconds = Duration::from_secs(options.seconds);
    let quiet = load::drive(app, &check, seconds).await?;

    let storm = load::drive(app, &log_in, seconds + Duration::from_secs(1));
    let meanwhile = async {
        sleep(Duration::from_secs(1)).await;
        load::drive(app, &check, seconds).await
    };
    let (stormed, during) = rocket::tokio::try_join!(storm, meanwhile)?;
    let ended = Instant::now();

    let p99 = during.p99_ms();
    report.heading("while 64 clients log in", "");
    report.row("session check, quiet", &quiet, None);
    report.row("session check, in the storm", &during.among_others(), None);
    report.row("login, in the storm", &stormed.among_others(), None);
    let most = (quiet.p99_ms() * 5.0).max(25.0);
    report.says("p99 of a session check in the storm", p99, "ms", Wanted::AtMost(most));
    report.says("memory, most of it in the storm", app.most_memory_mib()?, "MiB", Wanted::AtMost(120.0));
    Ok(ended)
}

/// The same requests at the small and at the large database in turn.
async fn beside_large(
    report: &mut Report,
    options: &Options,
    (small, members): (&Server, &Members),
    (large, members_of_large): (&Server, &Members),
) -> Result<()> {
    report.heading("with a large database", "of empty");
    let pairs = [
        (members.check(MANY), members_of_large.check(MANY)),
        (members.profile(MANY), members_of_large.profile(MANY)),
        (members.log_in(SOME), members_of_large.log_in(SOME)),
        (members.sign_up_more(SOME), members_of_large.sign_up_more(SOME)),
    ];
    for ((name, few), (_, many)) in pairs {
        let [of_small, of_large] = in_turn(options, [(small, &few), (large, &many)]).await?;
        let ratio = of_large.processor_us() / of_small.processor_us();
        report.row(&format!("{name}: empty"), &of_small, None);
        report.row(name, &of_large, Some((ratio, Wanted::AtMost(1.1))));
    }
    Ok(())
}

/// Drives two servers a second each, in turn, so that whatever else the machine does falls on both.
async fn in_turn(options: &Options, pair: [(&Server, &Load); 2]) -> Result<[Figures; 2]> {
    let mut figures = [Figures::default(), Figures::default()];
    for (server, load) in pair {
        load::drive(server, load, Duration::from_millis(500)).await?;
    }
    for _ in 0..options.seconds {
        for ((server, load), figures) in pair.iter().zip(&mut figures) {
            figures.add(load::drive(server, load, Duration::from_secs(1)).await?);
        }
    }
    Ok(figures)
}
