//! Hashes that are not Argon2: how other systems write them, the one form in which we keep them, and how they are computed
//! until their users log in for the first time. docs/import.md lists it all.

use std::fmt;
use std::ops::RangeInclusive;

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER};
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Why a text is no hash that passwords can be compared with, as a sentence for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashProblem {
    #[error("This is none of the hashes that can be read: Argon2, bcrypt, scrypt and PBKDF2 in their usual forms.")]
    Unknown,
    #[error("This account had no usable password.")]
    NoPassword,
    #[error("This begins like a hash, and the rest is missing or altered.")]
    Malformed,
    #[error("With its parameters a login would cost too much memory or time.")]
    TooCostly,
    #[error("Its parameters are too weak to protect a password.")]
    TooWeak,
}

/// A hash that another system made, ready to compute.
pub(super) enum Foreign {
    Bcrypt {
        /// As bcrypt writes it, beginning with `$2b$`.
        hash: String,
        /// Whether the SHA-256 of the password went into it, in hexadecimal, as Django does against bcrypt's 72 bytes.
        of_sha256: bool,
    },
    Scrypt {
        params: scrypt::Params,
        salt: Vec<u8>,
        output: Vec<u8>,
    },
    Pbkdf2 {
        hash: Inner,
        iterations: u32,
        salt: Vec<u8>,
        output: Vec<u8>,
    },
}

/// The hash inside PBKDF2.
#[derive(Clone, Copy)]
pub(super) enum Inner {
    Sha1,
    Sha256,
    Sha512,
}

const BCRYPT_COSTS: RangeInclusive<u32> = 4..=16;
const LEAST_SCRYPT_MEMORY: u64 = 1 << 20;
const MOST_SCRYPT_MEMORY: u64 = 256 << 20;
/// N · r · p: four times what OWASP asks for.
const MOST_SCRYPT_WORK: u64 = 1 << 22;
const LEAST_ITERATIONS: u32 = 1_000;
/// Of all blocks of the output together.
const MOST_ITERATIONS: u64 = 5_000_000;
const SALT_LENGTHS: RangeInclusive<usize> = 8..=64;
const OUTPUT_LENGTHS: RangeInclusive<usize> = 16..=64;

impl Foreign {
    /// Reads the normal form, or another one that is in use: PHC, passlib's, Django's, Werkzeug's.
    pub fn read(text: &str) -> Result<Self, HashProblem> {
        let parts: Vec<&str> = text.split('$').collect();
        match parts[..] {
            ["", "2a" | "2b" | "2y", cost, rest] | ["bcrypt", "", "2a" | "2b" | "2y", cost, rest] => {
                bcrypt(cost, rest, false)
            }
            ["", "bcrypt-of-sha256", cost, rest] | ["bcrypt_sha256", "", "2a" | "2b" | "2y", cost, rest] => {
                bcrypt(cost, rest, true)
            }

            ["", "scrypt", params, salt, output] => {
                let [log_n, r, p] = named(params, ["ln", "r", "p"])?;
                scrypt(1_u64.checked_shl(log_n).ok_or(HashProblem::TooCostly)?, r, p, base64(salt)?, base64(output)?)
            }
            // Django.
            ["scrypt", n, salt, r, p, output] => {
                scrypt(number(n)?, number(r)?, number(p)?, salt.into(), base64(output)?)
            }

            ["", kind, params, salt, output] if kind.starts_with("pbkdf2") => {
                let (salt, output) = (base64(salt)?, base64(output)?);
                pbkdf2(inner(kind)?, iterations(params, output.len())?, salt, output)
            }
            // Django.
            [kind, iterations, salt, output] if kind.starts_with("pbkdf2_") => {
                pbkdf2(inner(kind)?, number(iterations)?, salt.into(), base64(output)?)
            }

            // Werkzeug, in Flask's sites.
            [method, salt, output] => werkzeug(method, salt, output),
            // Django.
            _ if text.starts_with('!') => Err(HashProblem::NoPassword),
            _ => Err(HashProblem::Unknown),
        }
    }

    /// Whether this is the password; none when the machine has not the memory to know.
    pub fn matches(&self, password: &[u8]) -> Option<bool> {
        match self {
            // Bytes beyond the 72nd are cut off, as they were when the hash was made.
            Self::Bcrypt { hash, of_sha256: false } => Some(bcrypt::verify(password, hash).unwrap_or(false)),
            Self::Bcrypt { hash, of_sha256: true } => {
                let digest = Zeroizing::new(HEXLOWER.encode(&Sha256::digest(password)));
                Some(bcrypt::verify(digest.as_bytes(), hash).unwrap_or(false))
            }
            Self::Scrypt { params, salt, output } => {
                let mut computed = Zeroizing::new(vec![0; output.len()]);
                // The crate would end the program where there is no memory.
                Vec::<u8>::new().try_reserve_exact(scrypt_memory(params)).ok()?;
                scrypt::scrypt(password, salt, params, &mut computed).ok()?;
                Some(computed.ct_eq(output).into())
            }
            Self::Pbkdf2 { hash, iterations, salt, output } => {
                let mut computed = Zeroizing::new(vec![0; output.len()]);
                match hash {
                    Inner::Sha1 => pbkdf2_hmac::<Sha1>(password, salt, *iterations, &mut computed),
                    Inner::Sha256 => pbkdf2_hmac::<Sha256>(password, salt, *iterations, &mut computed),
                    Inner::Sha512 => pbkdf2_hmac::<Sha512>(password, salt, *iterations, &mut computed),
                }
                Some(computed.ct_eq(output).into())
            }
        }
    }
}

fn werkzeug(method: &str, salt: &str, output: &str) -> Result<Foreign, HashProblem> {
    let output = HEXLOWER.decode(output.as_bytes()).map_err(|_| HashProblem::Unknown)?;
    match method.split(':').collect::<Vec<_>>()[..] {
        ["scrypt", n, r, p] => scrypt(number(n)?, number(r)?, number(p)?, salt.into(), output),
        ["pbkdf2", kind, iterations] => {
            pbkdf2(inner(&format!("pbkdf2-{kind}"))?, number(iterations)?, salt.into(), output)
        }
        _ => Err(HashProblem::Unknown),
    }
}

fn bcrypt(cost: &str, rest: &str, of_sha256: bool) -> Result<Foreign, HashProblem> {
    let hash = format!("$2b${cost}${rest}");
    let parts: bcrypt::HashParts = hash.parse().map_err(|_| HashProblem::Malformed)?;
    match parts.get_cost() {
        cost if cost > *BCRYPT_COSTS.end() => Err(HashProblem::TooCostly),
        cost if cost < *BCRYPT_COSTS.start() => Err(HashProblem::TooWeak),
        _ => Ok(Foreign::Bcrypt { hash, of_sha256 }),
    }
}

fn scrypt(n: u64, r: u32, p: u32, salt: Vec<u8>, output: Vec<u8>) -> Result<Foreign, HashProblem> {
    let memory = n.saturating_mul(r.into()).saturating_mul(128);
    if memory > MOST_SCRYPT_MEMORY || (memory / 128).saturating_mul(p.into()) > MOST_SCRYPT_WORK {
        return Err(HashProblem::TooCostly);
    }
    if memory < LEAST_SCRYPT_MEMORY {
        return Err(HashProblem::TooWeak);
    }
    if !n.is_power_of_two() {
        return Err(HashProblem::Malformed);
    }
    let params = scrypt::Params::new(n.trailing_zeros() as u8, r, p).map_err(|_| HashProblem::Malformed)?;
    let (salt, output) = of_good_length(salt, output)?;
    Ok(Foreign::Scrypt { params, salt, output })
}

fn scrypt_memory(params: &scrypt::Params) -> usize {
    (params.n() * u64::from(params.r()) * 128) as usize
}

fn pbkdf2(hash: Inner, iterations: u32, salt: Vec<u8>, output: Vec<u8>) -> Result<Foreign, HashProblem> {
    let (salt, output) = of_good_length(salt, output)?;
    let blocks = output.len().div_ceil(hash.length()) as u64;
    if u64::from(iterations) * blocks > MOST_ITERATIONS {
        return Err(HashProblem::TooCostly);
    }
    if iterations < LEAST_ITERATIONS {
        return Err(HashProblem::TooWeak);
    }
    Ok(Foreign::Pbkdf2 { hash, iterations, salt, output })
}

/// The iterations of PHC's parameters, and the length of the output with them where that is said; or passlib's bare number.
fn iterations(params: &str, output_length: usize) -> Result<u32, HashProblem> {
    if !params.contains(",l=") {
        return number(params.strip_prefix("i=").unwrap_or(params));
    }
    let [iterations, length] = named(params, ["i", "l"])?;
    if length as usize == output_length { Ok(iterations) } else { Err(HashProblem::Malformed) }
}

fn of_good_length(salt: Vec<u8>, output: Vec<u8>) -> Result<(Vec<u8>, Vec<u8>), HashProblem> {
    match (salt.len(), output.len()) {
        (salt, output) if salt < *SALT_LENGTHS.start() || output < *OUTPUT_LENGTHS.start() => Err(HashProblem::TooWeak),
        (salt, output) if salt > *SALT_LENGTHS.end() || output > *OUTPUT_LENGTHS.end() => Err(HashProblem::Malformed),
        _ => Ok((salt, output)),
    }
}

/// The hash inside, by the names of PHC and passlib (`pbkdf2` alone is SHA-1), and of Django.
fn inner(kind: &str) -> Result<Inner, HashProblem> {
    match kind {
        "pbkdf2" | "pbkdf2-sha1" | "pbkdf2_sha1" => Ok(Inner::Sha1),
        "pbkdf2-sha256" | "pbkdf2_sha256" => Ok(Inner::Sha256),
        "pbkdf2-sha512" | "pbkdf2_sha512" => Ok(Inner::Sha512),
        _ => Err(HashProblem::Unknown),
    }
}

impl Inner {
    fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }
}

/// Base64 with or without padding; passlib writes a dot for the plus sign.
fn base64(text: &str) -> Result<Vec<u8>, HashProblem> {
    let text = text.replace('.', "+");
    let encoding = if text.ends_with('=') { BASE64 } else { BASE64_NOPAD };
    encoding.decode(text.as_bytes()).map_err(|_| HashProblem::Malformed)
}

/// The numbers of `a=1,b=2`, in this order.
fn named<const N: usize>(params: &str, names: [&str; N]) -> Result<[u32; N], HashProblem> {
    let mut numbers = [0; N];
    let mut parts = params.split(',');
    for (place, name) in numbers.iter_mut().zip(names) {
        let value = parts.next().and_then(|part| part.strip_prefix(name)?.strip_prefix('='));
        *place = number(value.ok_or(HashProblem::Malformed)?)?;
    }
    match parts.next() {
        None => Ok(numbers),
        Some(_) => Err(HashProblem::Malformed),
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, HashProblem> {
    match text.parse() {
        Ok(number) if text.bytes().all(|digit| digit.is_ascii_digit()) => Ok(number),
        // More digits than the number holds.
        Err(_) if !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit()) => Err(HashProblem::TooCostly),
        _ => Err(HashProblem::Malformed),
    }
}

/// The normal form.
impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base64 = |bytes: &[u8]| BASE64_NOPAD.encode(bytes);
        match self {
            Self::Bcrypt { hash, of_sha256: false } => f.write_str(hash),
            Self::Bcrypt { hash, of_sha256: true } => {
                write!(f, "$bcrypt-of-sha256{}", hash.trim_start_matches("$2b"))
            }
            Self::Scrypt { params, salt, output } => {
                let (log_n, r, p) = (params.log_n(), params.r(), params.p());
                write!(f, "$scrypt$ln={log_n},r={r},p={p}${}${}", base64(salt), base64(output))
            }
            Self::Pbkdf2 { hash, iterations, salt, output } => {
                let (name, length) = (hash.name(), output.len());
                write!(f, "$pbkdf2-{name}$i={iterations},l={length}${}${}", base64(salt), base64(output))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::auth::hashing::stored::Stored;

    fn problem(text: &str) -> HashProblem {
        match Stored::read(text) {
            Ok(stored) => panic!("{text} was read as {stored}"),
            Err(problem) => problem,
        }
    }

    /// Real hashes, made by argon2-cffi, bcrypt, Django 5.2, passlib and Python's hashlib; what each becomes.
    const FORMS: [(&str, &str); 8] = [
        (
            "argon2$argon2id$v=19$m=8192,t=2,p=8$SnhORXhVeHlJYVhBdDQySGVsR1dzMw$ExusoyadBaqqNouDgHVHTWQXtJdOKrcBqYfldQ/Mris",
            "$argon2id$v=19$m=8192,t=2,p=8$SnhORXhVeHlJYVhBdDQySGVsR1dzMw$ExusoyadBaqqNouDgHVHTWQXtJdOKrcBqYfldQ/Mris",
        ),
        (
            "$argon2id$m=1024,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$IeU7FgOgxrwRpzQm+ICNuunmGu4ilTGK7AT/Sur/fRw",
            "$argon2id$v=16$m=1024,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$IeU7FgOgxrwRpzQm+ICNuunmGu4ilTGK7AT/Sur/fRw",
        ),
        (
            "$2y$05$4QjHX6MJKVhX/u.Wk8S8S.09rZ.sgKKToevzVtaijWAI2bu.PP9oG",
            "$2b$05$4QjHX6MJKVhX/u.Wk8S8S.09rZ.sgKKToevzVtaijWAI2bu.PP9oG",
        ),
        (
            "bcrypt_sha256$$2b$05$c2AYc59afBo9PVb/KibEBu9oHVxY78hEYBVYGDaY3lRvcdd6mdf5u",
            "$bcrypt-of-sha256$05$c2AYc59afBo9PVb/KibEBu9oHVxY78hEYBVYGDaY3lRvcdd6mdf5u",
        ),
        (
            "scrypt$4096$YQTiA1Ggq64EP4t3JdLQ19$8$2$hGr/ZFiNSUKNifa0GczAvywBUtzGsxM5zpmKESdA2LCAQNOXzFo67TkI0Q3MksfnK9A9JpBZxhagputNmY7T6w==",
            "$scrypt$ln=12,r=8,p=2$WVFUaUExR2dxNjRFUDR0M0pkTFExOQ$hGr/ZFiNSUKNifa0GczAvywBUtzGsxM5zpmKESdA2LCAQNOXzFo67TkI0Q3MksfnK9A9JpBZxhagputNmY7T6w",
        ),
        (
            "pbkdf2_sha1$5000$Q40tRXZaLRk6lXH46Emhjm$YjRLVdR6k3q4iMRZmepuU8JJZeM=",
            "$pbkdf2-sha1$i=5000,l=20$UTQwdFJYWmFMUms2bFhINDZFbWhqbQ$YjRLVdR6k3q4iMRZmepuU8JJZeM",
        ),
        (
            "$pbkdf2-sha256$5000$/r83xhgjhNA651zLGeMcgw$IgoU0ykBfNkYNsLL3TBKlI.oPsnwZytGLILtNlW90.Y",
            "$pbkdf2-sha256$i=5000,l=32$/r83xhgjhNA651zLGeMcgw$IgoU0ykBfNkYNsLL3TBKlI+oPsnwZytGLILtNlW90+Y",
        ),
        (
            "pbkdf2:sha256:5000$werkzeugsalt1234$b9a1900858a8054f8ff5b33c0aca6f7086b337b401e986a4da7ca3f1bd249c1c",
            "$pbkdf2-sha256$i=5000,l=32$d2Vya3pldWdzYWx0MTIzNA$uaGQCFioBU+P9bM8CspvcIazN7QB6Yak2nyj8b0knBw",
        ),
    ];

    #[test]
    fn every_form_has_one_normal_form_which_reads_as_itself() {
        for (form, normal) in FORMS {
            let stored = Stored::read(form).unwrap_or_else(|problem| panic!("{form}: {problem}"));
            assert_eq!(stored.to_string(), normal);
            assert_eq!(Stored::read(normal).ok().map(|stored| stored.to_string()).as_deref(), Some(normal));
        }
    }

    #[test]
    fn a_form_that_is_cut_off_or_altered_is_refused_and_never_panics() {
        for (form, _) in FORMS {
            // Further right, most forms are a shorter hash and as good as another.
            let end_of_salt = form.rfind('$').unwrap_or(0);
            for end in 0..end_of_salt + 20 {
                assert!(Stored::read(&form[..end]).is_err(), "{}", &form[..end]);
            }
            for at in 0..form.len() {
                for stranger in ["$", "é", "", "99999999999"] {
                    let _ = Stored::read(&format!("{}{stranger}{}", &form[..at], &form[at + 1..]));
                }
            }
        }
    }

    #[test]
    fn parameters_that_are_absurd_are_refused_with_the_reason() {
        const SALT: &str = "c2l4dGVlbiBieXRlIHNsdA";
        const OUTPUT: &str = "7Qyk441ruyd0q47yxHHn6LLtbkPRJW1zOB2lwPSCsu4";
        let argon2 = |params: &str| format!("$argon2id$v=19${params}${SALT}${OUTPUT}");
        let bcrypt = |cost: &str| format!("$2b${cost}$9RkNMpo8b3EiNU3wrFtRku7EJPuuDHkxKXWuIGauJCZ53YthUVvoK");
        let scrypt = |params: &str| format!("$scrypt${params}${SALT}${OUTPUT}");
        let pbkdf2 = |iterations: &str| format!("$pbkdf2-sha256${iterations}${SALT}${OUTPUT}");

        for costly in [
            argon2("m=4194304,t=1,p=1"),
            argon2("m=65536,t=1000,p=1"),
            argon2("m=65536,t=1,p=64"),
            bcrypt("17"),
            bcrypt("31"),
            scrypt("ln=19,r=8,p=1"),
            scrypt("ln=63,r=8,p=1"),
            scrypt("ln=64,r=8,p=1"),
            scrypt("ln=14,r=8,p=1000"),
            scrypt("ln=14,r=4294967295,p=4294967295"),
            pbkdf2("5000001"),
            pbkdf2("99999999999"),
            // Four blocks of SHA-1.
            format!("$pbkdf2${}${SALT}${}", 2_000_000, "A".repeat(86)),
        ] {
            assert_eq!(problem(&costly), HashProblem::TooCostly, "{costly}");
        }
        for weak in [
            argon2("m=64,t=1,p=1"),
            bcrypt("03"),
            scrypt("ln=4,r=8,p=1"),
            scrypt("ln=10,r=0,p=1"),
            pbkdf2("1"),
            pbkdf2("0"),
            format!("$pbkdf2-sha256$29000$c2FsdA${OUTPUT}"),
            format!("$pbkdf2-sha256$29000${SALT}$AAAA"),
        ] {
            assert_eq!(problem(&weak), HashProblem::TooWeak, "{weak}");
        }
    }

    /// A salt or an output of so many bytes.
    fn bytes(length: usize) -> String {
        BASE64_NOPAD.encode(&vec![7; length])
    }

    #[test]
    fn every_bound_of_the_parameters_is_kept_to_the_number() {
        let of = |start: String, salt: usize, output: usize| format!("${start}${}${}", bytes(salt), bytes(output));
        let argon2 = |params: &str| of(format!("argon2id$v=19${params}"), 16, 32);
        let bcrypt = |cost: &str| format!("$2b${cost}$9RkNMpo8b3EiNU3wrFtRku7EJPuuDHkxKXWuIGauJCZ53YthUVvoK");
        let scrypt = |params: &str| of(format!("scrypt${params}"), 16, 32);
        let pbkdf2 = |kind: &str, iterations: u32, output| of(format!("pbkdf2-{kind}${iterations}"), 16, output);

        for (within, beyond, expected) in [
            (argon2("m=512,t=1,p=1"), argon2("m=511,t=1,p=1"), HashProblem::TooWeak),
            (argon2("m=262144,t=1,p=1"), argon2("m=262145,t=1,p=1"), HashProblem::TooCostly),
            (argon2("m=512,t=10,p=1"), argon2("m=512,t=11,p=1"), HashProblem::TooCostly),
            (argon2("m=512,t=1,p=8"), argon2("m=512,t=1,p=9"), HashProblem::TooCostly),
            (
                of("argon2id$m=512,t=1,p=1".into(), 16, 16),
                of("argon2id$m=512,t=1,p=1".into(), 16, 15),
                HashProblem::TooWeak,
            ),
            (bcrypt("04"), bcrypt("03"), HashProblem::TooWeak),
            (bcrypt("16"), bcrypt("17"), HashProblem::TooCostly),
            // A MiB, 256 MiB, and four times the work that OWASP asks for.
            (scrypt("ln=10,r=8,p=1"), scrypt("ln=10,r=7,p=1"), HashProblem::TooWeak),
            (scrypt("ln=18,r=8,p=1"), scrypt("ln=18,r=9,p=1"), HashProblem::TooCostly),
            (scrypt("ln=14,r=8,p=32"), scrypt("ln=14,r=8,p=33"), HashProblem::TooCostly),
            (pbkdf2("sha256", 1_000, 32), pbkdf2("sha256", 999, 32), HashProblem::TooWeak),
            (pbkdf2("sha256", 5_000_000, 32), pbkdf2("sha256", 5_000_001, 32), HashProblem::TooCostly),
            (pbkdf2("sha512", 5_000_000, 64), pbkdf2("sha512", 5_000_001, 64), HashProblem::TooCostly),
            // Two blocks, and four.
            (pbkdf2("sha256", 2_500_000, 33), pbkdf2("sha256", 2_500_001, 33), HashProblem::TooCostly),
            (pbkdf2("sha1", 1_250_000, 64), pbkdf2("sha1", 1_250_001, 64), HashProblem::TooCostly),
            (of("pbkdf2-sha256$5000".into(), 8, 16), of("pbkdf2-sha256$5000".into(), 7, 16), HashProblem::TooWeak),
            (of("pbkdf2-sha256$5000".into(), 8, 16), of("pbkdf2-sha256$5000".into(), 8, 15), HashProblem::TooWeak),
            (of("pbkdf2-sha256$5000".into(), 64, 64), of("pbkdf2-sha256$5000".into(), 65, 64), HashProblem::Malformed),
            (of("pbkdf2-sha256$5000".into(), 64, 64), of("pbkdf2-sha256$5000".into(), 64, 65), HashProblem::Malformed),
            (
                of("pbkdf2-sha256$i=5000,l=32".into(), 16, 32),
                of("pbkdf2-sha256$i=5000,l=32".into(), 16, 33),
                HashProblem::Malformed,
            ),
        ] {
            assert!(Stored::read(&within).is_ok(), "{within}");
            assert_eq!(problem(&beyond), expected, "{beyond}");
        }
    }

    #[test]
    fn the_memory_that_scrypt_takes_is_known_before_it_is_taken() {
        assert_eq!(scrypt_memory(&scrypt::Params::new(14, 8, 2).unwrap()), 16 * 1_024 * 1_024);
    }

    #[test]
    fn what_is_no_hash_of_ours_is_said_to_be_none() {
        for text in [
            "",
            "secret",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
            "$1$salt$hash",
            "$6$rounds=5000$salt$hash",
            "$2x$05$9RkNMpo8b3EiNU3wrFtRku7EJPuuDHkxKXWuIGauJCZ53YthUVvoK",
            "$argon2x$v=19$m=8192,t=2,p=1$c2l4dGVlbiBieXRlIHNsdA$7Qyk441ruyd0q47yxHHn6LLtbkPRJW1zOB2lwPSCsu4",
            "$argon2id$v=19$m=8192,t=2,p=1,keyid=AAAA$c2l4dGVlbiBieXRlIHNsdA$7Qyk441ruyd0q47yxHHn6LLtbkPRJW1zOB2lwPSCsu4",
            &"$2b$05$".repeat(1_000),
            &format!("$argon2id$v=19$m=8192,t=2,p=1${}", "A".repeat(500)),
        ] {
            assert_eq!(problem(text), HashProblem::Unknown, "{text}");
        }
        assert_eq!(problem("!D8lqOiBdrEqKCtczloIUSMtBdDjCdueJ4OjSk644"), HashProblem::NoPassword);
    }

    /// A number as hashes have them: near a bound, a usual one, or any.
    fn numbers() -> impl Strategy<Value = String> {
        const BOUNDS: [u64; 13] = [4, 8, 10, 16, 20, 21, 512, 1_000, 1 << 14, 1 << 17, 1 << 18, 1 << 21, 5_000_000];

        prop_oneof![
            4 => (select(&BOUNDS[..]), 0_u64..3).prop_map(|(bound, more)| (bound + more - 1).to_string()),
            4 => (1_u64..24).prop_map(|n| n.to_string()),
            1 => (0_u32..64).prop_map(|bits| (1_u64 << bits).to_string()),
            1 => any::<u64>().prop_map(|n| n.to_string()),
            1 => "[0-9+ -]{0,22}",
        ]
    }

    fn bytes_as_text() -> impl Strategy<Value = String> {
        prop_oneof![
            6 => vec(any::<u8>(), 8..66).prop_map(|bytes| BASE64_NOPAD.encode(&bytes)),
            1 => vec(any::<u8>(), 16).prop_map(|bytes| BASE64.encode(&bytes)),
            2 => "[0-9a-f]{64}",
            1 => "[A-Za-z0-9+/.]{0,90}={0,2}",
            1 => "[ -~&&[^$]]{0,70}",
        ]
    }

    /// Forms of other systems: where a number stands, `A`, `B` or `C`; `S` for the salt, `O` for what came out, `R` for
    /// bcrypt's both.
    const PLACES: [&str; 16] = [
        "$argon2id$v=19$m=A,t=B,p=C$S$O",
        "argon2$argon2i$v=16$m=A,t=B,p=C$S$O",
        "$argon2d$m=A,t=B,p=C$S$O",
        "$2b$0A$R",
        "$2y$A$R",
        "bcrypt$$2a$A$R",
        "bcrypt_sha256$$2b$A$R",
        "$bcrypt-of-sha256$0A$R",
        "$scrypt$ln=A,r=B,p=C$S$O",
        "scrypt$A$S$B$C$O",
        "scrypt:A:B:C$S$O",
        "$pbkdf2-sha256$i=A,l=32$S$O",
        "$pbkdf2-sha512$A$S$O",
        "$pbkdf2$A$S$O",
        "pbkdf2_sha1$A$S$O",
        "pbkdf2:sha256:A$S$O",
    ];

    /// What other systems write, with anything in the places of its numbers, its salt and its hash.
    fn like_hashes() -> impl Strategy<Value = String> {
        let texts = (bytes_as_text(), bytes_as_text(), "[./A-Za-z0-9]{53}");
        let filled = (select(&PLACES[..]), [numbers(), numbers(), numbers()], texts);
        filled.prop_map(|(form, [a, b, c], (salt, output, both))| {
            let fill = |part| match part {
                'A' => a.clone(),
                'B' => b.clone(),
                'C' => c.clone(),
                'S' => salt.clone(),
                'O' => output.clone(),
                'R' => both.clone(),
                other => other.to_string(),
            };
            form.chars().map(fill).collect()
        })
    }

    fn texts() -> impl Strategy<Value = String> {
        let spliced =
            (select(&FORMS[..]), any::<prop::sample::Index>(), ".{0,3}").prop_map(|((form, _), at, strange)| {
                let at = at.index(form.len());
                format!("{}{strange}{}", &form[..at], &form[at + 1..])
            });
        prop_oneof![8 => like_hashes(), 2 => spliced, 1 => "[!-~]{0,100}", 1 => any::<String>()]
    }

    proptest! {
        #[test]
        fn whatever_is_read_as_a_hash_is_within_the_bounds_and_reads_the_same_from_then_on(text in texts()) {
            let Ok(stored) = Stored::read(&text) else { return Ok(()) };
            let normal = stored.to_string();
            prop_assert_eq!(Stored::read(&normal).map(|stored| stored.to_string()), Ok(normal.clone()));

            let parts = normal.split(['$', ',', '=']).filter(|part| part.len() < 12);
            let numbers: Vec<u64> = parts.filter_map(|part| part.parse().ok()).collect();
            let are_long_enough = |salt: &[u8], output: &[u8]| {
                (8..=64).contains(&salt.len()) && (16..=64).contains(&output.len())
            };
            match (stored, &numbers[..]) {
                (Stored::Argon2(_), [_, memory_kib, passes, lanes, ..]) => {
                    prop_assert!((512..=256 << 10).contains(memory_kib), "{}", normal);
                    prop_assert!((1..=10).contains(passes) && (1..=8).contains(lanes), "{}", normal);
                }
                (Stored::Foreign(Foreign::Bcrypt { .. }), [cost, ..]) => {
                    prop_assert!((4..=16).contains(cost), "{}", normal);
                }
                (Stored::Foreign(Foreign::Scrypt { salt, output, .. }), [log_n, r, p, ..]) => {
                    let work = (1 << log_n) * r;
                    prop_assert!((1 << 20..=256 << 20).contains(&(work * 128)), "{}", normal);
                    prop_assert!((1..=1 << 22).contains(&(work * p)), "{}", normal);
                    prop_assert!(are_long_enough(&salt, &output), "{}", normal);
                }
                (Stored::Foreign(Foreign::Pbkdf2 { salt, output, hash, .. }), [iterations, ..]) => {
                    let all = iterations * output.len().div_ceil(hash.length()) as u64;
                    prop_assert!(*iterations >= 1_000 && all <= 5_000_000, "{}", normal);
                    prop_assert!(are_long_enough(&salt, &output), "{}", normal);
                }
                _ => prop_assert!(false, "{} has not its numbers", normal),
            }
        }

        #[test]
        fn a_password_is_compared_with_whatever_was_read_as_a_hash_and_is_not_the_one(
            form in "\\$2b\\$04\\$O|bcrypt_sha256\\$\\$2b\\$04\\$O|scrypt:1024:8:1\\$S\\$O|\\$pbkdf2-sha256\\$1000\\$S\\$O",
            salt in bytes_as_text(),
            output in prop_oneof![bytes_as_text(), "[./A-Za-z0-9]{53}"],
            password: String,
        ) {
            if let Ok(foreign) = Foreign::read(&form.replace('S', &salt).replace('O', &output)) {
                prop_assert_eq!(foreign.matches(password.as_bytes()), Some(false));
            }
        }
    }
}
