//! `/delete-account`: leave, with everything that is kept.

use rocket::http::Status;
use rocket::{get, post};
use serde::Serialize;
use zeroize::Zeroizing;

use super::logout::LoggedOut;
use crate::auth::{Auth, ProofError};
use crate::model::{Password, Username};
use crate::web::{Client, Confirmed, Fields, Form, FormPage, Page, Problems, Retry, Sent, SessionCookie, Show};

/// What a person types.
pub struct DeleteForm {
    password: Zeroizing<String>,
}

impl Form for DeleteForm {
    const FIELDS: &'static [&'static str] = &["password"];

    fn read(fields: &mut Fields) -> Self {
        Self { password: fields.text("password") }
    }
}

/// The form.
#[derive(Serialize)]
pub struct DeleteAccountPage {
    username: Username,
    #[serde(skip_serializing_if = "Problems::is_empty")]
    problems: Problems,
}

impl Page for DeleteAccountPage {
    const TEMPLATE: &'static str = "delete_account";
}

impl FormPage for DeleteAccountPage {
    fn problems(&self) -> &Problems {
        &self.problems
    }
}

/// What programs get.
#[derive(Serialize)]
pub struct Gone {
    message: &'static str,
}

#[get("/delete-account")]
pub fn show(me: Confirmed<'_>) -> Show<DeleteAccountPage> {
    Show(DeleteAccountPage { username: me.0.user.username.clone(), problems: Problems::default() })
}

#[post("/delete-account", data = "<form>")]
pub async fn submit(
    me: Confirmed<'_>,
    auth: &Auth,
    client: Client,
    cookie: SessionCookie<'_>,
    form: Sent<DeleteForm>,
) -> Result<LoggedOut<Gone>, Retry<DeleteAccountPage>> {
    let Confirmed(me) = me;
    let again = |problem: &dyn std::fmt::Display| {
        let problems = Problems::with("password", problem);
        Retry::fields(DeleteAccountPage { username: me.user.username.clone(), problems })
    };
    let password = Password::given(&form.0.password).map_err(|problem| again(&problem))?;
    auth.delete_account(me.here(client.0), password).await.map_err(|error| match error {
        ProofError::WrongPassword | ProofError::Code(_) => again(&error),
        ProofError::Ended => Retry::session_ended(),
        ProofError::Failure(failure) => failure.into(),
    })?;
    cookie.forget(me.user.user_id);
    Ok(LoggedOut::leading_home((Status::Ok, Gone { message: "Your account and everything we kept of it is gone." })))
}
