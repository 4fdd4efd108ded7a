//! `/profile`: who you are, and what you want to be called.

use rocket::{get, post};
use serde::{Deserialize, Serialize};

use crate::auth::Auth;
use crate::model::{DisplayName, FailedBefore, Moment, User};
use crate::web::{Error, FormError, Next, Page, Problems, Show, SignedIn, Submission, Submitted};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProfileForm {
    display_name: String,
}

#[derive(Serialize)]
pub struct ProfilePage {
    user: User,
    signed_in_since: Moment,
    remembered_until: Option<Moment>,
    /// Failed attempts to log in before this session began.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_attempts: Option<FailedBefore>,
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<&'static str>,
    /// The name as it stands in the form.
    display_name: String,
}

impl Page for ProfilePage {
    const TEMPLATE: &'static str = "profile";
}

#[get("/profile?<done>")]
pub fn show(me: SignedIn<'_>, done: Option<&str>) -> Show<ProfilePage> {
    // A word from a list, so that no link can put a sentence of its own here.
    let done = match done {
        Some("name") => Some("Your display name is saved."),
        Some("password") => Some("Your password is changed. You were logged out everywhere else."),
        _ => None,
    };
    Show(ProfilePage { done, ..ProfilePage::new(&me, me.user.display_name.to_string()) })
}

#[post("/profile", data = "<form>")]
pub async fn submit(me: SignedIn<'_>, auth: &Auth, form: Submission<ProfileForm>) -> Submitted<User, ProfilePage> {
    let typed = form.0.display_name;
    let name = DisplayName::parse(&typed).map_err(|problem| {
        let error = Error::fields(Problems::with("display_name", problem));
        FormError::again(error, ProfilePage::new(&me, typed))
    })?;
    let user = auth.change_display_name(me.user, name).await?.ok_or_else(Error::no_session)?;
    Ok(Next::to("/profile?done=name", user))
}

impl ProfilePage {
    fn new(me: &SignedIn<'_>, display_name: String) -> Self {
        Self {
            user: me.user.clone(),
            signed_in_since: me.session.created_at,
            remembered_until: me.session.remembered_until,
            failed_attempts: me.session.failed_before,
            done: None,
            display_name,
        }
    }
}
