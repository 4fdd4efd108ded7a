use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::file::{QUICK, command};
use super::machine;

/// A disk of a few MiB in memory, which only programs that enter its world see.
pub struct SmallDisk {
    keeper: Child,
    folder: tempfile::TempDir,
    enter: PathBuf,
    is_root: bool,
}

impl SmallDisk {
    pub fn mount() -> Option<Self> {
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
    pub fn command(&self) -> Command {
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

    pub fn fill_but(&self, room: u64) {
        let mut filler = std::fs::File::create(self.filler()).unwrap();
        while filler.write_all(&[1; 4096]).is_ok() {}
        let full = filler.metadata().unwrap().len();
        filler.set_len(full.saturating_sub(room)).unwrap();
    }

    pub fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    /// A file on it, as who has not entered its world names it.
    pub fn file(&self, name: &str) -> PathBuf {
        let world = PathBuf::from(format!("/proc/{}/root", self.keeper.id()));
        world.join(self.folder.path().strip_prefix("/").unwrap()).join("data").join(name)
    }

    fn filler(&self) -> PathBuf {
        self.file("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

/// A shell that does something and then becomes the program.
pub fn becoming(shell: &Path, script: &str, folder: &Path) -> Command {
    let program = command(folder);
    let mut shell = Command::new(shell);
    shell.args(["-c", script]).arg(program.get_program()).current_dir(folder).env("ROCKET_PORT", "0").envs(QUICK);
    shell.env_remove("ROCKET_CONFIG");
    shell
}
