//! `/reset-password`: a new password for whoever holds a link of the operator's. Looking uses nothing up.

use rocket::http::Status;
use rocket::{get, post};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::auth::{Auth, Reset};
use crate::model::{Moment, Password, Token, Username};
use crate::web::{Browser, Error, FormError, Next, Page, Problems, Show, Submission, Submitted};

/// What a person types, and the token of the link.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResetPasswordForm {
    token: Zeroizing<String>,
    new_password: Zeroizing<String>,
}

/// The form, whose password it sets and until when.
#[derive(Serialize)]
pub struct ResetPasswordPage {
    username: Username,
    expires_at: Moment,
    password_min_length: usize,
    /// What the link holds, for the form to send along.
    token: String,
}

impl Page for ResetPasswordPage {
    const TEMPLATE: &'static str = "reset_password";
}

#[derive(Serialize)]
pub struct PasswordSet {
    message: &'static str,
    username: Username,
}

#[get("/reset-password?<token>")]
pub async fn show(auth: &Auth, token: Option<&str>) -> Result<Show<ResetPasswordPage>, Error> {
    let (token, found) = open(auth, token.unwrap_or_default()).await?;
    Ok(Show(ResetPasswordPage::new(auth, &token, &found)))
}

#[post("/reset-password", data = "<form>")]
pub async fn submit(
    auth: &Auth,
    browser: Browser<'_>,
    form: Submission<ResetPasswordForm>,
) -> Submitted<PasswordSet, ResetPasswordPage> {
    let Submission(form) = form;
    let (token, found) = open(auth, &form.token).await?;
    let new = Password::choose(&form.new_password, &auth.rules().passwords, Some(&found.user.username));
    let new = new.map_err(|refused| {
        let error = Error::fields(Problems::with("new_password", refused));
        FormError::again(error, ResetPasswordPage::new(auth, &token, &found))
    })?;
    if !auth.reset_password(&token, &found, new, &browser.client).await? {
        return Err(worthless().into());
    }
    let message = "The new password is set. All sessions have ended.";
    Ok(Next::to("/login?done=password", PasswordSet { message, username: found.user.username }))
}

/// The token of a link and what it is good for.
async fn open(auth: &Auth, text: &str) -> Result<(Token, Reset), Error> {
    let token = Token::parse(text).ok_or_else(worthless)?;
    let found = auth.reset(&token).await?.ok_or_else(worthless)?;
    Ok((token, found))
}

/// One answer for a link that was used or replaced, whose time is up, that never was, or that nobody may use any more.
fn worthless() -> Error {
    let says = "This link was used already, its time is up, or it was not copied whole. Ask for a new one.";
    Error::saying(Status::Gone, says)
}

impl ResetPasswordPage {
    fn new(auth: &Auth, token: &Token, found: &Reset) -> Self {
        Self {
            username: found.user.username.clone(),
            expires_at: found.expires_at,
            password_min_length: auth.rules().passwords.min_length,
            token: token.reveal().to_string(),
        }
    }
}
