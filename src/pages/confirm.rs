//! `/confirm`: prove that it is you, before a page that changes how you get in.

use rocket::{get, post};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::login::is_inside;
use crate::auth::{Auth, Failure, Proof, ProofError, TwoFactorState};
use crate::model::{Password, User, Username};
use crate::web::{
    Browser, Error, FormError, Next, NextPath, Page, Problems, Show, SignedIn, Submission, Submitted, Welcome,
    next_field,
};

/// What a person types: the password, or with two-factor authentication a code.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConfirmForm {
    password: Zeroizing<String>,
    code: Zeroizing<String>,
    #[serde(deserialize_with = "next_field")]
    next: Option<NextPath>,
}

/// The form, and where it leads.
#[derive(Serialize)]
pub struct ConfirmPage {
    username: Username,
    takes_code: bool,
    next: Option<NextPath>,
}

impl Page for ConfirmPage {
    const TEMPLATE: &'static str = "confirm";
}

#[get("/confirm?<next>")]
pub async fn show(me: SignedIn<'_>, auth: &Auth, next: Option<&str>) -> Result<Show<ConfirmPage>, Error> {
    Ok(Show(ConfirmPage::new(auth, me.user, next.and_then(NextPath::parse).filter(is_inside)).await?))
}

#[post("/confirm", data = "<form>")]
pub async fn submit(
    me: SignedIn<'_>,
    auth: &Auth,
    browser: Browser<'_>,
    form: Submission<ConfirmForm>,
) -> Submitted<Welcome, ConfirmPage> {
    let Submission(form) = form;
    let next = form.next.clone().filter(is_inside);
    let confirmed = match form.proof() {
        Ok(proof) => auth.confirm(&me.caller(), proof).await,
        Err(problems) => return Err(again(auth, me.user, next, problems).await),
    };
    match confirmed {
        Ok(started) => {
            let welcome = browser.welcome("Confirmed.", started);
            Ok(Next::to(next.as_ref().map_or("/profile", NextPath::as_str), welcome))
        }
        Err(error) => Err(again(auth, me.user, next, refused("password", error)?).await),
    }
}

impl ConfirmForm {
    fn proof(&self) -> Result<Proof<'_>, Problems> {
        if !self.code.is_empty() {
            return Ok(Proof::Code(&self.code));
        }
        let password = Password::given(&self.password);
        password.map(Proof::Password).map_err(|problem| Problems::with("password", problem))
    }
}

/// What a proof that was not taken says at the form's fields; an error where no other proof would help.
pub fn refused(password_field: &'static str, error: ProofError) -> Result<Problems, Error> {
    match error {
        ProofError::WrongPassword => Ok(Problems::with(password_field, error)),
        ProofError::Code(error) => Ok(Problems::with("code", error)),
        ProofError::Ended => Err(Error::no_session()),
        ProofError::Failure(failure) => Err(failure.into()),
    }
}

async fn again(auth: &Auth, user: &User, next: Option<NextPath>, problems: Problems) -> FormError<ConfirmPage> {
    match ConfirmPage::new(auth, user, next).await {
        Ok(page) => FormError::again(Error::fields(problems), page),
        Err(failure) => failure.into(),
    }
}

impl ConfirmPage {
    async fn new(auth: &Auth, user: &User, next: Option<NextPath>) -> Result<Self, Failure> {
        let takes_code = matches!(auth.two_factor(user.user_id).await?, TwoFactorState::On { .. });
        Ok(Self { username: user.username.clone(), takes_code, next })
    }
}
