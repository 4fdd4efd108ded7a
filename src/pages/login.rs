//! `/login`: a session for whoever knows the password, by a form, JSON or HTTP Basic.

use rocket::http::Status;
use rocket::{get, post};
use serde::Serialize;
use zeroize::Zeroizing;

use super::signup::Welcome;
use crate::auth::{Auth, LogIn, LogInError};
use crate::model::Password;
use crate::web::{
    Basic, Client, Fields, Form, FormPage, Next, NextPath, Page, Problems, Retry, Sent, SessionCookie, Show, Submitted,
    Visitor,
};

/// What a person types, and where they wanted to go.
pub struct LoginForm {
    username: String,
    password: Zeroizing<String>,
    remember: bool,
    next: Option<NextPath>,
}

impl Form for LoginForm {
    const FIELDS: &'static [&'static str] = &["username", "password", "remember", "next"];

    fn read(fields: &mut Fields) -> Self {
        Self {
            username: fields.text("username").to_string(),
            password: fields.text("password"),
            remember: fields.tick("remember"),
            next: NextPath::parse(&fields.text("next")),
        }
    }
}

/// The form, and why it is shown.
#[derive(Serialize)]
pub struct LoginPage {
    username: String,
    remember: bool,
    /// Where to go on to, when somebody was led here.
    next: Option<String>,
    /// Why the last try was refused, where that is not about one field.
    refused: Option<String>,
    #[serde(skip_serializing_if = "Problems::is_empty")]
    problems: Problems,
}

impl Page for LoginPage {
    const TEMPLATE: &'static str = "login";
}

impl FormPage for LoginPage {
    fn problems(&self) -> &Problems {
        &self.problems
    }
}

#[get("/login?<next>")]
pub fn show(_visitor: Visitor<'_>, next: Option<&str>) -> Show<LoginPage> {
    let form = LoginForm {
        username: String::new(),
        password: Zeroizing::default(),
        remember: false,
        next: next.and_then(NextPath::parse),
    };
    Show(form.again(None, Problems::default()))
}

#[post("/login", data = "<form>")]
pub async fn submit(
    _visitor: Visitor<'_>,
    auth: &Auth,
    client: Client,
    cookie: SessionCookie<'_>,
    basic: Basic,
    form: Sent<LoginForm>,
) -> Submitted<Welcome, LoginPage> {
    let form = form.0.with(basic)?;
    let password = form.check()?;
    let tried = LogIn {
        username: &form.username,
        password,
        remember: form.remember,
        visit: client.0,
        replaces: cookie.token_hash(),
    };
    let begun = auth.log_in(tried).await.map_err(|error| form.refused(error))?;
    cookie.set(&begun);

    let session_id = begun.session.session_id;
    Ok(Next {
        to: form.next.as_ref().map_or("/profile", NextPath::as_str).to_owned(),
        made: (Status::Ok, Welcome { message: "You are signed in.", user: begun.user, session_id }),
    })
}

impl LoginForm {
    /// The same with the name and password of an `Authorization` header, if there is one.
    fn with(mut self, basic: Basic) -> Result<Self, Retry<LoginPage>> {
        match basic.0 {
            None => Ok(self),
            Some(Ok((username, password))) if self.username.is_empty() && self.password.is_empty() => {
                (self.username, self.password) = (username, password);
                Ok(self)
            }
            Some(Ok(_)) => {
                let problems =
                    Problems::with("username", "Send the name and the password once: here or by HTTP Basic.");
                Err(Retry::fields(self.again(None, problems)))
            }
            Some(Err(_)) => Err(self.refused(LogInError::NoMatch)),
        }
    }

    /// The password to try, or the page that says what is missing.
    fn check(&self) -> Result<Password, Retry<LoginPage>> {
        let mut problems = Problems::default();
        if self.username.is_empty() {
            problems.add("username", "Type your user name.");
        }
        let password = problems.take("password", Password::given(&self.password));
        match password.filter(|_| problems.is_empty()) {
            Some(password) => Ok(password),
            None => Err(Retry::fields(self.again(None, problems))),
        }
    }

    fn refused(&self, error: LogInError) -> Retry<LoginPage> {
        match error {
            LogInError::NoMatch => {
                let page = self.again(Some(error.to_string()), Problems::default());
                Retry::because(Status::Unauthorized, error, page)
            }
            LogInError::Failure(failure) => failure.into(),
        }
    }

    /// The same page, with everything kept but the password.
    fn again(&self, refused: Option<String>, problems: Problems) -> LoginPage {
        LoginPage {
            username: self.username.clone(),
            remember: self.remember,
            next: self.next.as_ref().map(|next| next.as_str().to_owned()),
            refused,
            problems,
        }
    }
}
