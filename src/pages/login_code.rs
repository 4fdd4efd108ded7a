//! `/login/code`: the second step of a login, for whoever knew the password a moment ago.

use rocket::http::Status;
use rocket::{get, post};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::auth::{Auth, LogInError};
use crate::web::{Browser, Error, FormError, Next, NextPath, Page, Problems, Show, Submission, Submitted, Welcome};

/// What a person types: a code of a phone, or a recovery code.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CodeForm {
    pub code: Zeroizing<String>,
}

#[derive(Serialize)]
pub struct LoginCodePage {}

impl Page for LoginCodePage {
    const TEMPLATE: &'static str = "login_code";
}

#[get("/login/code")]
pub fn show(browser: Browser<'_>) -> Result<Show<LoginCodePage>, Error> {
    browser.ticket().ok_or_else(begin_again)?;
    Ok(Show(LoginCodePage {}))
}

#[post("/login/code", data = "<form>")]
pub async fn submit(
    auth: &Auth,
    browser: Browser<'_>,
    form: Submission<CodeForm>,
) -> Submitted<Welcome, LoginCodePage> {
    let (ticket, next) = browser.ticket().ok_or_else(begin_again)?;
    let code = &form.0.code;
    if code.is_empty() {
        return Err(again(Error::fields(Problems::with("code", "Type the code."))));
    }
    let started = auth.log_in_with_code(ticket, code, &browser).await.map_err(refused)?;

    let welcome = browser.welcome("You are signed in.", started);
    Ok(Next::to(next.as_ref().map_or("/profile", NextPath::as_str), welcome))
}

fn refused(error: LogInError) -> FormError<LoginCodePage> {
    match error {
        LogInError::Code(code) => again(Error::saying(Status::Unauthorized, code.to_string()).with("code", code)),
        LogInError::Failure(failure) => failure.into(),
        LogInError::NoMatch | LogInError::CodeNeeded(_) => begin_again().into(),
    }
}

fn again(error: Error) -> FormError<LoginCodePage> {
    FormError::again(error, LoginCodePage {})
}

/// The first step was too long ago, or never was.
fn begin_again() -> Error {
    Error::saying(Status::Unauthorized, "Begin again with your name and password.")
}
