//! `/delete-account`: leave, with everything that is kept.

use rocket::{get, post};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::logout::LoggedOut;
use crate::auth::{Auth, ProofError};
use crate::model::{Password, User, Username};
use crate::web::{Browser, Confirmed, Error, FormError, Message, Page, Problems, Show, Submission};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeleteForm {
    password: Zeroizing<String>,
}

#[derive(Serialize)]
pub struct DeleteAccountPage {
    username: Username,
}

impl Page for DeleteAccountPage {
    const TEMPLATE: &'static str = "delete_account";
}

#[get("/delete-account")]
pub fn show(me: Confirmed<'_>) -> Show<DeleteAccountPage> {
    Show(DeleteAccountPage { username: me.user.username.clone() })
}

#[post("/delete-account", data = "<form>")]
pub async fn submit(
    me: Confirmed<'_>,
    auth: &Auth,
    browser: Browser<'_>,
    form: Submission<DeleteForm>,
) -> Result<LoggedOut<Message>, FormError<DeleteAccountPage>> {
    let password = Password::given(&form.0.password).map_err(|problem| again(problem, me.user))?;
    auth.delete_account(&me.caller(), password).await.map_err(|error| refused(error, me.user))?;
    browser.forget(me.user.user_id);
    Ok(LoggedOut::leading_home(Message { message: "Your account and everything we kept of it is gone." }))
}

fn refused(error: ProofError, user: &User) -> FormError<DeleteAccountPage> {
    match error {
        ProofError::WrongPassword | ProofError::Code(_) => again(error, user),
        ProofError::Ended => Error::no_session().into(),
        ProofError::Failure(failure) => failure.into(),
    }
}

fn again(problem: impl std::fmt::Display, user: &User) -> FormError<DeleteAccountPage> {
    let page = DeleteAccountPage { username: user.username.clone() };
    FormError::again(Error::fields(Problems::with("password", problem)), page)
}
