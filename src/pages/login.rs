//! `/login`: a session for whoever knows the password, by a form, JSON or HTTP Basic.

use rocket::http::Status;
use rocket::{get, post};
use serde::Serialize;
use zeroize::Zeroizing;

use super::signup::Welcome;
use crate::auth::{Auth, LogIn, LogInError};
use crate::model::{Moment, Password};
use crate::web::{
    Asker, Basic, Client, Failed, Fields, Form, FormPage, Next, NextPath, Page, ProblemKind, Problems, Retry, Sent,
    SessionCookie, Show, Submitted, Visitor,
};

/// What a person types, and where they wanted to go.
pub struct LoginForm {
    username: String,
    password: Zeroizing<String>,
    code: Zeroizing<String>,
    remember: bool,
    next: Option<NextPath>,
}

impl Form for LoginForm {
    const FIELDS: &'static [&'static str] = &["username", "password", "code", "remember", "next"];

    fn read(fields: &mut Fields) -> Self {
        Self {
            username: fields.text("username").to_string(),
            password: fields.text("password"),
            code: fields.text("code"),
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
    /// Why the session that this browser was in has ended, when somebody ended it from elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<Ending>,
    /// What was just done, elsewhere than on this page.
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<&'static str>,
    /// Why the last try was refused, where that is not about one field.
    refused: Option<String>,
    #[serde(skip_serializing_if = "Problems::is_empty")]
    problems: Problems,
}

/// How a session ended.
#[derive(Serialize)]
struct Ending {
    says: &'static str,
    at: Moment,
}

impl Page for LoginPage {
    const TEMPLATE: &'static str = "login";
    const IS_ASKED_OFTEN: bool = true;
}

impl FormPage for LoginPage {
    fn problems(&self) -> &Problems {
        &self.problems
    }
}

#[get("/login?<next>&<done>")]
pub async fn show(
    visitor: Visitor<'_>,
    auth: &Auth,
    cookie: SessionCookie<'_>,
    next: Option<&str>,
    done: Option<&str>,
) -> Result<Show<LoginPage>, Failed> {
    let ending = match (visitor.user, cookie.token()) {
        (None, Some(token)) => auth.ending(&token).await?,
        _ => None,
    };
    let form = LoginForm {
        username: String::new(),
        password: Zeroizing::default(),
        code: Zeroizing::default(),
        remember: false,
        next: next.and_then(NextPath::parse),
    };
    let mut page = form.again(None, Problems::default());
    page.ended = ending.and_then(|(why, at)| why.ended_a_session().map(|says| Ending { says, at }));
    // A word from a list, so that no link can put a sentence of its own here.
    page.done = match done {
        Some("password") => Some("Your new password is set. Log in with it now."),
        _ => None,
    };
    Ok(Show(page))
}

#[post("/login", data = "<form>")]
pub async fn submit(
    _visitor: Visitor<'_>,
    auth: &Auth,
    client: Client,
    cookie: SessionCookie<'_>,
    basic: Basic,
    asker: Asker,
    form: Sent<LoginForm>,
) -> Submitted<Option<Welcome>, LoginPage> {
    let form = form.0.with(basic)?;
    let password = form.check()?;
    let tried = LogIn {
        username: &form.username,
        password,
        code: Some(form.code.as_str()).filter(|code| !code.is_empty()),
        remember: form.remember,
        client: client.0,
        devices: cookie.devices(),
        replaces: cookie.token(),
    };
    let admitted = match auth.log_in(tried).await {
        Ok(admitted) => admitted,
        Err(LogInError::CodeNeeded(ticket)) => {
            cookie.set_ticket(&ticket, form.next.as_ref());
            return match asker {
                // For people the second step is a page of its own.
                Asker::Person => Ok(Next { to: "/login/code".to_owned(), made: (Status::Unauthorized, None) }),
                Asker::Program => Err(form.refused(LogInError::CodeNeeded(ticket))),
            };
        }
        Err(error) => return Err(form.refused(error)),
    };
    cookie.admit(&admitted);

    let to = form.next.as_ref().map_or("/profile", NextPath::as_str).to_owned();
    Ok(Next { to, made: (Status::Ok, Some(Welcome::new("You are signed in.", admitted.begun))) })
}

impl LoginForm {
    /// The same with the name and password of an `Authorization` header, if there is one.
    fn with(mut self, basic: Basic) -> Result<Self, Retry<LoginPage>> {
        match basic.0 {
            None => Ok(self),
            Some(Ok((username, password))) if username.is_empty() || password.is_empty() => {
                // Nobody has an empty name or password.
                Err(self.refused(LogInError::NoMatch))
            }
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
        let page = |problems| self.again(Some(error.to_string()).filter(|_| Problems::is_empty(&problems)), problems);
        match error {
            LogInError::NoMatch => Retry::because(Status::Unauthorized, &error, page(Problems::default())),
            LogInError::CodeNeeded(_) => {
                let says = "The password is right. Send the code of your second step as `code` too.";
                Retry::because(Status::Unauthorized, says, page(Problems::default())).of_kind(ProblemKind::CodeNeeded)
            }
            LogInError::Code(ref code) => {
                Retry::because(Status::Unauthorized, code, page(Problems::with("code", code)))
                    .of_kind(ProblemKind::CodeNeeded)
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
            ended: None,
            done: None,
            refused,
            problems,
        }
    }
}
