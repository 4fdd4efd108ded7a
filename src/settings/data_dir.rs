//! The one folder of data: made for its owner alone, with the key that seals cookies in it.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;

use super::secret::Secret;
use super::whole_file;
use crate::model::{only_file, random_bytes, shown};

/// Why the folder or the key in it cannot be used, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    #[error("The folder {} for the data cannot be made: {because}.", shown(.folder))]
    Folder { folder: PathBuf, because: io::Error },
    #[error("The key {} cannot be made or read: {because}.", shown(.file))]
    Key { file: PathBuf, because: io::Error },
    #[error("Others can read the key {}. Run `chmod 600` on it, and make a new one if they may have.", shown(.0))]
    KeyIsPublic(PathBuf),
    #[error("{} does not hold a key: 64 random bytes in base64. Restore it from a backup, or move it away to get a new one; \
             everyone then has to log in again, with a recovery code where two-factor authentication is on.", shown(.0))]
    NotAKey(PathBuf),
}

/// Makes the folder if it is not there. One that was made here is for its owner alone.
pub fn make(folder: &Path) -> Result<(), DataDirError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|because| DataDirError::Folder { folder: folder.to_owned(), because })?;
    let mode = fs::metadata(folder).map_or(0, |found| found.permissions().mode());
    if mode & 0o077 != 0 {
        tracing::warn!(folder = %shown(folder), "others can look into the data folder; run `chmod 700` on it");
    }
    Ok(())
}

/// Where the key is kept.
pub fn key_file(folder: &Path) -> PathBuf {
    folder.join("secret.key")
}

/// The key kept in the folder, made at the first start.
pub fn secret_key(folder: &Path) -> Result<Secret, DataDirError> {
    let file = key_file(folder);
    let failed = |because: io::Error| DataDirError::Key { file: file.clone(), because };

    if !file.try_exists().map_err(failed)? {
        make_key(&file).map_err(failed)?;
    }
    existing_key(folder)
}

/// The key kept in the folder, which must be there.
pub fn existing_key(folder: &Path) -> Result<Secret, DataDirError> {
    let file = key_file(folder);
    let failed = |because: io::Error| DataDirError::Key { file: file.clone(), because };

    let mode = only_file(&file).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(DataDirError::KeyIsPublic(file));
    }
    let key = Secret::read(fs::read_to_string(&file).map_err(failed)?.trim());
    key.filter(|key| key.bytes().len() == 64).ok_or(DataDirError::NotAKey(file))
}

/// Of two processes that start at once both use the same key.
fn make_key(file: &Path) -> io::Result<()> {
    let key = random_bytes::<64>().map_err(io::Error::other)?;
    let mut new = whole_file::begin(file)?;
    new.write_all(BASE64.encode(&key).as_bytes())?;
    match whole_file::finish(new, file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[test]
    fn the_folder_and_the_key_are_their_owners_alone_and_the_key_stays() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("data");
        make(&folder).unwrap();
        let first = secret_key(&folder).unwrap();

        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(folder.join("secret.key")).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(secret_key(&folder).unwrap().bytes(), first.bytes());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn a_key_that_others_can_read_or_that_is_none_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("data");
        make(&folder).unwrap();
        secret_key(&folder).unwrap();
        let file = folder.join("secret.key");

        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(secret_key(&folder), Err(DataDirError::KeyIsPublic(_))));
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        for text in ["", "short", &"A".repeat(44), &"!".repeat(88)] {
            fs::write(&file, text).unwrap();
            assert!(matches!(secret_key(&folder), Err(DataDirError::NotAKey(_))), "{text:?}");
        }
    }
}
