//! A stored hash taken apart: one of ours, or one of a user who was imported from another system.

use std::fmt;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Params, Version};

use super::foreign::{Foreign, HashProblem};

/// A stored hash, ready to compute. Whoever can write to the database, or to a file that is imported, must not be able to
/// make a login cost gigabytes or minutes, so absurd parameters are no hash at all.
#[derive(derive_more::Display)]
pub(super) enum Stored {
    Argon2(StoredArgon2),
    Foreign(Foreign),
}

impl Stored {
    /// Reads the normal form, which is what `Display` writes, or another form that is in use elsewhere.
    pub fn read(text: &str) -> Result<Self, HashProblem> {
        /// No form is longer.
        const LONGEST: usize = 512;

        // Django writes the name of its hasher in front of a PHC string.
        let argon2 = text.strip_prefix("argon2").filter(|phc| phc.starts_with('$')).unwrap_or(text);
        if text.len() > LONGEST {
            Err(HashProblem::Unknown)
        } else if argon2.starts_with("$argon2") {
            StoredArgon2::read(argon2).map(Self::Argon2)
        } else {
            Foreign::read(text).map(Self::Foreign)
        }
    }
}

/// Argon2 of any kind; ours is Argon2id.
pub(super) struct StoredArgon2 {
    pub algorithm: Algorithm,
    pub version: Version,
    pub params: Params,
    pub salt: Vec<u8>,
    pub output: Vec<u8>,
}

impl StoredArgon2 {
    const LEAST_MEMORY_KIB: u32 = 512;
    const MOST_MEMORY_KIB: u32 = 256 * 1024;
    const MOST_PASSES: u32 = 10;
    const MOST_LANES: u32 = 8;
    const SHORTEST_OUTPUT: usize = 16;

    fn read(text: &str) -> Result<Self, HashProblem> {
        let phc = Phc::new(text).map_err(|_| HashProblem::Malformed)?;
        let algorithm = Algorithm::try_from(phc.algorithm.as_str()).map_err(|_| HashProblem::Unknown)?;
        // A key or data that went in with the password would be needed here too.
        if phc.params.iter().any(|(name, _)| !matches!(name.as_str(), "m" | "t" | "p")) {
            return Err(HashProblem::Unknown);
        }
        let params = Params::try_from(&phc).map_err(|_| HashProblem::Malformed)?;
        if params.m_cost() > Self::MOST_MEMORY_KIB
            || params.t_cost() > Self::MOST_PASSES
            || params.p_cost() > Self::MOST_LANES
        {
            return Err(HashProblem::TooCostly);
        }
        let (salt, output) = phc.salt.zip(phc.hash).ok_or(HashProblem::Malformed)?;
        if params.m_cost() < Self::LEAST_MEMORY_KIB || output.len() < Self::SHORTEST_OUTPUT {
            return Err(HashProblem::TooWeak);
        }
        Ok(Self {
            algorithm,
            // One that names no version is of the first (the reference implementation's `decode_string`).
            version: phc.version.map_or(Ok(Version::V0x10), Version::try_from).map_err(|_| HashProblem::Unknown)?,
            params,
            salt: salt.as_ref().to_vec(),
            output: output.as_bytes().to_vec(),
        })
    }

    pub fn is_like(&self, params: &Params) -> bool {
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.params.m_cost() == params.m_cost()
            && self.params.t_cost() == params.t_cost()
            && self.params.p_cost() == params.p_cost()
            && self.output.len() == Params::DEFAULT_OUTPUT_LEN
    }
}

impl fmt::Display for StoredArgon2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phc = Phc {
            algorithm: self.algorithm.ident(),
            version: Some(self.version.into()),
            params: ParamsString::try_from(&self.params).map_err(|_| fmt::Error)?,
            salt: Some(Salt::new(&self.salt).map_err(|_| fmt::Error)?),
            hash: Some(Output::new(&self.output).map_err(|_| fmt::Error)?),
        };
        phc.fmt(f)
    }
}
