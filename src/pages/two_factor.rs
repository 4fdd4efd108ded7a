//! `/two-factor`: codes by time from a phone, and codes for when the phone is gone.

use qrcode::QrCode;
use qrcode::render::svg;
use rocket::http::{ContentType, Status};
use rocket::{State, get, post};
use serde::Serialize;

use super::login_code::CodeForm;
use crate::auth::{Auth, Failure, TwoFactorError, TwoFactorState, otpauth_url};
use crate::model::{RecoveryCode, User};
use crate::web::{Confirmed, Error, FormError, Message, Next, Page, Show, Site, Submission, Submitted};

#[derive(Default, Serialize)]
pub struct TwoFactorPage {
    is_on: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes_left: Option<i64>,
    /// While a phone is being set up: the secret as people type it, and the address that the QR code holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    setup: Option<Setup>,
    /// New recovery codes, to be seen this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Setup {
    secret: String,
    address: String,
}

impl Page for TwoFactorPage {
    const TEMPLATE: &'static str = "two_factor";
}

#[get("/two-factor")]
pub async fn show(me: Confirmed<'_>, auth: &Auth, site: &State<Site>) -> Result<Show<TwoFactorPage>, Error> {
    Ok(Show(TwoFactorPage::new(auth, site, me.user).await?))
}

/// The secret as a picture that a phone reads, while it is being set up.
#[get("/two-factor/qr.svg")]
pub async fn qr_code(me: Confirmed<'_>, auth: &Auth, site: &State<Site>) -> Result<(ContentType, String), Error> {
    let page = TwoFactorPage::new(auth, site, me.user).await?;
    let setup = page.setup.ok_or(Error::of(Status::NotFound))?;
    let code = QrCode::new(setup.address).map_err(|_| Error::of(Status::InternalServerError))?;
    // Black on white whatever the page's colours are: phones read nothing else as well.
    let picture = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
    Ok((ContentType::new("image", "svg+xml").with_params(("charset", "utf-8")), picture))
}

#[post("/two-factor/start")]
pub async fn start(me: Confirmed<'_>, auth: &Auth, site: &State<Site>) -> Submitted<TwoFactorPage, TwoFactorPage> {
    let begun = auth.begin_two_factor(me.user.user_id).await;
    let page = TwoFactorPage::new(auth, site, me.user).await;
    match begun {
        Ok(()) => Ok(Next::to("/two-factor", page?)),
        Err(error) => Err(refused(error, page)),
    }
}

#[post("/two-factor/on", data = "<form>")]
pub async fn turn_on(
    me: Confirmed<'_>,
    auth: &Auth,
    site: &State<Site>,
    form: Submission<CodeForm>,
) -> Result<Show<TwoFactorPage>, FormError<TwoFactorPage>> {
    match auth.turn_on_two_factor(&me.caller(), &form.0.code).await {
        Ok(codes) => Ok(Show(TwoFactorPage::with_codes(&codes))),
        Err(error) => Err(refused(error, TwoFactorPage::new(auth, site, me.user).await)),
    }
}

#[post("/two-factor/off")]
pub async fn turn_off(me: Confirmed<'_>, auth: &Auth, site: &State<Site>) -> Submitted<Message, TwoFactorPage> {
    match auth.turn_off_two_factor(&me.caller()).await {
        Ok(()) => Ok(Next::to("/two-factor", Message { message: "Two-factor authentication is off." })),
        Err(error) => Err(refused(error, TwoFactorPage::new(auth, site, me.user).await)),
    }
}

#[post("/two-factor/recovery-codes")]
pub async fn new_codes(
    me: Confirmed<'_>,
    auth: &Auth,
    site: &State<Site>,
) -> Result<Show<TwoFactorPage>, FormError<TwoFactorPage>> {
    match auth.new_recovery_codes(&me.caller()).await {
        Ok(codes) => Ok(Show(TwoFactorPage::with_codes(&codes))),
        Err(error) => Err(refused(error, TwoFactorPage::new(auth, site, me.user).await)),
    }
}

/// The page as it stands, with why nothing was done.
fn refused(error: TwoFactorError, page: Result<TwoFactorPage, Failure>) -> FormError<TwoFactorPage> {
    let says = error.to_string();
    let error = match error {
        TwoFactorError::Code(code) => Error::saying(Status::UnprocessableEntity, says).with("code", code),
        TwoFactorError::State => Error::saying(Status::Conflict, says),
        TwoFactorError::Failure(failure) => return failure.into(),
    };
    match page {
        Ok(page) => FormError::again(error, page),
        Err(failure) => failure.into(),
    }
}

impl TwoFactorPage {
    async fn new(auth: &Auth, site: &Site, user: &User) -> Result<Self, Failure> {
        Ok(match auth.two_factor(user.user_id).await? {
            TwoFactorState::Off => Self::default(),
            TwoFactorState::Begun(secret) => {
                let address = otpauth_url(&secret, &user.username, &site.public_url.host);
                let setup = address.map(|address| Setup { secret: secret.to_groups(), address });
                Self { setup, ..Self::default() }
            }
            TwoFactorState::On { codes_left } => {
                Self { is_on: true, recovery_codes_left: Some(codes_left), ..Self::default() }
            }
        })
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
