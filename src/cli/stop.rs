use crate::app::StartError;
use crate::auth::Failure;
use crate::settings::BadSetting;
use crate::settings::data_dir::DataDirError;

/// Why a command was not done, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    #[error("{0}")]
    Because(String),
    #[error(transparent)]
    Setting(#[from] BadSetting),
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("This could not be done now: {0}. `vestibule doctor` looks for the cause.")]
    Failure(#[from] Failure),
}

pub fn stop(sentence: impl Into<String>) -> Stop {
    Stop::Because(sentence.into())
}
