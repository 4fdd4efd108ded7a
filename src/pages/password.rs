//! `/password`: change it; every other session ends.

use rocket::http::Status;
use rocket::response::Redirect;
use rocket::{get, post};
use serde::Serialize;
use zeroize::Zeroizing;

use super::signup::Welcome;
use crate::auth::{Auth, ProofError};
use crate::model::{Password, User, Username};
use crate::web::{
    Client, Confirmed, Fields, Form, FormPage, Next, Page, Problems, Retry, Sent, SessionCookie, Show, Submitted,
};

/// What a person types.
pub struct PasswordForm {
    current_password: Zeroizing<String>,
    new_password: Zeroizing<String>,
}

impl Form for PasswordForm {
    const FIELDS: &'static [&'static str] = &["current_password", "new_password"];

    fn read(fields: &mut Fields) -> Self {
        Self { current_password: fields.text("current_password"), new_password: fields.text("new_password") }
    }
}

/// The form, and what is asked of a new password.
#[derive(Serialize)]
pub struct PasswordPage {
    username: Username,
    password_min_length: usize,
    #[serde(skip_serializing_if = "Problems::is_empty")]
    problems: Problems,
}

impl Page for PasswordPage {
    const TEMPLATE: &'static str = "password";
}

impl FormPage for PasswordPage {
    fn problems(&self) -> &Problems {
        &self.problems
    }
}

#[get("/password")]
pub fn show(me: Confirmed<'_>, auth: &Auth) -> Show<PasswordPage> {
    Show(PasswordPage::new(auth, me.0.user, Problems::default()))
}

/// Where password managers look for the page (W3C, A Well-Known URL for Changing Passwords).
#[get("/.well-known/change-password")]
pub fn well_known() -> Redirect {
    Redirect::to("/password")
}

#[post("/password", data = "<form>")]
pub async fn submit(
    me: Confirmed<'_>,
    auth: &Auth,
    client: Client,
    cookie: SessionCookie<'_>,
    form: Sent<PasswordForm>,
) -> Submitted<Welcome, PasswordPage> {
    let Confirmed(me) = me;
    let (current, new) = form.0.check(auth, me.user)?;
    let changed = auth.change_password(me.here(client.0), current, new).await;
    let begun = changed.map_err(|error| refused(error, auth, me.user))?;
    cookie.set(&begun);

    let message = "Your password is changed. All other sessions have ended.";
    Ok(Next { to: "/profile?done=password".to_owned(), made: (Status::Ok, Welcome::new(message, begun)) })
}

impl PasswordForm {
    /// The current and the new password, or the page that says what to change.
    fn check(&self, auth: &Auth, user: &User) -> Result<(Password, Password), Retry<PasswordPage>> {
        let mut problems = Problems::default();
        let current = problems.take("current_password", Password::given(&self.current_password));
        let new = Password::choose(&self.new_password, &auth.rules().passwords, Some(&user.username));
        match (current, problems.take("new_password", new)) {
            (Some(current), Some(new)) => Ok((current, new)),
            _ => Err(Retry::fields(PasswordPage::new(auth, user, problems))),
        }
    }
}

fn refused(error: ProofError, auth: &Auth, user: &User) -> Retry<PasswordPage> {
    match error {
        ProofError::WrongPassword | ProofError::Code(_) => {
            Retry::fields(PasswordPage::new(auth, user, Problems::with("current_password", error)))
        }
        ProofError::Ended => Retry::session_ended(),
        ProofError::Failure(failure) => failure.into(),
    }
}

impl PasswordPage {
    fn new(auth: &Auth, user: &User, problems: Problems) -> Self {
        let password_min_length = auth.rules().passwords.min_length;
        Self { username: user.username.clone(), password_min_length, problems }
    }
}
