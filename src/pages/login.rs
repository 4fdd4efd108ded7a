//! `/login`: a session for whoever knows the password, by a form, JSON or HTTP Basic.

use rocket::http::Status;
use rocket::{get, post, uri};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{login_code, logout, signup};
use crate::auth::{Auth, LogIn, LogInError};
use crate::model::{Moment, Password};
use crate::web::{
    Basic, Browser, Error, FormError, Format, Next, NextPath, Page, ProblemKind, Problems, Show, Submission, Submitted,
    Visitor, Welcome, next_field,
};

/// What a person types, and where they wanted to go.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoginForm {
    username: String,
    password: Zeroizing<String>,
    code: Zeroizing<String>,
    remember: bool,
    #[serde(deserialize_with = "next_field")]
    next: Option<NextPath>,
}

/// The form, and why it is shown.
#[derive(Default, Serialize)]
pub struct LoginPage {
    username: String,
    remember: bool,
    /// Where to go on to, when somebody was led here.
    next: Option<NextPath>,
    /// Why the session that this browser was in has ended, when somebody ended it from elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<Ending>,
    /// What was just done, elsewhere than on this page.
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<&'static str>,
}

#[derive(Serialize)]
struct Ending {
    says: &'static str,
    at: Moment,
}

impl Page for LoginPage {
    const TEMPLATE: &'static str = "login";
}

#[get("/login?<next>&<done>")]
pub async fn show(
    visitor: Visitor<'_>,
    auth: &Auth,
    browser: Browser<'_>,
    next: Option<&str>,
    done: Option<&str>,
) -> Result<Show<LoginPage>, Error> {
    let ending = match (visitor.user, &browser.token_hash) {
        (None, Some(token_hash)) => auth.ending(token_hash).await?,
        _ => None,
    };
    Ok(Show(LoginPage {
        next: next.and_then(NextPath::parse).filter(is_inside),
        ended: ending.and_then(|(why, at)| why.ended_a_session().map(|says| Ending { says, at })),
        // A word from a list, so that no link can put a sentence of its own here.
        done: (done == Some("password")).then_some("Your new password is set. Log in with it now."),
        ..LoginPage::default()
    }))
}

#[post("/login", data = "<form>")]
pub async fn submit(
    auth: &Auth,
    browser: Browser<'_>,
    basic: Basic,
    format: Format,
    form: Submission<LoginForm>,
) -> Submitted<Option<Welcome>, LoginPage> {
    let form = form.0.with(basic)?;
    let tried = LogIn {
        username: &form.username,
        password: form.check()?,
        code: Some(form.code.as_str()).filter(|code| !code.is_empty()),
        remember: form.remember,
        browser: &browser,
    };
    match auth.log_in(tried).await {
        Ok(started) => {
            let welcome = browser.welcome("You are signed in.", started);
            Ok(Next::to(form.leads_to(), Some(welcome)))
        }
        Err(error) => {
            if let LogInError::CodeNeeded(ticket) = &error {
                browser.keep_ticket(ticket, form.next().as_ref());
                // For people the second step is a page of its own.
                if format == Format::Html {
                    return Ok(Next::to("/login/code", None));
                }
            }
            Err(form.refused(error))
        }
    }
}

/// Whether an address may follow a login: nobody logs in to be asked to log in, or to be logged out.
pub fn is_inside(next: &NextPath) -> bool {
    let ways_in = [uri!(show(_, _)), uri!(login_code::show), uri!(logout::submit), uri!(signup::show)];
    ways_in.iter().all(|way_in| way_in.path() != next.path())
}

impl LoginForm {
    /// The same with the name and password of an `Authorization` header, if there is one.
    fn with(mut self, basic: Basic) -> Result<Self, FormError<LoginPage>> {
        match basic.0 {
            None => Ok(self),
            // Nobody has an empty name or password.
            Some((username, password)) if username.is_empty() || password.is_empty() => {
                Err(self.refused(LogInError::NoMatch))
            }
            Some((username, password)) if self.username.is_empty() && self.password.is_empty() => {
                (self.username, self.password) = (username, password);
                Ok(self)
            }
            Some(_) => {
                let says = "Send the name and the password once: here or by HTTP Basic.";
                Err(self.again(Error::fields(Problems::with("username", says))))
            }
        }
    }

    /// The password to try, or the page that says what is missing.
    fn check(&self) -> Result<Password, FormError<LoginPage>> {
        let mut problems = Problems::default();
        if self.username.is_empty() {
            problems.add("username", "Type your user name.");
        }
        let password = problems.take("password", Password::given(&self.password));
        password.filter(|_| problems.is_empty()).ok_or_else(|| self.again(Error::fields(problems)))
    }

    fn next(&self) -> Option<NextPath> {
        self.next.clone().filter(is_inside)
    }

    fn leads_to(&self) -> String {
        self.next().map_or_else(|| "/profile".to_owned(), |next| next.as_str().to_owned())
    }

    fn refused(&self, error: LogInError) -> FormError<LoginPage> {
        let unauthorized = Error::saying(Status::Unauthorized, error.to_string());
        self.again(match error {
            LogInError::NoMatch => unauthorized,
            LogInError::CodeNeeded(_) => unauthorized.of_kind(ProblemKind::CodeNeeded),
            LogInError::Code(code) => unauthorized.of_kind(ProblemKind::CodeNeeded).with("code", code),
            LogInError::Failure(failure) => return failure.into(),
        })
    }

    /// The same page, with everything kept but the password.
    fn again(&self, error: Error) -> FormError<LoginPage> {
        let (username, remember) = (self.username.clone(), self.remember);
        FormError::again(error, LoginPage { username, remember, next: self.next(), ..LoginPage::default() })
    }
}
