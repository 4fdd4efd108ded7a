//! `/delete-account`: leave, with everything that is kept.

use rocket::{get, post};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::confirm::refused;
use super::logout::LoggedOut;
use crate::auth::Auth;
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
    let given = Password::given(&form.0.password);
    let password = given.map_err(|problem| again(Problems::with("password", problem), me.user))?;
    if let Err(error) = auth.delete_account(&me.caller(), password).await {
        return Err(again(refused("password", error)?, me.user));
    }
    browser.leave_no_trace(me.user.user_id);
    Ok(LoggedOut::leading_home(Message { message: "Your account and everything we kept of it is gone." }))
}

fn again(problems: Problems, user: &User) -> FormError<DeleteAccountPage> {
    FormError::again(Error::fields(problems), DeleteAccountPage { username: user.username.clone() })
}
