use serde::Serialize;

use super::{ClientInfo, Moment};

/// Something that happened to an account, perhaps more than once.
#[derive(Clone, Debug)]
pub struct Event {
    /// When it first happened.
    pub at: Moment,
    pub last_at: Moment,
    pub times: i64,
    pub kind: EventKind,
    pub client: ClientInfo,
}

impl Event {
    pub const fn once(at: Moment, kind: EventKind, client: ClientInfo) -> Self {
        Self { at, last_at: at, times: 1, kind, client }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $says:literal;)*) => {
        /// What can happen to an account. Each has a name for programs and the database, and a sentence for its owner.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        pub enum EventKind {
            $($(#[$doc])* #[serde(rename = $name)] $kind,)*
        }

        impl EventKind {
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The name, as the database and programs have it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// The same as a sentence for the owner.
            pub const fn says(self) -> &'static str {
                match self { $(Self::$kind => $says,)* }
            }

            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$kind),)* _ => None }
            }
        }
    };
}

// Some names are older than the words here: `sign_in` is a login, `second_factor` two-factor authentication.
kinds! {
    SignedUp = "signed_up", "You made this account.";
    Imported = "imported", "This account was brought here from another system.";
    LoggedIn = "signed_in", "You logged in.";
    NewBrowser = "new_browser", "A browser was used that had not logged in here before.";
    LogInFailed = "sign_in_failed", "Somebody tried to log in with a wrong password.";
    CodeRefused = "code_refused", "Somebody knew the password, but not the code.";
    KeptOut = "kept_out", "Somebody knew the password, but was kept out, because too many attempts had failed.";
    BrowserForgotten = "browser_forgotten", "You had a browser forgotten that had logged in here before.";
    RecoveryCodeUsed = "recovery_code_used", "A recovery code was used.";
    LoggedOut = "signed_out", "You logged out.";
    SessionEnded = "session_ended", "You logged out another browser.";
    OthersEnded = "others_ended", "You logged out all other browsers.";
    OldestEnded = "oldest_ended", "The oldest session ended, because there were too many.";
    Confirmed = "confirmed", "You confirmed that it is you.";
    ConfirmationFailed = "confirmation_failed", "Somebody who was signed in could not confirm that it is you.";
    PasswordChanged = "password_changed", "The password was changed.";
    TwoFactorOn = "second_factor_on", "Two-factor authentication was turned on.";
    TwoFactorOff = "second_factor_off", "Two-factor authentication was turned off.";
    RecoveryCodesMade = "recovery_codes_made", "New recovery codes were made.";
    Exported = "exported", "The data of this account was downloaded.";
    AccountMade = "account_made", "The operator of this site made this account.";
    Disabled = "disabled", "The operator of this site disabled this account.";
    Enabled = "enabled", "The operator of this site enabled this account again.";
    EndedByOperator = "ended_by_operator", "The operator of this site logged you out.";
    ResetLinkMade = "reset_link_made", "The operator of this site made a link to set a new password with.";
    PasswordReset = "password_reset", "A new password was set with a link of the operator's.";
}

impl EventKind {
    /// Whether the operator did it, from no browser.
    pub const fn is_the_operators(self) -> bool {
        matches!(self, Self::AccountMade | Self::Disabled | Self::Enabled | Self::EndedByOperator | Self::ResetLinkMade)
    }

    /// What begins a session.
    pub const LOG_INS: [Self; 2] = [Self::LoggedIn, Self::SignedUp];
    /// What shows that somebody failed to log in.
    pub const FAILED_LOG_INS: [Self; 3] = [Self::LogInFailed, Self::CodeRefused, Self::KeptOut];

    /// Why a browser that it logged out was logged out, as a sentence for whoever sits there.
    pub fn ended_a_session(self) -> Option<&'static str> {
        match self {
            Self::PasswordChanged => Some("You were logged out here because the password was changed"),
            Self::SessionEnded | Self::OthersEnded => Some("You were logged out here from another browser"),
            Self::PasswordReset => Some("You were logged out here because a new password was set"),
            Self::EndedByOperator => Some("You were logged out here by the operator of this site"),
            Self::Disabled => Some("You were logged out here because the operator of this site disabled the account"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_by_its_own_name() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.name()), Some(*kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert!(kind.says().ends_with('.'));
        }
    }
}
