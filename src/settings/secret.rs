use std::collections::BTreeSet;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use subtle::ConstantTimeEq;

use super::bad_setting::{BadSetting, bad};

/// The example in the manual of Rocket.
const EXAMPLE: &str = "hPRYyVRiMyxpw5sBB1XeCMN1kFsDCqKvBi2QJxBVHQk=";
/// Of 32 random bytes hardly ever so few are different.
const FEWEST_KINDS: usize = 16;

/// A key that seals cookies. Never printed.
#[derive(derive_more::Debug, Clone)]
#[debug("Secret(…)")]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Reads 64 bytes written in base64 (88 characters), or 32 in base64 (44) or hexadecimal (64).
    pub(super) fn read(text: &str) -> Option<Self> {
        let bytes = match text.len() {
            44 | 88 => BASE64.decode(text.as_bytes()).ok()?,
            64 => HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?,
            _ => return None,
        };
        Some(Self(bytes))
    }

    /// The same of a key that somebody else made, if it may be one; `setting` is where it stands.
    pub(super) fn parse(setting: &str, text: &str) -> Result<Self, BadSetting> {
        let Some(key) = Self::read(text) else {
            return Err(bad(format!(
                "`{setting}` must be 64 random bytes in base64, as `openssl rand -base64 64 | tr -d '\\n'` prints them."
            )));
        };
        let kinds: BTreeSet<&u8> = key.0.iter().collect();
        if kinds.len() < FEWEST_KINDS || text == EXAMPLE {
            return Err(bad(format!(
                "`{setting}` is not random, or is the example of a manual. Make one of your own."
            )));
        }
        Ok(key)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

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
