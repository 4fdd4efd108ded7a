//! The house stands as the map in `lib.rs` says, and stays small.

use std::path::Path;

use crate::support::source::{File, Source};

/// From above: each may use those below it.
const FLOORS: [&str; 10] = ["main.rs", "cli", "app.rs", "pages", "web", "settings", "auth", "store", "model", "log"];

const LONGEST_FILE: usize = 300;
const LONGEST_FUNCTION: usize = 40;
const MOST_MACROS_IN_STORE: usize = 3;

/// How far down the floor of that name is.
fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.trim_end_matches(".rs") == name)
}

/// The floor of a file; `lib.rs` is the map of all.
fn floor_of(file: &File) -> Option<usize> {
    floor(file.name.split('/').next().unwrap_or_default().trim_end_matches(".rs"))
}

fn is_on(file: &File, floors: &[&str]) -> bool {
    floor_of(file).is_some_and(|floor| floors.contains(&FLOORS[floor]))
}

#[track_caller]
fn nothing_is_wrong(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_file_is_on_a_floor_and_imports_go_downwards_only() {
    let source = Source::read();
    let mut wrong = Vec::new();
    for file in source.files().filter(|file| file.name != "lib.rs") {
        let Some(height) = floor_of(file) else {
            wrong.push(format!("{} is on no floor", file.name));
            continue;
        };
        for names in source.names_of(file) {
            let is_above = names.first().and_then(|first| floor(first)).is_some_and(|floor| floor < height);
            if is_above {
                wrong.push(format!("{} reaches up to {}", file.name, names.join("::")));
            }
        }
    }
    nothing_is_wrong(&wrong);
}

#[test]
fn no_file_uses_itself_by_way_of_others() {
    let source = Source::read();
    let circles: Vec<String> = source.circles().iter().map(|circle| circle.join(" → ")).collect();
    nothing_is_wrong(&circles);
}

/// Had they eyes that see nothing, the promises above would be worth nothing.
#[test]
fn what_goes_in_a_circle_is_found_and_what_only_exports_does_not() {
    let files = [
        ("lib.rs", "pub mod web;\npub mod model;"),
        ("model.rs", "pub struct Noun;"),
        ("web/mod.rs", "mod page;\nmod site;\npub use page::Page;\npub(super) use site::{self, Site as House};"),
        ("web/page.rs", "use super::House;\nuse crate::model;\npub struct Page(House, model::Noun);"),
        ("web/site.rs", "// use super::Page;\npub struct Site;\nfn draw() { \"super::Page\"; super::Page::draw() }"),
    ];
    let source = Source::of(files.map(|(name, text)| (name.to_owned(), text.to_owned())));
    let found: Vec<_> = source.circles().into_iter().collect();
    assert_eq!(found, [["web/page.rs", "web/site.rs", "web/page.rs"]]);
}

#[test]
fn the_map_only_declares_and_exports() {
    let source = Source::read();
    let map = source.files().find(|file| file.name == "lib.rs").unwrap();
    for statement in map.code().split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
        assert!(["pub", "pub mod", "mod"].iter().any(|start| statement.starts_with(start)), "{statement}");
    }
}

#[test]
fn no_path_is_shown_but_by_what_escapes_it() {
    let source = Source::read();
    let raw = source.files().filter(|file| file.code().contains(".display()")).map(|file| file.name.clone());
    nothing_is_wrong(&raw.collect::<Vec<_>>());
}

#[test]
fn sql_is_in_the_store_alone_and_http_above_auth_alone() {
    let source = Source::read();
    let mut wrong = Vec::new();
    for file in source.files() {
        if file.names_any_of(&["sqlx"]) && !is_on(file, &["store"]) {
            wrong.push(format!("{} speaks SQL", file.name));
        }
        let speaks_http = [["rocket", "http"], ["rocket", "Request"]].iter().any(|path| file.names_any_of(path));
        // The settings read addresses with Rocket's own reader of them.
        if speaks_http && !is_on(file, &["main.rs", "app.rs", "pages", "web", "settings"]) {
            wrong.push(format!("{} speaks HTTP", file.name));
        }
    }
    nothing_is_wrong(&wrong);
}

#[test]
fn nothing_is_unsafe_runs_another_program_or_makes_sql_of_what_was_sent() {
    let source = Source::read();
    let mut wrong = Vec::new();
    for file in source.files() {
        if file.names_any_of(&["std", "process", "Command"]) || file.code().contains("unsafe ") {
            wrong.push(format!("{} is unsafe or runs another program", file.name));
        }
        // sqlx takes no SQL that was put together, unless this asserts that it is safe; of numbers it may be.
        if file.code().contains("AssertSqlSafe(") && file.name != "store/sqlite.rs" {
            wrong.push(format!("{} puts SQL together", file.name));
        }
    }
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"forbid\""));
    nothing_is_wrong(&wrong);
}

#[test]
fn the_map_names_every_module_and_every_page_has_its_template_and_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = Source::read();
    let map = source.files().find(|file| file.name == "lib.rs").unwrap();
    for module in map.text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
        assert!(map.text.contains(&format!("[`{module}`]")), "{module}");
    }
    for page in source.files() {
        let Some(name) = page.name.strip_prefix("pages/").and_then(|name| name.strip_suffix(".rs")) else { continue };
        if page.text.contains("const TEMPLATE") {
            assert!(page.text.contains(&format!("TEMPLATE: &'static str = \"{name}\"")), "{name}");
            assert!(root.join(format!("templates/{name}.html.tera")).exists(), "{name}");
        }
        if !["mod", "error"].contains(&name) {
            assert!(root.join(format!("tests/app/{name}.rs")).exists(), "{name} has no test");
        }
    }
    for entry in std::fs::read_dir(root.join("templates")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = file.strip_suffix(".html.tera").filter(|name| *name != "base") else { continue };
        assert!(source.files().any(|page| page.name == format!("pages/{name}.rs")), "no page draws {file}");
    }
}

#[test]
fn nothing_is_printed_in_a_way_that_panics_where_it_cannot_be_written() {
    let mut wrong = Vec::new();
    for file in Source::read().files() {
        let prints = ["print!(", "println!(", "dbg!("].into_iter().filter(|print| file.code().contains(print));
        wrong.extend(prints.map(|print| format!("{} calls {print}…)", file.name)));
    }
    nothing_is_wrong(&wrong);
}

#[test]
fn files_and_functions_are_short_and_macros_are_few() {
    let source = Source::read();
    let mut wrong = Vec::new();
    for file in source.files() {
        let lines = file.text.lines().count();
        if lines > LONGEST_FILE {
            wrong.push(format!("{} has {lines} lines", file.name));
        }
        for (function, lines) in functions(&file.text).into_iter().filter(|(_, lines)| *lines > LONGEST_FUNCTION) {
            wrong.push(format!("{function} in {} has {lines} lines", file.name));
        }
    }
    let in_store = source.files().filter(|file| is_on(file, &["store"]));
    let macros: usize = in_store.map(|file| file.code().matches("macro_rules!").count()).sum();
    if macros > MOST_MACROS_IN_STORE {
        wrong.push(format!("the store has {macros} macros"));
    }
    nothing_is_wrong(&wrong);
}

/// The functions of a file as rustfmt lays them out, and how many lines each has.
fn functions(text: &str) -> Vec<(&str, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let starts = lines.iter().enumerate().filter_map(|(at, line)| Some((at, name_of_function(line)?)));
    starts.map(|(at, name)| (name, 1 + lines_after(&lines[at..]))).collect()
}

fn name_of_function(line: &str) -> Option<&str> {
    let words = ["pub(super)", "pub(crate)", "pub", "const", "async"];
    let start = words.iter().fold(line.trim_start(), |rest, word| rest.strip_prefix(word).unwrap_or(rest).trim_start());
    start.strip_prefix("fn ")?.split(['(', '<']).next()
}

/// How many lines follow the first of a function; none when it has no body, or all of it in that line.
fn lines_after(lines: &[&str]) -> usize {
    let indent = &lines[0][..lines[0].len() - lines[0].trim_start().len()];
    let has_body = lines.iter().find(|line| line.ends_with(['{', ';', '}'])).is_some_and(|line| line.ends_with('{'));
    if !has_body {
        return 0;
    }
    let end = format!("{indent}}}");
    lines.iter().position(|line| *line == end).unwrap_or_default()
}
