use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::bad_setting::{BadSetting, bad};

/// Networks or single addresses: a list, or one as it is easily written in the environment.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum Networks {
    Many(Vec<String>),
    One(String),
}

impl Networks {
    pub fn read(self) -> Result<Vec<IpNet>, BadSetting> {
        let texts = match self {
            Self::Many(texts) => texts,
            Self::One(text) => text.split(',').map(|text| text.trim().to_owned()).collect(),
        };
        texts.iter().filter(|text| !text.is_empty()).map(|text| network(text)).collect()
    }
}

fn network(text: &str) -> Result<IpNet, BadSetting> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    match network {
        Err(_) => Err(bad(format!("`trusted_proxies` names {text:?}, which is no network like 10.0.0.0/8."))),
        // Whoever believes everyone lets everyone choose an address.
        Ok(network) if network.prefix_len() == 0 => Err(bad("`trusted_proxies` may not name the whole world.")),
        Ok(network) => Ok(network),
    }
}
