//! `/signup`: a new account, signed in at once.

use rocket::http::Status;
use rocket::{get, post};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::auth::{Auth, Begun, SignUp, SignUpError};
use crate::model::{Password, SessionId, User, Username};
use crate::web::{
    Client, Fields, Form, FormPage, Next, Page, Problems, Retry, Sent, SessionCookie, Show, Submitted, Visitor,
};

/// What a person types.
pub struct SignupForm {
    username: String,
    password: Zeroizing<String>,
}

impl Form for SignupForm {
    const FIELDS: &'static [&'static str] = &["username", "password"];

    fn read(fields: &mut Fields) -> Self {
        Self { username: fields.text("username").to_string(), password: fields.text("password") }
    }
}

/// The form, and what is asked of it.
#[derive(Serialize)]
pub struct SignupPage {
    is_open: bool,
    password_min_length: usize,
    username: String,
    #[serde(skip_serializing_if = "Problems::is_empty")]
    problems: Problems,
}

impl Page for SignupPage {
    const TEMPLATE: &'static str = "signup";
    const IS_ASKED_OFTEN: bool = true;
}

impl FormPage for SignupPage {
    fn problems(&self) -> &Problems {
        &self.problems
    }
}

/// Who is signed in now, for programs. The token itself is in the cookie alone.
#[derive(Serialize)]
pub struct Welcome {
    pub message: &'static str,
    pub user: User,
    pub session_id: SessionId,
}

#[get("/signup")]
pub fn show(_visitor: Visitor<'_>, auth: &Auth) -> Show<SignupPage> {
    Show(SignupPage::new(auth, String::new(), Problems::default()))
}

#[post("/signup", data = "<form>")]
pub async fn submit(
    _visitor: Visitor<'_>,
    auth: &Auth,
    client: Client,
    cookie: SessionCookie<'_>,
    form: Sent<SignupForm>,
) -> Submitted<Welcome, SignupPage> {
    let Sent(form) = form;
    let (username, password) = form.check(auth)?;
    let wanted = SignUp { username, password, client: client.0, devices: cookie.devices(), replaces: cookie.token() };
    let admitted = auth.sign_up(wanted).await.map_err(|error| form.refused(auth, error))?;
    cookie.admit(&admitted);

    let welcome = Welcome::new("Your account is ready.", admitted.begun);
    Ok(Next { to: "/profile".to_owned(), made: (Status::Created, welcome) })
}

impl Welcome {
    /// Whoever is in the session that has begun.
    pub fn new(message: &'static str, begun: Begun) -> Self {
        Self { message, session_id: begun.session.session_id, user: begun.user }
    }
}

impl SignupForm {
    /// The name and password that were chosen, or the page that says what to change.
    fn check(&self, auth: &Auth) -> Result<(Username, Password), Retry<SignupPage>> {
        let mut problems = Problems::default();
        let username = problems.take("username", Username::choose(&self.username));
        let name = username.clone().or_else(|| Username::parse(&self.username).ok());
        let password = Password::choose(&self.password, &auth.rules().passwords, name.as_ref());
        match (username, problems.take("password", password)) {
            (Some(username), Some(password)) => Ok((username, password)),
            _ => Err(Retry::fields(self.again(auth, problems))),
        }
    }

    fn refused(&self, auth: &Auth, error: SignUpError) -> Retry<SignupPage> {
        match error {
            SignUpError::NameTaken => {
                let page = self.again(auth, Problems::with("username", &error));
                Retry::because(Status::Conflict, error, page)
            }
            SignUpError::Closed => {
                let page = self.again(auth, Problems::default());
                Retry::because(Status::Forbidden, error, page)
            }
            SignUpError::Failure(failure) => failure.into(),
        }
    }

    /// The same page, with the name kept and the password forgotten.
    fn again(&self, auth: &Auth, problems: Problems) -> SignupPage {
        SignupPage::new(auth, self.username.clone(), problems)
    }
}

impl SignupPage {
    fn new(auth: &Auth, username: String, problems: Problems) -> Self {
        let rules = auth.rules();
        Self { is_open: rules.sign_up_is_open, password_min_length: rules.passwords.min_length, username, problems }
    }
}
