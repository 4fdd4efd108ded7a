//! The files of `static/`: inside the program in a release build, read from the checkout in a debug build.

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use rocket::Request;
use rocket::http::{ContentType, Header};
use rocket::response::{self, Responder, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

/// One of our static files.
pub struct Asset {
    name: String,
    file: EmbeddedFile,
    is_immutable: bool,
}

impl Asset {
    /// The file of this name, which holds the hash of the content it wants: another content is another address.
    pub fn hashed(name: &str) -> Option<Self> {
        let (stem, ending) = name.rsplit_once('.')?;
        let (stem, hash) = stem.rsplit_once('.')?;
        let name = format!("{stem}.{ending}");
        let file = Files::get(&name)?;
        (short_hash(&file) == hash).then_some(Self { name, file, is_immutable: true })
    }

    /// The file of this name, whatever its content is today.
    pub fn named(name: &str) -> Option<Self> {
        Some(Self { name: name.to_owned(), file: Files::get(name)?, is_immutable: false })
    }

    /// The address of a file as it is now.
    pub(super) fn address(name: &str) -> Option<String> {
        let file = Files::get(name)?;
        let (stem, ending) = name.rsplit_once('.')?;
        Some(format!("/static/{stem}.{}.{ending}", short_hash(&file)))
    }
}

/// The first 64 bits of the content's SHA-256.
fn short_hash(file: &EmbeddedFile) -> String {
    HEXLOWER.encode(&file.metadata.sha256_hash()[..8])
}

impl<'r> Responder<'r, 'static> for Asset {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let ending = self.name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let kind = ContentType::from_extension(ending).unwrap_or(ContentType::Binary);
        // Rocket leaves it out of scripts and pictures.
        let kind = format!("{}/{}; charset=utf-8", kind.top(), kind.sub());
        let keep = if self.is_immutable { "public, max-age=31536000, immutable" } else { "public, max-age=86400" };
        let body = match self.file.data {
            Cow::Borrowed(inside) => inside.to_vec(),
            Cow::Owned(read) => read,
        };
        Response::build()
            .header(Header::new("Content-Type", kind))
            .header(Header::new("Cache-Control", keep))
            .sized_body(body.len(), std::io::Cursor::new(body))
            .ok()
    }
}
