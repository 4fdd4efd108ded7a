use std::collections::BTreeSet;

use serde::{Deserialize, Serialize, Serializer};

use super::{BadSetting, bad};

/// A key as the operator wrote it. Never printed.
#[derive(derive_more::Debug, Clone, Deserialize)]
#[debug("Secret(…)")]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Makes a secret of what the key file holds.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The 64 bytes written in base64 (88 characters), or 32 in base64 (44) or hexadecimal (64).
    pub fn bytes(&self) -> Option<Vec<u8>> {
        use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};

        let text = self.0.as_bytes();
        match text.len() {
            44 | 88 => BASE64.decode(text).ok(),
            64 => HEXLOWER_PERMISSIVE.decode(text).ok(),
            _ => None,
        }
    }

    /// The same, if it may be one; `key` is the setting's name.
    pub(super) fn checked(self, key: &str) -> Result<Self, BadSetting> {
        let bytes = self.bytes().ok_or_else(|| {
            bad(format!(
                "`{key}` must be 64 random bytes in base64, as `openssl rand -base64 64 | tr -d '\\n'` prints them."
            ))
        })?;
        let kinds: BTreeSet<u8> = bytes.iter().copied().collect();
        if kinds.len() < 16 || self.0 == "hPRYyVRiMyxpw5sBB1XeCMN1kFsDCqKvBi2QJxBVHQk=" {
            return Err(bad(format!("`{key}` is not random, or is the example of a manual. Make one of your own.")));
        }
        Ok(self)
    }
}

/// Where settings are listed. Never what it is.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(secret)")
    }
}
