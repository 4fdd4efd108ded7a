use std::net::IpAddr;

use ipnet::IpNet;

/// From where a request came, kept so that the owner of an account can recognise it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientInfo {
    /// What the browser or program calls itself.
    pub user_agent: Option<String>,
    /// The client's address, where one is known.
    pub address: Option<IpAddr>,
}

impl ClientInfo {
    /// The network the address is in: enough to recognise a place, no more (/24 and /64).
    pub fn network(&self) -> Option<String> {
        self.address.map(|address| network_of(address, 24, 64).to_string())
    }
}

/// The network of so many bits that an address is in.
pub fn network_of(address: IpAddr, v4_bits: u8, v6_bits: u8) -> IpNet {
    let address = address.to_canonical();
    let bits = if address.is_ipv4() { v4_bits } else { v6_bits };
    IpNet::new(address, bits).map_or_else(|_| address.into(), |network| network.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_as_its_network() {
        let network = |address: &str| ClientInfo { user_agent: None, address: address.parse().ok() }.network().unwrap();
        assert_eq!(network("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(network("::ffff:203.0.113.77"), "203.0.113.0/24");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    }
}
