//! The licences of everything that is compiled into the program are in `THIRD-PARTY-LICENCES.txt`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// What writes the file anew in the place of comparing it.
const WRITE: &str = "VESTIBULE_WRITE_LICENCES";

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const FILE: &str = "THIRD-PARTY-LICENCES.txt";
/// Where the program runs.
const TARGETS: [&str; 2] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

/// What no crate's package says.
const BEGINNING: &str = "\
Vestibule is made with what is listed here, under licences that ask for these words to go with it. Its own licence is MIT or
Apache 2.0, as you like. Of crates that leave a choice with MIT in it, MIT is taken.

The standard library of Rust, Copyright (c) The Rust Project Developers, is compiled in under the MIT licence, whose words are
below; https://github.com/rust-lang/rust/blob/main/COPYRIGHT lists its parts. SQLite, inside libsqlite3-sys, is in the public
domain.";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    authors: Vec<String>,
    manifest_path: PathBuf,
}

fn cargo(arguments: &[&str], for_targets: &str) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(ROOT).args(arguments).arg("--locked");
    for target in TARGETS {
        cargo.args([for_targets, target]);
    }
    let done = cargo.output().expect("cargo");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text")
}

/// The name and the version of every crate that is compiled in, ours left out.
fn compiled_in() -> BTreeSet<String> {
    let tree = cargo(&["tree", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"], "--target");
    let crates = tree.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some(format!("{} {}", words.next()?, words.next()?.trim_start_matches('v')))
    });
    crates.filter(|name| !name.starts_with("vestibule ")).collect()
}

fn packages() -> Vec<Package> {
    let metadata = cargo(&["metadata", "--format-version", "1"], "--filter-platform");
    let metadata: Metadata = serde_json::from_str(&metadata).expect("cargo's JSON");
    let compiled_in = compiled_in();
    let packages: Vec<_> =
        metadata.packages.into_iter().filter(|package| compiled_in.contains(&package.full_name())).collect();
    assert_eq!(packages.len(), compiled_in.len());
    packages
}

impl Package {
    fn full_name(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    fn licence(&self) -> &str {
        self.license.as_deref().unwrap_or_else(|| panic!("{} names no licence", self.name))
    }

    /// The words of its licences and notices.
    fn texts(&self) -> Vec<String> {
        let mut files = Vec::new();
        find_notices(self.manifest_path.parent().unwrap(), &mut files);
        files.sort();
        let is_choice = self.licence().contains("MIT") && !self.licence().contains(" AND ");
        if is_choice && files.iter().any(|file| name_of(file).contains("MIT")) {
            files.retain(|file| !["APACHE", "UNLICENSE"].iter().any(|other| name_of(file).contains(other)));
        }
        if files.is_empty() {
            assert!(is_choice, "{} has no words for {}", self.name, self.licence());
            return vec![mit_of(&self.authors.join(", "))];
        }
        files.iter().map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned()).collect()
    }
}

fn name_of(file: &Path) -> String {
    file.file_name().unwrap().to_string_lossy().to_uppercase()
}

fn find_notices(folder: &Path, found: &mut Vec<PathBuf>) {
    for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        let is_notice = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"]
            .iter()
            .any(|start| name_of(&file).starts_with(start));
        if is_notice && file.is_dir() {
            found.extend(fs::read_dir(file).unwrap().map(|file| file.unwrap().path()));
        } else if is_notice {
            found.push(file);
        }
    }
}

/// The MIT licence of somebody else, in our words of it.
fn mit_of(authors: &str) -> String {
    let ours = fs::read_to_string(Path::new(ROOT).join("LICENSE-MIT")).unwrap();
    let words = ours.find("Permission is").unwrap();
    format!("MIT License\n\nCopyright (c) {authors}\n\n{}", &ours[words..])
}

/// The whole file: a list of the crates, and each text once with those that are under it.
fn notices() -> String {
    let packages = packages();
    let list = packages.iter().map(|package| format!("{}: {}", package.full_name(), package.licence()));
    let mut list: Vec<String> = list.collect();
    list.sort();

    let mut texts: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    for package in &packages {
        for text in package.texts() {
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let text = text.trim().lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
            texts.entry(words).or_insert_with(|| (text, BTreeSet::new())).1.insert(package.full_name());
        }
    }
    let mut texts: Vec<(String, String)> =
        texts.into_values().map(|(text, of)| (of.into_iter().collect::<Vec<_>>().join(", "), text)).collect();
    texts.sort();
    let passwords = fs::read_to_string(Path::new(ROOT).join("docs/common-passwords.md")).unwrap();
    texts.push(("the list of common passwords".to_owned(), passwords.trim().to_owned()));

    let sections = texts.iter().map(|(of, text)| format!("\n\n{}\n{of}\n\n{text}", "=".repeat(80)));
    format!("{BEGINNING}\n\n{}{}\n", list.join("\n"), sections.collect::<String>())
}

#[test]
fn the_licences_are_those_of_exactly_what_is_compiled_in() {
    let (file, notices) = (Path::new(ROOT).join(FILE), notices());
    if std::env::var_os(WRITE).is_some() {
        fs::write(&file, &notices).unwrap();
    }

    let kept = fs::read_to_string(&file).unwrap();

    let differs = kept.lines().zip(notices.lines()).find(|(kept, now)| kept != now);
    assert!(kept == notices, "{differs:?}: write {FILE} anew by {WRITE}=1 cargo test licences");
}
