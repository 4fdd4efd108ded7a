//! Codes by time, as a phone shows them (TOTP, RFC 6238).

use subtle::ConstantTimeEq;
use totp_rs::{Builder, Totp};

use crate::model::{Moment, TotpSecret, Username};

/// How many steps around are looked at to tell a wrong clock from a wrong code.
const NEARBY: i64 = 20;

/// What a code by time was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeCode {
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

/// The address that a phone reads from the QR code; `site` is what the phone will call it.
pub fn otpauth_url(secret: &TotpSecret, username: &Username, site: &str) -> Option<String> {
    // A colon would part the label (Key URI format).
    let site = site.replace(':', " ");
    totp(secret, username.as_str(), Some(site))?.to_url().ok()
}

/// Looks at a code of six digits.
pub(super) fn check(secret: &TotpSecret, code: &str, now: Moment) -> TimeCode {
    let present = now.millis().div_euclid(1_000) / TotpSecret::STEP;
    let Some(totp) = totp(secret, "", None) else { return TimeCode::Wrong };
    let is_of = |step: i64| {
        let right = totp.generate(u64::try_from(step * TotpSecret::STEP).unwrap_or(0)).to_string();
        bool::from(right.as_bytes().ct_eq(code.as_bytes()))
    };

    // Nearest first, and every step at the same cost whatever is found.
    let mut steps: Vec<i64> = (-NEARBY..=NEARBY).collect();
    steps.sort_by_key(|away| away.abs());
    let found = steps.into_iter().filter(|away| is_of(present + away)).collect::<Vec<_>>();
    match found.first() {
        Some(away) if away.abs() <= TotpSecret::WINDOW => TimeCode::Right { step: present + away },
        Some(away) => TimeCode::OtherTime { step: present + away, seconds_ahead: away * TotpSecret::STEP },
        None => TimeCode::Wrong,
    }
}

fn totp(secret: &TotpSecret, account: &str, issuer: Option<String>) -> Option<Totp> {
    let builder = Builder::new().with_secret(secret.as_bytes().to_vec()).with_account_name(account).with_issuer(issuer);
    builder.build().ok()
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE32_NOPAD;

    use super::*;

    /// The secret and a code of RFC 6238's appendix B, cut to six digits.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        let secret = TotpSecret::parse(&BASE32_NOPAD.encode(b"12345678901234567890")).unwrap();
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")]
        {
            let found = check(&secret, code, Moment::from_millis(seconds * 1_000));
            assert_eq!(found, TimeCode::Right { step: seconds / TotpSecret::STEP });
        }
    }

    #[test]
    fn a_code_of_the_step_before_or_after_is_right_and_one_of_another_time_is_told_apart() {
        let secret = TotpSecret::parse(&BASE32_NOPAD.encode(b"12345678901234567890")).unwrap();
        let at = |seconds: i64| check(&secret, "005924", Moment::from_millis(seconds * 1_000));
        let step = 1_234_567_890 / TotpSecret::STEP;
        for seconds in [-30, 0, 29, 30, 59] {
            assert_eq!(at(step * TotpSecret::STEP + seconds), TimeCode::Right { step }, "{seconds}");
        }
        assert_eq!(at(step * TotpSecret::STEP + 60), TimeCode::OtherTime { step, seconds_ahead: -60 });
        assert_eq!(at(step * TotpSecret::STEP - 31), TimeCode::OtherTime { step, seconds_ahead: 60 });
        assert_eq!(at(step * TotpSecret::STEP + 3_600), TimeCode::Wrong);
        for code in ["", "00592", "0059240", "+05924", "００５９２４", " 05924"] {
            assert_eq!(check(&secret, code, Moment::from_millis(1_234_567_890_000)), TimeCode::Wrong, "{code}");
        }
    }

    #[test]
    fn the_address_for_the_phone_names_the_site_and_the_user() {
        let secret = TotpSecret::parse(&BASE32_NOPAD.encode(b"12345678901234567890")).unwrap();
        let address = otpauth_url(&secret, &Username::parse("ada").unwrap(), "localhost:8000").unwrap();
        assert!(
            address.starts_with("otpauth://totp/localhost%208000:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer="),
            "{address}"
        );
    }
}
