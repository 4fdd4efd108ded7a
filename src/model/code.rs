//! The second step: codes by time (TOTP, RFC 6238) and codes for when the phone is gone.

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use totp_rs::{Builder, Totp};
use zeroize::Zeroizing;

use super::{Failure, Moment, UserId, Username, random_bytes};

const STEP: i64 = TotpSecret::STEP;
const WINDOW: i64 = TotpSecret::WINDOW;
/// How many steps around are looked at to tell a wrong clock from a wrong code.
const NEARBY: i64 = 20;

/// The secret that a phone and the site share. Never printed.
#[derive(derive_more::Debug, Clone)]
#[debug("TotpSecret(…)")]
pub struct TotpSecret(Zeroizing<[u8; 20]>);

/// What a code by time was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeCode {
    /// Right, and of this step.
    Right {
        /// Counts from 1970 in steps of 30 seconds.
        step: i64,
    },
    /// It would be right at another time: the phone's clock is off. Not accepted.
    OtherTime {
        /// The step that it is of.
        step: i64,
        /// How many seconds the phone is ahead; behind, when negative.
        seconds_ahead: i64,
    },
    /// Not a code of this secret.
    Wrong,
}

impl TotpSecret {
    /// How long one code lasts, in seconds (ASVS 6.5.5).
    pub const STEP: i64 = 30;
    /// How many steps before and after the present one are taken for the present: phones and people are not exact.
    pub const WINDOW: i64 = 1;

    /// A new secret of 160 bits.
    pub fn random() -> Result<Self, Failure> {
        random_bytes().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The secret as people can type it: base32 in groups of four.
    pub fn to_groups(&self) -> String {
        let letters = self.to_base32();
        letters.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join(" ")
    }

    /// The secret as text, for sealing.
    pub fn to_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(self.0.as_slice()))
    }

    /// Reads what [`TotpSecret::to_base32`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE32_NOPAD.decode(text.as_bytes()).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// The address that a phone reads from the QR code.
    pub fn address(&self, username: &Username, site: &str) -> Option<String> {
        // A colon would part the label (Key URI format).
        let site = site.replace(':', " ");
        self.totp(username.as_str(), Some(site))?.to_url().ok()
    }

    /// Looks at a code of six digits.
    pub fn check(&self, code: &str, now: Moment) -> TimeCode {
        let present = now.millis().div_euclid(1_000) / STEP;
        let Some(totp) = self.totp("", None) else { return TimeCode::Wrong };
        let is_of = |step: i64| {
            let right = totp.generate(u64::try_from(step * STEP).unwrap_or(0)).to_string();
            bool::from(right.as_bytes().ct_eq(code.as_bytes()))
        };

        // Nearest first, and every step at the same cost whatever is found.
        let mut steps: Vec<i64> = (-NEARBY..=NEARBY).collect();
        steps.sort_by_key(|away| away.abs());
        let found = steps.into_iter().filter(|away| is_of(present + away)).collect::<Vec<_>>();
        match found.first() {
            Some(away) if away.abs() <= WINDOW => TimeCode::Right { step: present + away },
            Some(away) => TimeCode::OtherTime { step: present + away, seconds_ahead: away * STEP },
            None => TimeCode::Wrong,
        }
    }

    fn totp(&self, account: &str, issuer: Option<String>) -> Option<Totp> {
        let builder = Builder::new().with_secret(self.0.to_vec()).with_account_name(account).with_issuer(issuer);
        builder.build().ok()
    }
}

/// A code of 128 bits for when the phone is gone. Never printed by itself.
#[derive(derive_more::Debug, Clone)]
#[debug("RecoveryCode(…)")]
pub struct RecoveryCode(Zeroizing<[u8; 16]>);

/// What is kept of it. With 128 random bits a fast hash is enough (ASVS 6.5.2).
#[derive(derive_more::Debug, Clone, Copy, PartialEq, Eq)]
#[debug("RecoveryCodeHash(…)")]
pub struct RecoveryCodeHash([u8; 32]);

impl RecoveryCode {
    /// How many an account gets at once.
    pub const AT_ONCE: usize = 10;

    /// A new code that nobody has seen.
    pub fn random() -> Result<Self, Failure> {
        random_bytes().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// Reads a code as people type it, in any case, with or without hyphens and spaces.
    pub fn parse(text: &str) -> Option<Self> {
        let letters: Zeroizing<String> = Zeroizing::new(
            text.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_uppercase()).take(64).collect(),
        );
        let bytes = Zeroizing::new(BASE32_NOPAD.decode(letters.as_bytes()).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// The code for its owner, once: small letters and digits in groups.
    pub fn reveal(&self) -> String {
        let letters = Zeroizing::new(BASE32_NOPAD.encode(self.0.as_slice()).to_ascii_lowercase());
        letters.as_bytes().chunks(5).map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join("-")
    }

    /// What is kept of it for this user.
    pub fn hash(&self, user_id: UserId) -> RecoveryCodeHash {
        let digest = Sha256::new().chain_update(user_id.to_string()).chain_update(self.0.as_slice()).finalize();
        RecoveryCodeHash(digest.into())
    }
}

impl RecoveryCodeHash {
    /// The hash as text, for the database.
    pub fn to_text(self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret and a code of RFC 6238's appendix B, cut to six digits.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        let secret = TotpSecret::parse(&BASE32_NOPAD.encode(b"12345678901234567890")).unwrap();
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")]
        {
            let found = secret.check(code, Moment::from_millis(seconds * 1_000));
            assert_eq!(found, TimeCode::Right { step: seconds / STEP });
        }
    }

    #[test]
    fn a_code_of_the_step_before_or_after_is_right_and_one_of_another_time_is_told_apart() {
        let secret = TotpSecret::parse(&BASE32_NOPAD.encode(b"12345678901234567890")).unwrap();
        let at = |seconds: i64| secret.check("005924", Moment::from_millis(seconds * 1_000));
        let step = 1_234_567_890 / STEP;
        for seconds in [-30, 0, 29, 30, 59] {
            assert_eq!(at(step * STEP + seconds), TimeCode::Right { step }, "{seconds}");
        }
        assert_eq!(at(step * STEP + 60), TimeCode::OtherTime { step, seconds_ahead: -60 });
        assert_eq!(at(step * STEP - 31), TimeCode::OtherTime { step, seconds_ahead: 60 });
        assert_eq!(at(step * STEP + 3_600), TimeCode::Wrong);
        for code in ["", "00592", "0059240", "+05924", "００５９２４", " 05924"] {
            assert_eq!(secret.check(code, Moment::from_millis(1_234_567_890_000)), TimeCode::Wrong, "{code}");
        }
    }

    #[test]
    fn a_recovery_code_is_read_however_it_is_typed() {
        let user = UserId::new(Moment::from_millis(0));
        let code = RecoveryCode::random().unwrap();
        let text = code.reveal();
        for typed in
            [text.clone(), text.to_uppercase(), text.replace('-', ""), text.replace('-', " "), format!(" {text} ")]
        {
            assert_eq!(RecoveryCode::parse(&typed).unwrap().hash(user), code.hash(user), "{typed}");
        }
        for other in ["", "123456", &text[1..], &format!("{text}a"), "0000-0000"] {
            assert!(RecoveryCode::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn the_address_for_the_phone_names_the_site_and_the_user() {
        let secret = TotpSecret::parse(&BASE32_NOPAD.encode(b"12345678901234567890")).unwrap();
        let address = secret.address(&Username::parse("ada").unwrap(), "localhost:8000").unwrap();
        assert!(
            address.starts_with("otpauth://totp/localhost%208000:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer="),
            "{address}"
        );
    }
}
