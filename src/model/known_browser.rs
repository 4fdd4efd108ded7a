//! A browser in which a user has logged in before (OWASP's device cookie): it has a budget of failed tries of its own, so
//! that strangers cannot use up its owner's. It opens nothing.

use std::time::Duration;

use super::{BrowserId, ClientInfo, Failure, Moment, Token, UserId};

/// How long after its last login a browser is known: the longest that browsers keep a cookie.
pub const BROWSER_KNOWN_FOR: Duration = Duration::from_secs(400 * 24 * 3_600);
/// How many browsers are known to one user. Of more, the one that was not used for the longest time is forgotten.
pub const MOST_KNOWN_BROWSERS: i64 = 20;
/// How many users one browser holds marks of.
const MOST_MARKS: usize = 5;

/// A browser in which a user has logged in before, as it is kept.
#[derive(Clone, Debug)]
pub struct KnownBrowser {
    pub browser_id: BrowserId,
    /// When its user first logged in there.
    pub created_at: Moment,
    /// When they last did.
    pub last_used_at: Moment,
    /// What it was at that time.
    pub client: ClientInfo,
}

/// What a browser holds to show that a user has logged in there.
#[derive(Clone, Debug)]
pub struct BrowserMark {
    pub user_id: UserId,
    /// Tells it from that user's other browsers.
    pub token: Token,
}

/// The marks of one browser, the latest user's first.
#[derive(Clone, Debug, Default)]
pub struct BrowserMarks(Vec<BrowserMark>);

impl BrowserMark {
    /// That of a browser which is not known to this user yet.
    pub fn new(user_id: UserId) -> Result<Self, Failure> {
        Ok(Self { user_id, token: Token::random()? })
    }
}

impl BrowserMarks {
    /// The mark that shows it to this user.
    pub fn of(&self, user_id: UserId) -> Option<&BrowserMark> {
        self.0.iter().find(|mark| mark.user_id == user_id)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same with this mark, whose user comes first from now on.
    pub fn with(mut self, mark: BrowserMark) -> Self {
        self.0.retain(|held| held.user_id != mark.user_id);
        self.0.insert(0, mark);
        self.0.truncate(MOST_MARKS);
        self
    }

    /// The same without this user's mark.
    pub fn without(mut self, user_id: UserId) -> Self {
        self.0.retain(|held| held.user_id != user_id);
        self
    }

    /// The marks as text, for the cookie alone.
    pub fn reveal(&self) -> String {
        let each: Vec<String> =
            self.0.iter().map(|mark| format!("{}.{}", mark.user_id, *mark.token.reveal())).collect();
        each.join(",")
    }

    /// Reads what [`BrowserMarks::reveal`] wrote, and leaves out what is no mark.
    pub fn parse(text: &str) -> Self {
        let read = |each: &str| {
            let (user_id, token) = each.split_once('.')?;
            Some(BrowserMark { user_id: UserId::parse(user_id)?, token: Token::parse(token)? })
        };
        Self(text.split(',').filter_map(read).take(MOST_MARKS).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_holds_the_marks_of_its_latest_users() {
        let users: Vec<UserId> = (0..7).map(|n| UserId::new(Moment::from_millis(n))).collect();
        let marks =
            users.iter().fold(BrowserMarks::default(), |marks, user| marks.with(BrowserMark::new(*user).unwrap()));

        assert_eq!(BrowserMarks::parse(&marks.reveal()).reveal(), marks.reveal());
        assert_eq!(marks.0[0].user_id, users[6]);
        assert!(marks.of(users[2]).is_some() && marks.of(users[1]).is_none());
        assert!(marks.clone().without(users[6]).of(users[6]).is_none());
    }

    #[test]
    fn what_is_no_mark_is_left_out() {
        let mark = BrowserMark::new(UserId::new(Moment::from_millis(1))).unwrap();
        let text = BrowserMarks::default().with(mark.clone()).reveal();

        assert!(BrowserMarks::parse("nonsense,.,").is_empty());
        assert!(BrowserMarks::parse(&format!("{}.c2hvcnQ", mark.user_id)).is_empty());
        assert_eq!(BrowserMarks::parse(&format!("x,{text},y.z")).reveal(), text);
    }
}
