//! The map in `lib.rs` is true.

use std::path::{Path, PathBuf};

const FLOORS: [&str; 5] = ["pages", "web", "auth", "store", "model"];

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .unwrap()
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path) } else { vec![path] }
        })
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn no_floor_imports_a_floor_above() {
    for (height, floor) in FLOORS.iter().enumerate() {
        for file in files(&source().join(floor)) {
            let text = std::fs::read_to_string(&file).unwrap();
            for above in &FLOORS[..height] {
                assert!(!text.contains(&format!("crate::{above}")), "{} reaches up to {above}", file.display());
            }
        }
    }
}

#[test]
fn sql_is_in_the_store_alone_and_http_above_auth_alone() {
    for file in files(&source()).iter().filter(|file| !file.starts_with(source().join("store"))) {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(!text.contains("sqlx::"), "{} speaks SQL", file.display());
    }
    for floor in FLOORS {
        for file in files(&source().join(floor)) {
            let text = std::fs::read_to_string(&file).unwrap();
            if ["auth", "store", "model"].contains(&floor) {
                assert!(
                    !text.contains("rocket::http") && !text.contains("rocket::Request"),
                    "{} speaks HTTP",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn the_map_names_every_module_and_every_page_has_its_template_and_its_test() {
    let map = std::fs::read_to_string(source().join("lib.rs")).unwrap();
    for module in map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
        assert!(map.contains(&format!("[`{module}`]")), "{module}");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in files(&source().join("pages")) {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        if text.contains("const TEMPLATE") {
            assert!(text.contains(&format!("TEMPLATE: &'static str = \"{name}\"")), "{name}");
            assert!(root.join(format!("templates/{name}.html.tera")).exists(), "{name}");
        }
        if !["mod", "error"].contains(&name.as_str()) {
            assert!(root.join(format!("tests/app/{name}.rs")).exists(), "{name} has no test");
        }
    }
}
