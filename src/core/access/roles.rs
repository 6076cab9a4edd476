//! Roles, privileges, and the one table of which operation needs which privilege.

use serde::{Deserialize, Serialize};

/// A role; each has a fixed set of privileges (DSP0266 section 13.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// May do everything.
    Administrator,
    /// May work the servers, not the daemon and not the accounts.
    Operator,
    /// May look, and change their own password.
    ReadOnly,
}

/// A privilege, by Redfish's names (DSP0266 section 13.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Privilege {
    /// May log in and read.
    Login,
    /// May change the daemon's own settings.
    ConfigureManager,
    /// May change accounts.
    ConfigureUsers,
    /// May change their own account and sessions.
    ConfigureSelf,
    /// May change the servers.
    ConfigureComponents,
}

impl Role {
    /// Every role, the mightiest first.
    pub const ALL: [Self; 3] = [Self::Administrator, Self::Operator, Self::ReadOnly];

    /// The role's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrator => "Administrator",
            Self::Operator => "Operator",
            Self::ReadOnly => "ReadOnly",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The role's privileges.
    #[must_use]
    pub const fn privileges(self) -> &'static [Privilege] {
        use Privilege::{
            ConfigureComponents, ConfigureManager, ConfigureSelf, ConfigureUsers, Login,
        };
        match self {
            Self::Administrator => &[
                Login,
                ConfigureManager,
                ConfigureUsers,
                ConfigureSelf,
                ConfigureComponents,
            ],
            Self::Operator => &[Login, ConfigureSelf, ConfigureComponents],
            Self::ReadOnly => &[Login, ConfigureSelf],
        }
    }

    /// Whether the role has a privilege.
    #[must_use]
    pub fn has(self, privilege: Privilege) -> bool {
        self.privileges().contains(&privilege)
    }
}

/// Something that an actor does through any service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Read a server's state, sensors, inventory and events.
    ReadServer,
    /// Read the daemon's own settings and tasks.
    ReadManager,
    /// Read accounts other than one's own.
    ReadAccounts,
    /// See a server's screen and the lights of its keyboard.
    SeeScreen,
    /// Use a server's keyboard.
    UseKeyboard,
    /// Switch a server.
    ControlPower,
    /// Set a boot override.
    SetBootOverride,
    /// Set what happens when power returns.
    SetRestorePolicy,
    /// Set the pause of a power cycle.
    SetCycleInterval,
    /// Switch the identify light.
    Identify,
    /// Set the asset tag.
    SetAssetTag,
    /// Clear a server's system event log.
    ClearLog,
    /// Set and clear faults of a simulated server.
    SetFaults,
    /// Change the daemon's own settings.
    ConfigureManager,
    /// Make, change and remove accounts.
    ConfigureAccounts,
    /// Change one's own password, end one's own sessions.
    ConfigureSelf,
    /// End other people's sessions.
    EndSessions,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 17] = [
        Self::ReadServer,
        Self::ReadManager,
        Self::ReadAccounts,
        Self::SeeScreen,
        Self::UseKeyboard,
        Self::ControlPower,
        Self::SetBootOverride,
        Self::SetRestorePolicy,
        Self::SetCycleInterval,
        Self::Identify,
        Self::SetAssetTag,
        Self::ClearLog,
        Self::SetFaults,
        Self::ConfigureManager,
        Self::ConfigureAccounts,
        Self::ConfigureSelf,
        Self::EndSessions,
    ];

    /// The privilege that the operation needs. This is the one table: every service asks here.
    #[must_use]
    pub const fn needs(self) -> Privilege {
        match self {
            Self::ReadServer | Self::ReadManager | Self::SeeScreen => Privilege::Login,
            Self::UseKeyboard
            | Self::ControlPower
            | Self::SetBootOverride
            | Self::SetRestorePolicy
            | Self::Identify
            | Self::SetAssetTag => Privilege::ConfigureComponents,
            // The pause as IPMI 2.0 table G-1 has it: for Administrators.
            Self::SetCycleInterval
            | Self::ClearLog
            | Self::SetFaults
            | Self::ConfigureManager
            | Self::EndSessions => Privilege::ConfigureManager,
            Self::ReadAccounts | Self::ConfigureAccounts => Privilege::ConfigureUsers,
            Self::ConfigureSelf => Privilege::ConfigureSelf,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mightier_role_may_do_all_that_a_lesser_one_may() {
        for operation in Operation::ALL {
            let may: Vec<bool> = Role::ALL.iter().map(|r| r.has(operation.needs())).collect();
            assert!(may[0], "an Administrator may not {operation:?}");
            assert!(
                may[1] || !may[2],
                "ReadOnly may {operation:?} and Operator may not"
            );
        }
    }
}
