use serde::{Serialize, Serializer};

use super::{ClientInfo, Moment};

/// Something that happened to an account.
#[derive(Clone, Debug)]
pub struct Event {
    /// When.
    pub at: Moment,
    /// What.
    pub kind: EventKind,
    /// From where.
    pub client: ClientInfo,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $says:literal;)*) => {
        /// What can happen to an account. Each has a name for programs and the database, and a sentence for its owner.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EventKind {
            $($(#[$doc])* $kind,)*
        }

        impl EventKind {
            /// Every kind there is.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The name, as the database and programs have it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// The same as a sentence for the owner.
            pub const fn says(self) -> &'static str {
                match self { $(Self::$kind => $says,)* }
            }

            /// Reads a name.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$kind),)* _ => None }
            }
        }
    };
}

kinds! {
    /// The account was made.
    SignedUp = "signed_up", "You made this account.";
    /// The account was brought here from another system.
    Imported = "imported", "This account was brought here from another system.";
    /// A session began.
    LoggedIn = "signed_in", "You logged in.";
    /// A session began in a browser that had not logged in before.
    NewBrowser = "new_browser", "A browser was used that had not logged in here before.";
    /// The password was wrong.
    LogInFailed = "sign_in_failed", "Somebody tried to log in with a wrong password.";
    /// The password was right, and the code after it was not.
    CodeRefused = "code_refused", "Somebody knew the password, but not the code.";
    /// The password was right, and not enough after so many failures.
    KeptOut = "kept_out", "Somebody knew the password, but was kept out, because too many attempts had failed.";
    /// A code for when the phone is gone was used.
    RecoveryCodeUsed = "recovery_code_used", "A recovery code was used.";
    /// The owner logged out.
    LoggedOut = "signed_out", "You logged out.";
    /// The owner ended a session from another one.
    SessionEnded = "session_ended", "You logged out another browser.";
    /// The owner ended all sessions but one.
    OthersEnded = "others_ended", "You logged out all other browsers.";
    /// There were too many sessions, and the oldest went.
    OldestEnded = "oldest_ended", "The oldest session ended, because there were too many.";
    /// The owner proved who they are.
    Confirmed = "confirmed", "You confirmed that it is you.";
    /// Somebody in a session could not.
    ConfirmationFailed = "confirmation_failed", "Somebody who was signed in could not confirm that it is you.";
    /// The password changed.
    PasswordChanged = "password_changed", "The password was changed.";
    /// The second factor is asked for from now on.
    TwoFactorOn = "second_factor_on", "Two-factor authentication was turned on.";
    /// The second factor is not asked for any more.
    TwoFactorOff = "second_factor_off", "Two-factor authentication was turned off.";
    /// New recovery codes replaced the old ones.
    RecoveryCodesMade = "recovery_codes_made", "New recovery codes were made.";
    /// The owner took their data.
    Exported = "exported", "The data of this account was downloaded.";
    /// The operator made the account.
    AccountMade = "account_made", "The operator of this site made this account.";
    /// The operator closed the account.
    Disabled = "disabled", "The operator of this site disabled this account.";
    /// The operator opened the account again.
    Enabled = "enabled", "The operator of this site enabled this account again.";
    /// The operator ended sessions.
    EndedByOperator = "ended_by_operator", "The operator of this site logged you out.";
    /// The operator made a link to set a new password with.
    ResetLinkMade = "reset_link_made", "The operator of this site made a link to set a new password with.";
    /// A new password was set with such a link.
    PasswordReset = "password_reset", "A new password was set with a link of the operator's.";
}

impl EventKind {
    /// Whether the operator did it, from no browser.
    pub const fn is_the_operators(self) -> bool {
        matches!(self, Self::AccountMade | Self::Disabled | Self::Enabled | Self::EndedByOperator | Self::ResetLinkMade)
    }

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

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_by_its_own_name() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.name()), Some(*kind));
            assert!(kind.says().ends_with('.'));
        }
    }
}
