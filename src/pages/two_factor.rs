//! `/two-factor`: codes by time from a phone, and codes for when the phone is gone.

use qrcode::QrCode;
use qrcode::render::svg;
use rocket::http::{ContentType, Status};
use rocket::{State, get, post};
use serde::Serialize;

use super::login_code::CodeForm;
use crate::auth::{Auth, Failure, SecondFactorError, SecondFactorState};
use crate::model::{RecoveryCode, User};
use crate::web::{Client, Confirmed, Failed, FormPage, Next, Page, Problems, Retry, Sent, Show, Site, Submitted};

/// How the second step stands.
#[derive(Default, Serialize)]
pub struct TwoFactorPage {
    is_on: bool,
    /// How many recovery codes are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes_left: Option<i64>,
    /// While a phone is being set up: the secret as people type it, and the address that the QR code holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    setup: Option<Setup>,
    /// New recovery codes, to be seen this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<String>>,
    /// Why the last wish was refused, where that is not about the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    #[serde(skip_serializing_if = "Problems::is_empty")]
    problems: Problems,
}

#[derive(Serialize)]
struct Setup {
    secret: String,
    address: String,
}

impl Page for TwoFactorPage {
    const TEMPLATE: &'static str = "two_factor";
}

impl FormPage for TwoFactorPage {
    fn problems(&self) -> &Problems {
        &self.problems
    }
}

/// What programs get when it was turned off.
#[derive(Serialize)]
pub struct TurnedOff {
    message: &'static str,
}

#[get("/two-factor")]
pub async fn show(me: Confirmed<'_>, auth: &Auth, site: &State<Site>) -> Result<Show<TwoFactorPage>, Failed> {
    Ok(Show(TwoFactorPage::new(auth, site, me.0.user).await?))
}

/// The secret as a picture that a phone reads, while it is being set up.
#[get("/two-factor/qr.svg")]
pub async fn qr_code(
    me: Confirmed<'_>,
    auth: &Auth,
    site: &State<Site>,
) -> Result<(ContentType, String), Result<Failed, Status>> {
    let page = TwoFactorPage::new(auth, site, me.0.user).await.map_err(|failure| Ok(Failed(failure)))?;
    let setup = page.setup.ok_or(Err(Status::NotFound))?;
    let code = QrCode::new(setup.address).map_err(|_| Err(Status::InternalServerError))?;
    // Black on white whatever the page's colours are: phones read nothing else as well.
    let picture = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
    Ok((ContentType::SVG, picture))
}

#[post("/two-factor/start")]
pub async fn start(me: Confirmed<'_>, auth: &Auth, site: &State<Site>) -> Submitted<TwoFactorPage, TwoFactorPage> {
    let begun = auth.begin_second_factor(me.0.user.user_id).await;
    let page = TwoFactorPage::new(auth, site, me.0.user).await?;
    match begun {
        Ok(_) => Ok(Next { to: "/two-factor".to_owned(), made: (Status::Ok, page) }),
        Err(error) => Err(refused(error, page)),
    }
}

#[post("/two-factor/on", data = "<form>")]
pub async fn turn_on(
    me: Confirmed<'_>,
    auth: &Auth,
    site: &State<Site>,
    client: Client,
    form: Sent<CodeForm>,
) -> Result<Show<TwoFactorPage>, Retry<TwoFactorPage>> {
    let codes = auth.turn_on_second_factor(me.0.resumed, &form.0.code, &client.0).await;
    shown_once(codes, auth, site, me.0.user).await
}

#[post("/two-factor/off")]
pub async fn turn_off(
    me: Confirmed<'_>,
    auth: &Auth,
    site: &State<Site>,
    client: Client,
) -> Submitted<TurnedOff, TwoFactorPage> {
    if let Err(error) = auth.turn_off_second_factor(me.0.resumed, &client.0).await {
        return Err(refused(error, TwoFactorPage::new(auth, site, me.0.user).await?));
    }
    Ok(Next { to: "/two-factor".to_owned(), made: (Status::Ok, TurnedOff { message: "The second step is off." }) })
}

#[post("/two-factor/recovery-codes")]
pub async fn new_codes(
    me: Confirmed<'_>,
    auth: &Auth,
    site: &State<Site>,
    client: Client,
) -> Result<Show<TwoFactorPage>, Retry<TwoFactorPage>> {
    let codes = auth.new_recovery_codes(me.0.resumed, &client.0).await;
    shown_once(codes, auth, site, me.0.user).await
}

/// New recovery codes, which nobody can see again, or why there are none.
async fn shown_once(
    codes: Result<Vec<RecoveryCode>, SecondFactorError>,
    auth: &Auth,
    site: &Site,
    user: &User,
) -> Result<Show<TwoFactorPage>, Retry<TwoFactorPage>> {
    match codes {
        Ok(codes) => Ok(Show(TwoFactorPage::with_codes(&codes))),
        Err(error) => Err(refused(error, TwoFactorPage::new(auth, site, user).await?)),
    }
}

fn refused(error: SecondFactorError, page: TwoFactorPage) -> Retry<TwoFactorPage> {
    match error {
        SecondFactorError::Code(code) => {
            let page = TwoFactorPage { problems: Problems::with("code", &code), ..page };
            Retry::because(Status::UnprocessableEntity, code, page)
        }
        SecondFactorError::State => {
            let page = TwoFactorPage { refused: Some(error.to_string()), ..page };
            Retry::because(Status::Conflict, error, page)
        }
        SecondFactorError::Failure(failure) => failure.into(),
    }
}

impl TwoFactorPage {
    async fn new(auth: &Auth, site: &Site, user: &User) -> Result<Self, Failure> {
        let state = auth.second_factor(user.user_id).await?;
        let (is_on, recovery_codes_left, secret) = match state {
            SecondFactorState::Off => (false, None, None),
            SecondFactorState::Begun(secret) => (false, None, Some(secret)),
            SecondFactorState::On { codes_left } => (true, Some(codes_left), None),
        };
        let setup = secret.and_then(|secret| {
            let address = secret.address(&user.username, site.host())?;
            Some(Setup { secret: secret.to_groups(), address })
        });
        Ok(Self { is_on, recovery_codes_left, setup, ..Self::default() })
    }

    /// It is on, with these new codes: what nobody can see again does not wait for another look at the database.
    fn with_codes(codes: &[RecoveryCode]) -> Self {
        Self {
            is_on: true,
            recovery_codes_left: i64::try_from(codes.len()).ok(),
            recovery_codes: Some(codes.iter().map(RecoveryCode::reveal).collect()),
            ..Self::default()
        }
    }
}
