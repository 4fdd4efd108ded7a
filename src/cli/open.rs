//! What a command begins with: the settings, and the verbs on the database that they name.

use super::stop::{Stop, stop};
use crate::app;
use crate::auth::Auth;
use crate::model::{Clock, User, shown};
use crate::settings::{self, Settings, absolute, data_dir};

pub fn read_settings() -> Result<Settings, Stop> {
    Ok(Settings::read(&settings::figment())?)
}

/// The verbs on a database that is there: a slip in the folder's name shall not make another site.
pub async fn open_auth(settings: &Settings) -> Result<Auth, Stop> {
    database_is_there(settings)?;
    Ok(app::open_auth(settings, Clock::system()).await?)
}

/// The verbs on a database that is made when it is not there, with all else that the first start would make.
pub async fn open_or_make_auth(settings: &Settings) -> Result<Auth, Stop> {
    data_dir::make(&settings.data_dir)?;
    if settings.secret_key.is_none() {
        data_dir::secret_key(&settings.data_dir)?;
    }
    Ok(app::open_auth(settings, Clock::system()).await?)
}

pub fn database_is_there(settings: &Settings) -> Result<(), Stop> {
    let Some(file) = settings.database.missing_file() else { return Ok(()) };
    Err(stop(format!(
        "There is no database at {}. Run this where the site runs and with its settings: `vestibule config` shows them.",
        shown(&absolute(file))
    )))
}

/// Whoever has that name.
pub async fn find_user(auth: &Auth, name: &str) -> Result<User, Stop> {
    let found = auth.find_user(name).await?;
    found.ok_or_else(|| stop(format!("Nobody is called {name:?}. `vestibule users list --search TEXT` finds names.")))
}
