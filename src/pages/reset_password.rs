//! `/reset-password`: a new password for whoever holds a link of the operator's. Looking uses nothing up.

use rocket::http::Status;
use rocket::{get, post};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::auth::{Auth, Reset};
use crate::model::{Moment, Password, Token, Username};
use crate::web::{
    Client, Fields, Form, FormPage, Next, Page, Problems, Refusal, Retry, Sent, Show, Submitted, Visitor,
};

/// What a person types, and the token of the link.
pub struct ResetPasswordForm {
    token: Zeroizing<String>,
    new_password: Zeroizing<String>,
}

impl Form for ResetPasswordForm {
    const FIELDS: &'static [&'static str] = &["token", "new_password"];

    fn read(fields: &mut Fields) -> Self {
        Self { token: fields.text("token"), new_password: fields.text("new_password") }
    }
}

/// The form, whose password it sets and until when.
#[derive(Serialize)]
pub struct ResetPasswordPage {
    username: Username,
    expires_at: Moment,
    password_min_length: usize,
    /// What the link holds, for the form to send along.
    token: String,
    #[serde(skip_serializing_if = "Problems::is_empty")]
    problems: Problems,
}

impl Page for ResetPasswordPage {
    const TEMPLATE: &'static str = "reset_password";
}

impl FormPage for ResetPasswordPage {
    fn problems(&self) -> &Problems {
        &self.problems
    }
}

/// What programs get.
#[derive(Serialize)]
pub struct PasswordSet {
    message: &'static str,
    username: Username,
}

#[get("/reset-password?<token>")]
pub async fn show(
    _visitor: Visitor<'_>,
    auth: &Auth,
    token: Option<&str>,
) -> Result<Show<ResetPasswordPage>, Retry<ResetPasswordPage>> {
    let (token, found) = open(auth, token.unwrap_or_default()).await?;
    Ok(Show(ResetPasswordPage::new(auth, &token, &found, Problems::default())))
}

#[post("/reset-password", data = "<form>")]
pub async fn submit(
    _visitor: Visitor<'_>,
    auth: &Auth,
    client: Client,
    form: Sent<ResetPasswordForm>,
) -> Submitted<PasswordSet, ResetPasswordPage> {
    let Sent(form) = form;
    let (token, found) = open(auth, &form.token).await?;
    let new = Password::choose(&form.new_password, &auth.rules().passwords, Some(&found.user.username));
    let new = new.map_err(|refused| {
        let problems = Problems::with("new_password", refused);
        Retry::fields(ResetPasswordPage::new(auth, &token, &found, problems))
    })?;
    if !auth.reset_password(&token, &found, new, &client.0).await? {
        return Err(worthless());
    }
    let message = "The new password is set. All sessions have ended.";
    let made = PasswordSet { message, username: found.user.username };
    Ok(Next { to: "/login?done=password".to_owned(), made: (Status::Ok, made) })
}

/// The token of a link and what it is good for.
async fn open(auth: &Auth, text: &str) -> Result<(Token, Reset), Retry<ResetPasswordPage>> {
    let token = Token::parse(text).ok_or_else(worthless)?;
    let found = auth.reset(&token).await?.ok_or_else(worthless)?;
    Ok((token, found))
}

/// One answer for a link that was used or replaced, whose time is up, that never was, or that nobody may use any more.
fn worthless() -> Retry<ResetPasswordPage> {
    let says = "This link was used already, its time is up, or it was not copied whole. Ask for a new one.";
    Retry::Refused(Status::Gone, Refusal::saying(says))
}

impl ResetPasswordPage {
    fn new(auth: &Auth, token: &Token, found: &Reset, problems: Problems) -> Self {
        Self {
            username: found.user.username.clone(),
            expires_at: found.expires_at,
            password_min_length: auth.rules().passwords.min_length,
            token: token.reveal().to_string(),
            problems,
        }
    }
}
