//! Passwords that were verified a moment ago, so that a client that proves itself with each request
//! (HTTP Basic) doesn't cost a slow hash each time.
//!
//! What is kept is a hash under a key of this process alone, and it dies after half a minute or
//! when the account changes.

use std::{collections::HashMap, fmt, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::AccountId;

/// How long a verified password is remembered.
pub(super) const KEPT: Duration = Duration::from_secs(30);
/// How many are remembered.
const ENTRIES: usize = 1024;

/// The verified passwords.
pub(super) struct VerifyCache {
    key: Zeroizing<[u8; 32]>,
    entries: HashMap<[u8; 32], Entry>,
}

struct Entry {
    account: AccountId,
    until: Instant,
}

impl fmt::Debug for VerifyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifyCache(..)")
    }
}

impl VerifyCache {
    /// An empty cache under a random key.
    pub(super) fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self {
            key,
            entries: HashMap::new(),
        }
    }

    /// Whether the password of this generation of an account was verified a moment ago.
    pub(super) fn knows(
        &self,
        now: Instant,
        account: AccountId,
        generation: u64,
        password: &str,
    ) -> bool {
        let mark = self.mark(account, generation, password);
        let entry = mark.and_then(|mark| self.entries.get(&mark));
        entry.is_some_and(|entry| now < entry.until)
    }

    /// Remembers a password that was verified now.
    pub(super) fn remember(
        &mut self,
        now: Instant,
        account: AccountId,
        generation: u64,
        password: &str,
    ) {
        let Some(mark) = self.mark(account, generation, password) else {
            return;
        };
        self.entries.retain(|_, entry| now < entry.until);
        if self.entries.len() >= ENTRIES {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.until);
            if let Some(oldest) = oldest.map(|(mark, _)| *mark) {
                self.entries.remove(&oldest);
            }
        }
        let until = now + KEPT;
        self.entries.insert(mark, Entry { account, until });
    }

    /// Forgets an account's passwords.
    pub(super) fn forget(&mut self, account: AccountId) {
        self.entries.retain(|_, entry| entry.account != account);
    }

    /// Looking a mark up in a table takes a time that depends on the mark; without the key nobody
    /// can learn from it.
    fn mark(&self, account: AccountId, generation: u64, password: &str) -> Option<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.key).ok()?;
        mac.update(&account.0.to_be_bytes());
        mac.update(&generation.to_be_bytes());
        mac.update(password.as_bytes());
        Some(mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: AccountId = AccountId(1);

    fn cache() -> VerifyCache {
        VerifyCache::new(Zeroizing::new([7; 32]))
    }

    #[tokio::test(start_paused = true)]
    async fn a_password_is_known_for_half_a_minute() {
        let (mut cache, now) = (cache(), Instant::now());
        cache.remember(now, ONE, 1, "right");
        let almost = now + KEPT - Duration::from_millis(1);
        assert!(cache.knows(almost, ONE, 1, "right"));
        assert!(!cache.knows(now + KEPT, ONE, 1, "right"));
    }

    #[tokio::test(start_paused = true)]
    async fn another_password_account_or_generation_is_not_known() {
        let (mut cache, now) = (cache(), Instant::now());
        cache.remember(now, ONE, 1, "right");
        assert!(!cache.knows(now, ONE, 1, "wrong"));
        assert!(!cache.knows(now, ONE, 2, "right"));
        assert!(!cache.knows(now, AccountId(2), 1, "right"));
        cache.forget(ONE);
        assert!(!cache.knows(now, ONE, 1, "right"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_cache_is_bounded_and_the_oldest_go_first() {
        let (mut cache, now) = (cache(), Instant::now());
        for n in 0..=ENTRIES as u64 {
            cache.remember(now + Duration::from_millis(n), ONE, n, "right");
        }
        assert_eq!(cache.entries.len(), ENTRIES);
        assert!(!cache.knows(now, ONE, 0, "right"));
        assert!(cache.knows(now, ONE, ENTRIES as u64, "right"));
    }
}
