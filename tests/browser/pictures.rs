//! Pictures of every page, for people to look at: wide and narrow, light and dark.

use std::path::PathBuf;

use crate::chromium::Chromium;
use crate::gallery::{Look, every_page};
use crate::person::{Colours, Person};

struct Camera {
    folder: PathBuf,
}

impl Look for Camera {
    async fn look(&mut self, person: &Person, name: &str) {
        for (width, size) in [(1280, ""), (320, "-phone")] {
            for (colours, tone) in [(Colours::Light, ""), (Colours::Dark, "-dark")] {
                person.is_shown(width, colours).await;
                let picture = person.whole_page().await;
                let file = self.folder.join(format!("{name}{size}{tone}.png"));
                std::fs::write(file, picture).expect("a folder for pictures");
            }
        }
        person.is_shown_as_before().await;
    }
}

/// Leaves them in the folder that `VESTIBULE_SCREENSHOTS` names, and takes none where it names none.
#[rocket::async_test]
async fn every_page_can_be_looked_at() {
    let Some(folder) = std::env::var_os("VESTIBULE_SCREENSHOTS").map(PathBuf::from) else { return };
    let Some(chromium) = Chromium::start() else { return };
    std::fs::create_dir_all(&folder).expect("a folder for pictures");
    every_page(&chromium, &mut Camera { folder }).await;
}
