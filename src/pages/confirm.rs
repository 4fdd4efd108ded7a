//! `/confirm`: prove that it is you, before a page that changes how you get in.

use rocket::http::Status;
use rocket::{get, post};
use serde::Serialize;
use zeroize::Zeroizing;

use super::signup::Welcome;
use crate::auth::{Auth, Failure, Proof, ProofError, SecondFactorState};
use crate::model::{Password, User, Username};
use crate::web::{
    Client, Failed, Fields, Form, FormPage, Next, NextPath, Page, Problems, Retry, Sent, SessionCookie, Show, SignedIn,
    Submitted,
};

/// What a person types: the password, or where they have a second factor, its code.
pub struct ConfirmForm {
    password: Zeroizing<String>,
    code: Zeroizing<String>,
    next: Option<NextPath>,
}

impl Form for ConfirmForm {
    const FIELDS: &'static [&'static str] = &["password", "code", "next"];

    fn read(fields: &mut Fields) -> Self {
        Self {
            password: fields.text("password"),
            code: fields.text("code"),
            next: NextPath::parse(&fields.text("next")),
        }
    }
}

/// The form, and where it leads.
#[derive(Serialize)]
pub struct ConfirmPage {
    username: Username,
    takes_code: bool,
    next: Option<String>,
    #[serde(skip_serializing_if = "Problems::is_empty")]
    problems: Problems,
}

impl Page for ConfirmPage {
    const TEMPLATE: &'static str = "confirm";
}

impl FormPage for ConfirmPage {
    fn problems(&self) -> &Problems {
        &self.problems
    }
}

#[get("/confirm?<next>")]
pub async fn show(me: SignedIn<'_>, auth: &Auth, next: Option<&str>) -> Result<Show<ConfirmPage>, Failed> {
    let next = next.and_then(NextPath::parse);
    Ok(Show(ConfirmPage::new(auth, me.user, next.as_ref(), Problems::default()).await?))
}

#[post("/confirm", data = "<form>")]
pub async fn submit(
    me: SignedIn<'_>,
    auth: &Auth,
    client: Client,
    cookie: SessionCookie<'_>,
    form: Sent<ConfirmForm>,
) -> Submitted<Welcome, ConfirmPage> {
    let Sent(form) = form;
    let proof = match form.proof() {
        Ok(proof) => proof,
        Err(problems) => return Err(Retry::fields(form.again(auth, me.user, problems).await?)),
    };
    let field = if matches!(proof, Proof::Code(_)) { "code" } else { "password" };
    let begun = match auth.confirm(me.here(client.0), proof).await {
        Ok(begun) => begun,
        Err(error @ (ProofError::WrongPassword | ProofError::Code(_))) => {
            let page = form.again(auth, me.user, Problems::with(field, &error)).await?;
            return Err(Retry::because(Status::UnprocessableEntity, error, page));
        }
        Err(ProofError::Ended) => return Err(Retry::session_ended()),
        Err(ProofError::Failure(failure)) => return Err(failure.into()),
    };
    cookie.set(&begun);

    let to = form.next.as_ref().map_or("/profile", NextPath::as_str).to_owned();
    Ok(Next { to, made: (Status::Ok, Welcome::new("Confirmed.", begun)) })
}

impl ConfirmForm {
    fn proof(&self) -> Result<Proof<'_>, Problems> {
        match (self.password.is_empty(), self.code.is_empty()) {
            (_, false) => Ok(Proof::Code(&self.code)),
            _ => Password::given(&self.password)
                .map(Proof::Password)
                .map_err(|problem| Problems::with("password", problem)),
        }
    }

    async fn again(&self, auth: &Auth, user: &User, problems: Problems) -> Result<ConfirmPage, Failure> {
        ConfirmPage::new(auth, user, self.next.as_ref(), problems).await
    }
}

impl ConfirmPage {
    async fn new(auth: &Auth, user: &User, next: Option<&NextPath>, problems: Problems) -> Result<Self, Failure> {
        let takes_code = matches!(auth.second_factor(user.user_id).await?, SecondFactorState::On { .. });
        let next = next.map(|next| next.as_str().to_owned());
        Ok(Self { username: user.username.clone(), takes_code, next, problems })
    }
}
