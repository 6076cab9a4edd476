//! Making, changing and removing accounts: who may, with which values, and what follows.

use zeroize::Zeroizing;

use super::{
    Account, AccountChange, AccountId, AccountRefused, AccountType, Actor, Gate, NewAccount,
    Operation,
    book::{OneTime, Record, Verifier},
    diff, rules,
    turn::{Effect, Ends},
};
use crate::host::HostFault;

impl Gate {
    /// Makes an account; durable when it returns.
    ///
    /// # Errors
    /// [`AccountRefused`].
    pub async fn create(&self, actor: &Actor, new: NewAccount) -> Result<Account, AccountRefused> {
        actor.may(Operation::ConfigureAccounts, None)?;
        rules::name(&new.name)?;
        let types = rules::types(new.types)?;
        rules::password(&new.password, &types)?;
        let scope = rules::scope(new.scope)?;
        let verifier = self.host.hasher.hash(new.password.clone()).await?;

        let mut turn = self.take_turn().await;
        actor.may(Operation::ConfigureAccounts, None)?;
        let mut book = self.inside.lock().book.clone();
        let (id, slot) = book.vacancy()?;
        let ipmi = types.contains(&AccountType::IPMI);
        let ipmi = ipmi.then(|| self.seal_ipmi(id, new.password.as_bytes()));
        let record = Record {
            id,
            name: new.name.into(),
            role: new.role,
            enabled: new.enabled,
            types,
            scope,
            slot,
            must_change_password: new.must_change_password || new.one_time,
            one_time: new.one_time.then_some(OneTime::Unused),
            verifier: Verifier(verifier.into()),
            ipmi: ipmi.transpose()?,
            vnc: None,
            revision: 1,
            generation: 1,
        };
        book.add(record.clone())?;
        let words = format!("made, as {}", record.role.name());
        let effect = Effect::new(&record, words, actor.into());
        self.carry_out(&mut turn, book, effect).await?;
        Ok(record.view())
    }

    /// Changes an account: one's own password with `ConfigureSelf`, anything with
    /// `ConfigureAccounts`. Durable when it returns; by then every session, connection and cached
    /// secret that rested on what changed (name, password, role, enabled, types, scope, or that the
    /// password must be changed) has ended, but the session that the change came through, when it
    /// was its own password that changed. Another IPMI secret ends who came in by IPMI. The actor itself may have ended by then: the account as it
    /// is now comes from here.
    ///
    /// # Errors
    /// [`AccountRefused`].
    pub async fn change(
        &self,
        actor: &Actor,
        id: AccountId,
        change: AccountChange,
    ) -> Result<Account, AccountRefused> {
        let operation = if actor.account == Some(id) && change.only_password() {
            Operation::ConfigureSelf
        } else {
            Operation::ConfigureAccounts
        };
        actor.may(operation, None)?;
        let change = Tidy::new(change)?;
        let own = actor.account == Some(id);
        let before = self.current(id)?;
        change.check(&before)?;
        let verifier = match &change.0.password {
            Some(password) => Some(self.new_verifier(&before, own, password).await?),
            None => None,
        };

        let mut turn = self.take_turn().await;
        // Much may have happened while the password was hashed and others had their turn.
        actor.may(operation, None)?;
        let before = self.current(id)?;
        change.check(&before)?;
        let mut after = self.changed(&before, &change.0, own, verifier)?;
        if after == before {
            return Ok(before.view());
        }
        after.revision += 1;
        let mut effect = Effect::new(&before, diff::words(&before, &after), actor.into());
        if let Some(why) = diff::ending(&before, &after) {
            after.generation += 1;
            let keep = (own && why == diff::PASSWORD).then(|| actor.session.clone());
            let keep = keep.flatten();
            effect.ends = Some(Ends { why, keep });
        }
        let mut book = self.inside.lock().book.clone();
        book.replace(after.clone())?;
        self.carry_out(&mut turn, book, effect).await?;
        Ok(after.view())
    }

    /// Removes an account and ends all that rested on it; durable when it returns.
    ///
    /// # Errors
    /// [`AccountRefused`].
    pub async fn remove(&self, actor: &Actor, id: AccountId) -> Result<(), AccountRefused> {
        actor.may(Operation::ConfigureAccounts, None)?;
        let mut turn = self.take_turn().await;
        actor.may(Operation::ConfigureAccounts, None)?;
        let before = self.current(id)?;
        let mut book = self.inside.lock().book.clone();
        book.remove(id)?;
        let mut effect = Effect::new(&before, "removed", actor.into());
        effect.ends = Some(Ends {
            why: "the account was removed",
            keep: None,
        });
        self.carry_out(&mut turn, book, effect).await?;
        Ok(())
    }

    fn current(&self, id: AccountId) -> Result<Record, AccountRefused> {
        let record = self.inside.lock().book.get(id).cloned();
        record.ok_or(AccountRefused::NoSuchAccount)
    }

    async fn new_verifier(
        &self,
        before: &Record,
        own: bool,
        password: &Zeroizing<String>,
    ) -> Result<Verifier, AccountRefused> {
        // Who must change a password and sets the same one has not changed it.
        if own && before.must_change_password {
            let old = before.verifier.0.clone();
            if self.host.hasher.verify(password.clone(), old).await? {
                let why = "it must be another one than before";
                return Err(rules::invalid("Password", why));
            }
        }
        let verifier = self.host.hasher.hash(password.clone()).await?;
        Ok(Verifier(verifier.into()))
    }

    /// The record after a change.
    fn changed(
        &self,
        before: &Record,
        change: &AccountChange,
        own: bool,
        verifier: Option<Verifier>,
    ) -> Result<Record, HostFault> {
        let mut after = before.clone();
        let AccountChange {
            name,
            password,
            ipmi_secret,
            vnc_secret,
            role,
            enabled,
            types,
            scope,
            must_change_password,
        } = change;
        if let Some(name) = name {
            after.name = name.as_str().into();
        }
        after.role = role.unwrap_or(before.role);
        after.enabled = enabled.unwrap_or(before.enabled);
        if let Some(types) = types {
            after.types.clone_from(types);
        }
        if let Some(scope) = scope {
            after.scope.clone_from(scope);
        }
        if let Some(verifier) = verifier {
            after.verifier = verifier;
            after.one_time = None;
            after.must_change_password &= !own;
        }
        if let Some(must) = must_change_password {
            after.must_change_password = *must;
        }
        let ipmi = ipmi_secret.as_ref().map(|secret| secret.as_slice());
        let ipmi = ipmi.or(password.as_ref().map(|password| password.as_bytes()));
        if !after.types.contains(&AccountType::IPMI) {
            after.ipmi = None;
        } else if let Some(secret) = ipmi {
            after.ipmi = Some(self.seal_ipmi(before.id, secret)?);
        }
        if !after.types.contains(&AccountType::KVMIP) {
            after.vnc = None;
        } else if let Some(secret) = vnc_secret {
            after.vnc = Some(self.seal_vnc(before.id, secret)?);
        }
        Ok(after)
    }
}

/// A change whose values are in order each for itself.
struct Tidy(AccountChange);

impl Tidy {
    fn new(mut change: AccountChange) -> Result<Self, AccountRefused> {
        if let Some(name) = &change.name {
            rules::name(name)?;
        }
        change.types = change.types.map(rules::types).transpose()?;
        change.scope = change.scope.map(rules::scope).transpose()?;
        Ok(Self(change))
    }

    /// Whether the secrets suit the account.
    fn check(&self, before: &Record) -> Result<(), AccountRefused> {
        let change = &self.0;
        let types = change.types.as_ref().unwrap_or(&before.types);
        if let Some(secret) = &change.ipmi_secret {
            rules::ipmi_secret(secret, types)?;
        }
        if let Some(secret) = &change.vnc_secret {
            rules::vnc_secret(secret, types)?;
        }
        match &change.password {
            None => Ok(()),
            // The password doesn't become the IPMI secret then.
            Some(password) if change.ipmi_secret.is_some() => rules::password(password, &[]),
            Some(password) => rules::password(password, types),
        }
    }
}
