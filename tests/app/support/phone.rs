use std::collections::BTreeSet;

use serde_json::Value;
use totp_rs::Totp;
use vestibule::model::TotpSecret;

use super::App;

/// An app for one-time codes.
pub struct Phone(Totp);

impl Phone {
    /// One that has read what `/two-factor` shows to whoever sets one up.
    pub fn set_up(page: &Value) -> Self {
        Self::at(page["setup"]["address"].as_str().expect("an address"))
    }

    /// One that has read that address.
    pub fn at(address: &str) -> Self {
        Self(Totp::from_url(address).expect("a TOTP address"))
    }

    /// The code of the present moment.
    pub fn code(&self, app: &App) -> String {
        self.code_at(app, 0)
    }

    /// The code of so many seconds later; earlier, when negative.
    pub fn code_at(&self, app: &App, later: i64) -> String {
        let seconds = app.clock.now().millis() / 1_000 + later;
        self.0.generate(seconds.unsigned_abs()).to_string()
    }

    /// Six digits that are no code of this key, now or within ten minutes.
    pub fn wrong_code(&self, app: &App) -> String {
        let near = self.codes_near(app);
        let mut codes = (0..).map(|number| format!("{number:06}"));
        codes.find(|code| !near.contains(code)).expect("fewer codes than numbers")
    }

    pub fn repeats_no_code(&self, app: &App) -> bool {
        let near = self.codes_near(app);
        near.iter().collect::<BTreeSet<_>>().len() == near.len()
    }

    fn codes_near(&self, app: &App) -> Vec<String> {
        (-20..=20).map(|steps| self.code_at(app, steps * TotpSecret::STEP)).collect()
    }
}
