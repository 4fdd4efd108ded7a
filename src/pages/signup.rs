//! `/signup`: a new account, signed in at once.

use rocket::http::Status;
use rocket::{get, post};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::auth::{Auth, SignUpError};
use crate::model::{Password, Username};
use crate::web::{Browser, Error, FormError, Next, Page, Problems, Show, Submission, Submitted, Welcome};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignupForm {
    username: String,
    password: Zeroizing<String>,
}

/// The form, and what is asked of it.
#[derive(Serialize)]
pub struct SignupPage {
    is_open: bool,
    password_min_length: usize,
    username: String,
}

impl Page for SignupPage {
    const TEMPLATE: &'static str = "signup";
}

#[get("/signup")]
pub fn show(auth: &Auth) -> Show<SignupPage> {
    Show(SignupPage::new(auth, String::new()))
}

#[post("/signup", data = "<form>")]
pub async fn submit(auth: &Auth, browser: Browser<'_>, form: Submission<SignupForm>) -> Submitted<Welcome, SignupPage> {
    let Submission(form) = form;
    let (username, password) = form.check(auth)?;
    let started = auth.sign_up(username, password, &browser).await.map_err(|error| form.refused(auth, error))?;

    let welcome = browser.welcome("Your account is ready.", started);
    Ok(Next::to("/profile", welcome).with_status(Status::Created))
}

impl SignupForm {
    /// The name and password that were chosen, or the page that says what to change.
    fn check(&self, auth: &Auth) -> Result<(Username, Password), FormError<SignupPage>> {
        let mut problems = Problems::default();
        let username = problems.take("username", Username::choose(&self.username));
        let name = username.clone().or_else(|| Username::parse(&self.username).ok());
        let password = Password::choose(&self.password, &auth.rules().passwords, name.as_ref());
        match (username, problems.take("password", password)) {
            (Some(username), Some(password)) => Ok((username, password)),
            _ => Err(self.again(auth, Error::fields(problems))),
        }
    }

    fn refused(&self, auth: &Auth, error: SignUpError) -> FormError<SignupPage> {
        let says = error.to_string();
        match error {
            SignUpError::NameTaken => {
                self.again(auth, Error::saying(Status::Conflict, says).with("username", SignUpError::NameTaken))
            }
            SignUpError::Closed => self.again(auth, Error::saying(Status::Forbidden, says)),
            SignUpError::Failure(failure) => failure.into(),
        }
    }

    /// The same page, with the name kept and the password forgotten.
    fn again(&self, auth: &Auth, error: Error) -> FormError<SignupPage> {
        FormError::again(error, SignupPage::new(auth, self.username.clone()))
    }
}

impl SignupPage {
    fn new(auth: &Auth, username: String) -> Self {
        let rules = auth.rules();
        Self { is_open: rules.sign_up_is_open, password_min_length: rules.passwords.min_length, username }
    }
}
