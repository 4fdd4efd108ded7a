//! WHAT THE OPERATOR DECIDES: one flat list beside Rocket's own keys, read once, checked whole, refused with a sentence.
//! What is written (`written.rs`) comes from several places (`sources.rs`) and becomes [`Settings`].

mod bad_setting;
mod checked;
pub mod data_dir;
mod listing;
mod networks;
mod public_url;
mod refusals;
mod rules;
mod secret;
mod sources;
pub mod whole_file;
mod written;

pub use bad_setting::BadSetting;
pub use checked::Settings;
pub use listing::{Listed, absolute, is_secret, list};
pub use public_url::{LOOPBACK_NAMES, PublicUrl};
pub use rules::HASHING_FLOORS;
pub use secret::{MetricsToken, Secret};
pub use sources::{Origin, figment, origin, safe_defaults};
pub use written::our_keys;
