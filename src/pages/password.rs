//! `/password`: change it; every other session ends.

use rocket::response::Redirect;
use rocket::{get, post, uri};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::confirm::refused;
use crate::auth::Auth;
use crate::model::{Password, User, Username};
use crate::web::{Browser, Confirmed, Error, FormError, Next, Page, Problems, Show, Submission, Submitted, Welcome};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordForm {
    current_password: Zeroizing<String>,
    new_password: Zeroizing<String>,
}

/// The form, and what is asked of a new password.
#[derive(Serialize)]
pub struct PasswordPage {
    username: Username,
    password_min_length: usize,
}

impl Page for PasswordPage {
    const TEMPLATE: &'static str = "password";
}

#[get("/password")]
pub fn show(me: Confirmed<'_>, auth: &Auth) -> Show<PasswordPage> {
    Show(PasswordPage::new(auth, me.user))
}

/// Where password managers look for the page (W3C, A Well-Known URL for Changing Passwords).
#[get("/.well-known/change-password")]
pub fn well_known() -> Redirect {
    Redirect::to(uri!(show))
}

/// Asks for the current password whatever was proved before (ASVS 6.2.3).
#[post("/password", data = "<form>")]
pub async fn submit(
    me: Confirmed<'_>,
    auth: &Auth,
    browser: Browser<'_>,
    form: Submission<PasswordForm>,
) -> Submitted<Welcome, PasswordPage> {
    let (current, new) = form.0.check(auth, me.user)?;
    let changed = auth.change_password(&me.caller(), current, new).await;
    let started = match changed {
        Ok(started) => started,
        Err(error) => return Err(again(refused("current_password", error)?, auth, me.user)),
    };

    let welcome = browser.welcome("Your password is changed. All other sessions have ended.", started);
    Ok(Next::to("/profile?done=password", welcome))
}

impl PasswordForm {
    /// The current and the new password, or the page that says what to change.
    fn check(&self, auth: &Auth, user: &User) -> Result<(Password, Password), FormError<PasswordPage>> {
        let mut problems = Problems::default();
        let current = problems.take("current_password", Password::given(&self.current_password));
        let new = Password::choose(&self.new_password, &auth.rules().passwords, Some(&user.username));
        match (current, problems.take("new_password", new)) {
            (Some(current), Some(new)) => Ok((current, new)),
            _ => Err(again(problems, auth, user)),
        }
    }
}

fn again(problems: Problems, auth: &Auth, user: &User) -> FormError<PasswordPage> {
    FormError::again(Error::fields(problems), PasswordPage::new(auth, user))
}

impl PasswordPage {
    fn new(auth: &Auth, user: &User) -> Self {
        Self { username: user.username.clone(), password_min_length: auth.rules().passwords.min_length }
    }
}
