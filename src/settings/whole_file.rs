//! Files that are there whole or not at all, and for their owner alone.

use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// A file of another name in the same folder; gone unless [`finish`] gives it its name.
pub fn begin(file: &Path) -> io::Result<NamedTempFile> {
    let (name, folder) = (file.file_name().unwrap_or_default(), file.parent().unwrap_or(file));
    Builder::new().prefix(name).suffix(".part").tempfile_in(folder)
}

/// Gives it its name; what has that name already stays as it is. It survives a loss of power then.
pub fn finish(unfinished: NamedTempFile, file: &Path) -> io::Result<()> {
    unfinished.as_file().sync_all()?;
    let named = unfinished.persist_noclobber(file);
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())?;
    named?;
    Ok(())
}
