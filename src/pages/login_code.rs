//! `/login/code`: the second step of a login, for whoever knew the password a moment ago.

use rocket::http::Status;
use rocket::{get, post};
use serde::Serialize;
use zeroize::Zeroizing;

use super::signup::Welcome;
use crate::auth::{Auth, LogInError, SecondStep};
use crate::web::{
    Client, Fields, Form, FormPage, Next, NextPath, Page, Problems, Refusal, Retry, Sent, SessionCookie, Show,
    Submitted, Visitor,
};

/// What a person types.
pub struct CodeForm {
    /// A code from a phone, or a recovery code.
    pub code: Zeroizing<String>,
}

impl Form for CodeForm {
    const FIELDS: &'static [&'static str] = &["code"];

    fn read(fields: &mut Fields) -> Self {
        Self { code: fields.text("code") }
    }
}

/// The form of the second step.
#[derive(Default, Serialize)]
pub struct LoginCodePage {
    #[serde(skip_serializing_if = "Problems::is_empty")]
    problems: Problems,
}

impl Page for LoginCodePage {
    const TEMPLATE: &'static str = "login_code";
}

impl FormPage for LoginCodePage {
    fn problems(&self) -> &Problems {
        &self.problems
    }
}

#[get("/login/code")]
pub fn show(_visitor: Visitor<'_>, cookie: SessionCookie<'_>) -> Result<Show<LoginCodePage>, Retry<LoginCodePage>> {
    match cookie.ticket() {
        Some(_) => Ok(Show(LoginCodePage::default())),
        None => Err(begin_again()),
    }
}

#[post("/login/code", data = "<form>")]
pub async fn submit(
    _visitor: Visitor<'_>,
    auth: &Auth,
    client: Client,
    cookie: SessionCookie<'_>,
    form: Sent<CodeForm>,
) -> Submitted<Welcome, LoginCodePage> {
    let (ticket, next) = cookie.ticket().ok_or_else(begin_again)?;
    if form.0.code.is_empty() {
        return Err(Retry::fields(LoginCodePage { problems: Problems::with("code", "Type the code.") }));
    }
    let tried = SecondStep {
        ticket,
        code: &form.0.code,
        client: client.0,
        devices: cookie.devices(),
        replaces: cookie.token(),
    };
    let admitted = auth.log_in_with_code(tried).await.map_err(refused)?;
    cookie.admit(&admitted);

    let to = next.as_ref().map_or("/profile", NextPath::as_str).to_owned();
    Ok(Next { to, made: (Status::Ok, Welcome::new("You are signed in.", admitted.begun)) })
}

fn refused(error: LogInError) -> Retry<LoginCodePage> {
    match error {
        LogInError::Code(code) => {
            let page = LoginCodePage { problems: Problems::with("code", &code) };
            Retry::because(Status::Unauthorized, code, page)
        }
        LogInError::Failure(failure) => failure.into(),
        LogInError::NoMatch | LogInError::CodeNeeded(_) => begin_again(),
    }
}

/// The first step was too long ago, or never was.
fn begin_again() -> Retry<LoginCodePage> {
    Retry::Refused(Status::Unauthorized, Refusal::saying("Begin again with your name and password."))
}
