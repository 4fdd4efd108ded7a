use data_encoding::BASE64URL_NOPAD;

use super::{Failure, UserId, random_bytes};

/// How many users one browser may be known to.
const MOST: usize = 5;

/// A browser in which a user has logged in before (OWASP's device cookie): it has a budget of failed tries of its own, so
/// that strangers cannot use up its owner's. It opens nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub user_id: UserId,
    /// Tells it from that user's other browsers.
    pub mark: String,
}

/// What a browser is known as, the latest user first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices(Vec<Device>);

impl Device {
    /// A browser that this user logs in with for the first time.
    pub fn new(user_id: UserId) -> Result<Self, Failure> {
        Ok(Self { user_id, mark: BASE64URL_NOPAD.encode(&random_bytes::<16>()?) })
    }
}

impl Devices {
    /// What it is known as to this user.
    pub fn of(&self, user_id: UserId) -> Option<&Device> {
        self.0.iter().find(|device| device.user_id == user_id)
    }

    /// The same, known to this user too, who comes first from now on.
    pub fn with(mut self, device: Device) -> Self {
        self.0.retain(|known| known.user_id != device.user_id);
        self.0.insert(0, device);
        self.0.truncate(MOST);
        self
    }

    /// The same, not known to this user.
    pub fn without(mut self, user_id: UserId) -> Self {
        self.0.retain(|known| known.user_id != user_id);
        self
    }

    pub fn to_text(&self) -> String {
        let each: Vec<String> = self.0.iter().map(|device| format!("{}.{}", device.user_id, device.mark)).collect();
        each.join(",")
    }

    /// Reads what [`Devices::to_text`] wrote.
    pub fn parse(text: &str) -> Self {
        let read = |each: &str| {
            let (user_id, mark) = each.split_once('.')?;
            Some(Device { user_id: UserId::parse(user_id)?, mark: mark.to_owned() })
        };
        Self(text.split(',').filter_map(read).take(MOST).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Moment;

    #[test]
    fn a_browser_knows_its_latest_users() {
        let users: Vec<UserId> = (0..7).map(|n| UserId::new(Moment::from_millis(n))).collect();
        let devices = users.iter().fold(Devices::default(), |devices, user| devices.with(Device::new(*user).unwrap()));

        assert_eq!(Devices::parse(&devices.to_text()), devices);
        assert_eq!(devices.0[0].user_id, users[6]);
        assert!(devices.of(users[2]).is_some() && devices.of(users[1]).is_none());
        assert_eq!(Devices::parse("nonsense,.,"), Devices::default());
    }
}
