use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{BadSetting, bad};

/// Networks or single addresses: a list, or one as it is easily written in the environment.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum Networks {
    Many(Vec<String>),
    One(String),
}

impl Networks {
    pub(super) fn read(self) -> Result<Vec<IpNet>, BadSetting> {
        let texts = match self {
            Self::Many(texts) => texts,
            Self::One(text) => text.split(',').map(|text| text.trim().to_owned()).collect(),
        };
        let read = |text: &String| {
            let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            let network = network
                .map_err(|_| bad(format!("`trusted_proxies` names {text:?}, which is no network like 10.0.0.0/8.")))?;
            // Whoever believes everyone lets everyone choose an address.
            match network.prefix_len() {
                0 => Err(bad("`trusted_proxies` may not name the whole world.".into())),
                _ => Ok(network),
            }
        };
        texts.iter().filter(|text| !text.is_empty()).map(read).collect()
    }
}
