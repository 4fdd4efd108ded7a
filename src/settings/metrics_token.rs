use subtle::ConstantTimeEq;

use super::bad_setting::{BadSetting, bad};

/// What opens `/metrics` to whoever asks from elsewhere than this machine. Never printed.
#[derive(derive_more::Debug, Clone)]
#[debug("MetricsToken(…)")]
pub struct MetricsToken(String);

impl MetricsToken {
    const SHORTEST: usize = 32;

    pub(super) fn parse(text: String) -> Result<Self, BadSetting> {
        let is_sendable = text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_sendable && text.len() >= Self::SHORTEST {
            return Ok(Self(text));
        }
        Err(bad(format!(
            "`metrics_token` must be at least {} letters, digits or signs, as `openssl rand -hex 32` prints them.",
            Self::SHORTEST
        )))
    }

    /// Whether this is the token; the time it takes does not tell how much of it is right.
    pub fn is(&self, sent: &str) -> bool {
        self.0.as_bytes().ct_eq(sent.as_bytes()).into()
    }
}
