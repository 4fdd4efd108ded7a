use serde::{Deserialize, Serialize, Serializer};
use subtle::ConstantTimeEq;

use super::{BadSetting, bad};

/// What opens `/metrics` to whoever asks from elsewhere than this machine. Never printed.
#[derive(derive_more::Debug, Clone, Deserialize)]
#[debug("MetricsToken(…)")]
#[serde(transparent)]
pub struct MetricsToken(String);

impl MetricsToken {
    const SHORTEST: usize = 32;

    pub(super) fn checked(self) -> Result<Self, BadSetting> {
        let is_sendable = self.0.bytes().all(|byte| byte.is_ascii_graphic());
        match is_sendable && self.0.len() >= Self::SHORTEST {
            true => Ok(self),
            false => Err(bad(format!(
                "`metrics_token` must be at least {} letters, digits or signs, as `openssl rand -hex 32` prints them.",
                Self::SHORTEST
            ))),
        }
    }

    /// Whether this is the token; the time it takes does not tell how much of it is right.
    pub fn is(&self, sent: &str) -> bool {
        self.0.as_bytes().ct_eq(sent.as_bytes()).into()
    }
}

impl Serialize for MetricsToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(secret)")
    }
}
