//! The program's own source as text: its files, and which of them uses which.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

/// A path of modules and of what is in the last of them, as Rust writes it with `::` between.
type Names = Vec<String>;

/// All files of `src`, by the module that each is.
pub struct Source {
    files: BTreeMap<Names, File>,
}

/// One of them, without its tests.
pub struct File {
    /// Where it is in `src`.
    pub name: String,
    /// As it is written.
    pub text: String,
    /// Without comments, quoted text and imports.
    code: String,
    imports: Vec<Import>,
}

struct Import {
    names: Names,
    known_as: String,
    /// Then it may be there for others alone.
    is_public: bool,
}

impl Source {
    pub fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let files = rust_files(&folder).into_iter().map(|path| {
            let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        });
        Self::of(files)
    }

    /// Files of these names and texts.
    pub fn of(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let files = files.into_iter().map(|(name, text)| (module_of(&name), File::read(name, &text)));
        Self { files: files.collect() }
    }

    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.files.values()
    }

    /// Everything of this program that a file names, from the root of the program on.
    pub fn names_of(&self, file: &File) -> BTreeSet<Names> {
        let module = module_of(&file.name);
        file.names().iter().filter_map(|names| self.rooted(&module, names)).collect()
    }

    /// The files whose definitions a file uses.
    pub fn used_by(&self, file: &File) -> BTreeSet<&str> {
        let homes = self.names_of(file).into_iter().filter_map(|names| self.home_of(&names));
        homes.filter(|home| *home != file.name).collect()
    }

    /// Of each file that uses itself in the end, the shortest way to that.
    pub fn circles(&self) -> BTreeSet<Vec<&str>> {
        let uses = self.files().map(|file| (file.name.as_str(), self.used_by(file))).collect();
        self.files().filter_map(|file| shortest_circle(&uses, &file.name)).collect()
    }

    /// What is written in a module, from the root of the program on; none where it leads to another crate.
    fn rooted(&self, module: &[String], names: &[String]) -> Option<Names> {
        let (first, rest) = names.split_first()?;
        match first.as_str() {
            "crate" | "vestibule" => Some(rest.to_vec()),
            "self" => Some([module, rest].concat()),
            "super" => {
                let parent = module.split_last()?.1;
                let goes_on = rest.first().is_some_and(|name| name == "super");
                if goes_on { self.rooted(parent, rest) } else { Some([parent, rest].concat()) }
            }
            _ if self.files.contains_key(&[module, &names[..1]].concat()) => Some([module, names].concat()),
            name => {
                let import = self.files.get(module)?.import_of(name)?;
                Some([&*self.rooted(module, &import.names)?, rest].concat())
            }
        }
    }

    /// The file that defines what names lead to, however often others export it again; none for a module.
    fn home_of(&self, names: &[String]) -> Option<&str> {
        let end = (0..names.len()).find(|end| !self.files.contains_key(&names[..=*end]))?;
        let (module, file) = self.files.get_key_value(&names[..end])?;
        let Some(import) = file.import_of(&names[end]) else { return Some(&file.name) };
        self.home_of(&self.rooted(module, &import.names)?)
    }
}

impl File {
    fn read(name: String, text: &str) -> Self {
        let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
        let (code, imports) = without_imports(&without_quotes(&text));
        Self { name, text, code, imports }
    }

    /// Everything that it names, as it is written. What it only exports again, it does not name.
    pub fn names(&self) -> Vec<Names> {
        // A name at the end of a path is somebody else's.
        let begins = |name: &str| self.runs().any(|run| run.split("::").next() == Some(name));
        let is_used = |import: &&Import| !import.is_public || begins(&import.known_as);
        let imported = self.imports.iter().filter(is_used).map(|import| import.names.clone());
        let paths = self.runs().filter(|run| run.contains("::")).map(|run| segments(run).collect());
        imported.chain(paths).collect()
    }

    /// The names and paths in it.
    fn runs(&self) -> impl Iterator<Item = &str> {
        let runs = self.code.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
        runs.map(|run| run.trim_end_matches(':'))
    }

    pub fn names_any_of(&self, path: &[&str]) -> bool {
        self.names().iter().any(|names| names.len() >= path.len() && names.iter().zip(path).all(|(a, b)| a == b))
    }

    /// What is left of it without imports and what is exported again.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Where it has that name from. A macro of its own is imported only to be exported.
    fn import_of(&self, name: &str) -> Option<&Import> {
        self.imports.iter().find(|import| import.known_as == name && import.names != [name])
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}

/// `auth/mod.rs` is `auth`, `auth/log_in.rs` is `auth::log_in`, and `lib.rs` is the root.
fn module_of(name: &str) -> Names {
    let module = name.trim_end_matches(".rs").trim_end_matches("/mod");
    if module == "lib" { Vec::new() } else { module.split('/').map(str::to_owned).collect() }
}

fn segments(path: &str) -> impl Iterator<Item = String> {
    path.split("::").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// Leaves comments out, and what stands in quotes.
fn without_quotes(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let left_out = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("r#\"") {
            rest.find("\"#").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("'\"'") {
            3
        } else if next == '"' {
            quoted(rest)
        } else {
            code.push(next);
            next.len_utf8()
        };
        rest = &rest[left_out..];
    }
    code
}

/// How long what stands in quotes is, with them.
fn quoted(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// Parts the imports from the rest.
fn without_imports(code: &str) -> (String, Vec<Import>) {
    let (mut rest, mut imports) = (String::new(), Vec::new());
    for statement in code.split_inclusive(';') {
        let start = statement.rfind("use ").filter(|start| !statement[..*start].ends_with(char::is_alphanumeric));
        let Some(start) = start else {
            rest.push_str(statement);
            continue;
        };
        let (before, tree) = (statement[..start].trim_end(), statement[start..].trim_end_matches(';'));
        let is_public = ["pub", "pub(super)", "pub(crate)"].iter().any(|word| before.ends_with(word));
        rest.push_str(before);
        imports.extend(leaves(&[], tree.trim_start_matches("use ")).into_iter().map(|(names, known_as)| Import {
            names,
            known_as,
            is_public,
        }));
    }
    (rest, imports)
}

/// Each import that a tree of them stands for, and the name that it goes by.
fn leaves(stem: &[String], tree: &str) -> Vec<(Names, String)> {
    if let Some((path, branches)) = tree.split_once('{') {
        let stem = [stem, &segments(path).collect::<Names>()].concat();
        let mut depth = 0;
        let branches = branches.trim_end().strip_suffix('}').unwrap_or(branches).split(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        });
        return branches.filter(|branch| !branch.trim().is_empty()).flat_map(|branch| leaves(&stem, branch)).collect();
    }
    let (path, alias) = tree.split_once(" as ").map_or((tree, None), |(path, alias)| (path, Some(alias)));
    let names: Names = stem.iter().cloned().chain(segments(path)).filter(|name| name != "self").collect();
    let known_as = alias.map(|alias| alias.trim().to_owned()).or_else(|| names.last().cloned());
    vec![(names, known_as.unwrap_or_default())]
}

/// The shortest way from a file back to it, told from the first of its files on.
fn shortest_circle<'a>(uses: &BTreeMap<&'a str, BTreeSet<&'a str>>, start: &'a str) -> Option<Vec<&'a str>> {
    let mut ways = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in &uses[way[way.len() - 1]] {
            if *next == start {
                let first = (0..way.len()).min_by_key(|at| way[*at])?;
                return Some([&way[first..], &way[..=first]].concat());
            }
            if seen.insert(*next) {
                ways.push_back([&*way, &[*next]].concat());
            }
        }
    }
    None
}
