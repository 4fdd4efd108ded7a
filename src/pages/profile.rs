//! `/profile`: who you are, and what you want to be called.

use rocket::http::Status;
use rocket::{get, post};
use serde::Serialize;

use crate::auth::Auth;
use crate::model::{DisplayName, Moment, User};
use crate::web::{Fields, Form, FormPage, Next, Page, Problems, Retry, Sent, Show, SignedIn, Submitted};

/// What a person types.
pub struct ProfileForm {
    display_name: String,
}

impl Form for ProfileForm {
    const FIELDS: &'static [&'static str] = &["display_name"];

    fn read(fields: &mut Fields) -> Self {
        Self { display_name: fields.text("display_name").to_string() }
    }
}

/// Who you are.
#[derive(Serialize)]
pub struct ProfilePage {
    user: User,
    signed_in_since: Moment,
    remembered_until: Option<Moment>,
    /// Failed attempts to sign in before this session began.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_attempts: Option<FailedAttempts>,
    /// What was just done.
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<&'static str>,
    /// The name as it stands in the form.
    display_name: String,
    #[serde(skip_serializing_if = "Problems::is_empty")]
    problems: Problems,
}

/// How often somebody failed to sign in, and since when.
#[derive(Serialize)]
struct FailedAttempts {
    count: i64,
    since: Moment,
}

impl Page for ProfilePage {
    const TEMPLATE: &'static str = "profile";
    const IS_ASKED_OFTEN: bool = true;
}

impl FormPage for ProfilePage {
    fn problems(&self) -> &Problems {
        &self.problems
    }
}

#[get("/profile?<done>")]
pub fn show(me: SignedIn<'_>, done: Option<&str>) -> Show<ProfilePage> {
    let mut page = ProfilePage::new(&me, me.user.display_name.to_string(), Problems::default());
    // A word from a list, so that no link can put a sentence of its own here.
    page.done = match done {
        Some("name") => Some("Your display name is saved."),
        Some("password") => Some("Your password is changed. You were signed out everywhere else."),
        _ => None,
    };
    Show(page)
}

#[post("/profile", data = "<form>")]
pub async fn submit(me: SignedIn<'_>, auth: &Auth, form: Sent<ProfileForm>) -> Submitted<User, ProfilePage> {
    let Sent(form) = form;
    let name = DisplayName::parse(&form.display_name).map_err(|problem| {
        let problems = Problems::with("display_name", problem);
        Retry::fields(ProfilePage::new(&me, form.display_name.clone(), problems))
    })?;
    let changed = auth.change_display_name(me.user, name).await?;
    let user = changed.ok_or_else(Retry::session_ended)?;
    Ok(Next { to: "/profile?done=name".to_owned(), made: (Status::Ok, user) })
}

impl ProfilePage {
    fn new(me: &SignedIn<'_>, display_name: String, problems: Problems) -> Self {
        Self {
            user: me.user.clone(),
            signed_in_since: me.session.created_at,
            remembered_until: me.session.remembered_until,
            failed_attempts: me
                .session
                .failed_before
                .map(|failed| FailedAttempts { count: failed.attempts, since: failed.since }),
            done: None,
            display_name,
            problems,
        }
    }
}
