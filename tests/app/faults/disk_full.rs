//! A disk that is full, and then is not. Two ways: a real small disk, where the system lets a test mount one; and a limit
//! to the size of files, which every system knows.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{QUICK, command, database, is_whole};
use crate::machine;
use crate::server::{Server, cookie, header, refusal, set_cookie, status};
use crate::support::PASSWORD;

#[test]
fn on_a_full_disk_reading_goes_on_writing_is_503_and_with_space_it_is_well_again_without_a_restart() {
    let Some(disk) = SmallDisk::mount() else { return };
    let server = Server::spawn(disk.command());

    is_survived(&server, |room| disk.fill_but(room), || disk.free());

    server.kill();
}

#[test]
fn when_files_cannot_grow_reading_goes_on_writing_is_503_and_then_it_is_well_again_without_a_restart() {
    let Some(programs) = machine::find("disk-full", &["sh", "prlimit"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    // Writing beyond the limit would end the program if it did not ignore the signal.
    let server = Server::spawn(becoming(&programs[0], "trap '' XFSZ && exec \"$0\"", folder.path()));
    let limit = |bytes: &str| {
        let pid = server.child.id().to_string();
        assert!(
            Command::new(&programs[1]).args(["--pid", &pid, &format!("--fsize={bytes}:")]).status().unwrap().success()
        );
    };
    let log = database(folder.path()).with_extension("db-wal");

    is_survived(&server, |room| limit(&(log.metadata().unwrap().len() + room).to_string()), || limit("unlimited"));

    server.kill();
    assert!(is_whole(folder.path()));
}

#[test]
fn what_a_disk_had_room_for_is_acknowledged_and_nothing_else() {
    let Some(disk) = SmallDisk::mount() else { return };
    let server = Server::spawn(disk.command());
    let mut begun = Vec::new();
    let mut refused = Vec::new();
    for room in 0..24 {
        disk.fill_but(room * 4096);
        let name = format!("room{room}");
        let answer = server.submit("/signup", &[("username", &name), ("password", PASSWORD)]);
        match status(&answer) {
            201 => begun.push(cookie(&answer)),
            503 => refused.push(name),
            other => panic!("{other}: {answer}"),
        }
        disk.free();
    }
    assert!(!begun.is_empty() && !refused.is_empty(), "{} and {refused:?}", begun.len());
    server.kill();

    let server = Server::spawn(disk.command());
    for cookie in &begun {
        assert_eq!(server.who(cookie), 200);
    }
    for name in &refused {
        server.sign_up(name);
    }
}

#[test]
fn a_start_on_a_full_disk_ends_with_a_sentence_and_one_with_space_is_well() {
    let Some(disk) = SmallDisk::mount() else { return };
    for room in [0, 4096, 8 * 4096, 20 * 4096] {
        disk.fill_but(room);
        refusal(disk.command());
        disk.free();
    }

    let server = Server::spawn(disk.command());
    let cookie = server.sign_up("ada");
    assert_eq!(server.who(&cookie), 200);
}

fn is_survived(server: &Server, fill_but: impl Fn(u64), free: impl Fn()) {
    let ada = server.sign_up("ada");
    // A reader keeps the file open: without one SQLite would tidy up after the first failure, and find room by it.
    assert_eq!(server.who(&ada), 200);

    fill_but(0);
    let eves = [("username", "eve"), ("password", PASSWORD)];
    for _ in 0..3 {
        let refused = server.submit("/signup", &eves);
        assert_eq!((status(&refused), set_cookie(&refused)), (503, ""), "{refused}");
        assert!(header(&refused, "Retry-After").is_some(), "{refused}");
    }
    let kept = server.request("POST", "/logout", &[("Cookie", &ada)], "");
    assert_eq!((status(&kept), set_cookie(&kept)), (503, ""), "{kept}");
    for page in ["/profile", "/sessions", "/protected"] {
        let shown = server.request("GET", page, &[("Cookie", &ada)], "");
        assert_eq!((status(&shown), set_cookie(&shown)), (200, ""), "{shown}");
    }

    free();
    let eve = server.sign_up("eve");
    assert_eq!(status(&server.request("POST", "/logout", &[("Cookie", &ada)], "")), 200);
    assert_eq!((server.who(&ada), server.who(&eve)), (401, 200));
}

/// A disk of a few MiB in memory, which only programs that enter its world see.
struct SmallDisk {
    keeper: Child,
    folder: tempfile::TempDir,
    enter: PathBuf,
    is_root: bool,
}

impl SmallDisk {
    fn mount() -> Option<Self> {
        let programs = machine::find("disk-full", &["unshare", "nsenter", "sh", "mount", "id"])?;
        let is_root = Command::new(&programs[4]).arg("-u").output().unwrap().stdout == b"0\n";
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();

        let mut keeper = Command::new(&programs[0]);
        keeper.args(if is_root { &["-m"][..] } else { &["-m", "-U", "-r"] }).arg(&programs[2]);
        keeper.args(["-c", "mount -t tmpfs -o size=3m,mode=700 none data && echo mounted && read end"]);
        keeper.current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut keeper = keeper.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut said).unwrap();
        if said != "mounted\n" {
            let _ = keeper.wait();
            machine::missing("disk-full", "the system does not let a test mount a small disk");
            return None;
        }
        Some(Self { keeper, folder, enter: programs[1].clone(), is_root })
    }

    /// The program, on that disk.
    fn command(&self) -> Command {
        let inside = becoming(Path::new("sh"), "cd \"$1\" && exec \"$0\"", self.folder.path());
        let mut command = Command::new(&self.enter);
        command.args(["-t", &self.keeper.id().to_string(), "-m"]);
        if !self.is_root {
            command.args(["-U", "--preserve-credentials"]);
        }
        command.arg(inside.get_program()).args(inside.get_args()).arg(self.folder.path());
        for (name, value) in inside.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    fn fill_but(&self, room: u64) {
        let mut filler = std::fs::File::create(self.filler()).unwrap();
        while filler.write_all(&[1; 4096]).is_ok() {}
        let full = filler.metadata().unwrap().len();
        filler.set_len(full.saturating_sub(room)).unwrap();
    }

    fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        let world = PathBuf::from(format!("/proc/{}/root", self.keeper.id()));
        world.join(self.folder.path().strip_prefix("/").unwrap()).join("data/filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

/// A shell that does something and then becomes the program.
fn becoming(shell: &Path, script: &str, folder: &Path) -> Command {
    let program = command(folder);
    let mut shell = Command::new(shell);
    shell.args(["-c", script]).arg(program.get_program()).current_dir(folder).env("ROCKET_PORT", "0").envs(QUICK);
    shell.env_remove("ROCKET_CONFIG");
    shell
}
