//! Who may do what: every operation for every role, through the gate.

use super::fakes::*;
use crate::access::{Denied, Operation, Privilege, Role, Scope, Via};

/// What each role may do, written out here a second time on purpose: a change of the table in
/// `roles` must be meant.
fn may(role: Role, operation: Operation) -> bool {
    use Operation::{
        ClearLog, ConfigureAccounts, ConfigureManager, ConfigureSelf, ControlPower, EndSessions,
        Identify, ReadAccounts, ReadManager, ReadServer, SeeScreen, SetAssetTag, SetBootOverride,
        SetCycleInterval, SetFaults, SetRestorePolicy, UseKeyboard,
    };
    match operation {
        ReadServer | ReadManager | SeeScreen | ConfigureSelf => true,
        UseKeyboard | ControlPower | SetBootOverride | SetRestorePolicy | Identify
        | SetAssetTag => role != Role::ReadOnly,
        ReadAccounts | SetCycleInterval | ClearLog | SetFaults | ConfigureManager
        | ConfigureAccounts | EndSessions => role == Role::Administrator,
    }
}

#[tokio::test]
async fn every_operation_is_for_the_roles_that_have_its_privilege() {
    let house = House::furnished().await;
    let server = "1".parse().unwrap();
    for (name, role) in [
        ("root", Role::Administrator),
        ("op", Role::Operator),
        ("guest", Role::ReadOnly),
    ] {
        for via in [Via::Redfish, Via::Console] {
            let actor = house
                .gate
                .password(by(via, 1), name, secret(PASSWORD))
                .await
                .unwrap();
            assert_eq!(actor.role(), role);
            for operation in Operation::ALL {
                let expected = if may(role, operation) {
                    Ok(())
                } else {
                    Err(Denied::Privilege(operation.needs()))
                };
                assert_eq!(
                    actor.may(operation, None),
                    expected,
                    "{role:?} {operation:?}"
                );
                assert_eq!(actor.may(operation, Some(&server)), expected);
            }
        }
    }
}

#[tokio::test]
async fn a_scope_hides_other_servers_and_the_daemons_own_settings() {
    let house = House::furnished().await;
    let (mine, other) = ("1".parse().unwrap(), "2".parse().unwrap());
    for role in Role::ALL {
        let mut new = new_account(role.name(), role);
        new.scope = Scope::Servers(vec!["1".parse().unwrap()]);
        house.gate.create(&house.system(), new).await.unwrap();
        let actor = house.basic(role.name(), PASSWORD, 1).await.unwrap();
        for operation in Operation::ALL {
            assert_eq!(actor.may(operation, Some(&other)), Err(Denied::Server));
            assert_eq!(
                actor.may(operation, Some(&mine)).is_ok(),
                may(role, operation)
            );
            let own = [
                Privilege::Login,
                Privilege::ConfigureSelf,
                Privilege::ConfigureComponents,
            ];
            let daemon = own.contains(&operation.needs()) && may(role, operation);
            assert_eq!(
                actor.may(operation, None).is_ok(),
                daemon,
                "{role:?} {operation:?}"
            );
        }
    }
}
