//! Passwords at rest: argon2id.

use std::sync::Arc;

use argon2::{
    ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, PasswordHash, Version,
    password_hash::phc::{Output, ParamsString, Salt},
};
use outband_core::host::{BoxFuture, Entropy, Hasher, HostFault};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::fault;

/// Memory in KiB, passes and lanes, as OWASP's password storage guide has them for argon2id.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// The most that a stored verifier may ask for.
const MEMORY_KIB_MAX: u32 = 65_536;
const PASSES_MAX: u32 = 10;
/// How many hashes are computed at once; more wait.
const AT_ONCE: usize = 2;
/// Blocks of 1 KiB whose space is reserved at least. From 32 MiB on glibc always maps memory of its
/// own and gives it back when it is freed; less stays with the thread that asked for it, 19 MiB for
/// each hash. What is not touched costs nothing.
const RESERVED: usize = 33 * 1024;

const HASH: &str = "hash a password";
const VERIFY: &str = "verify a password";

/// Argon2id with 19 MiB, two passes and one lane.
#[derive(Debug)]
pub struct Argon2Hasher {
    entropy: Arc<dyn Entropy>,
    turns: Arc<Semaphore>,
}

impl Argon2Hasher {
    /// A hasher that draws its salts from `entropy`.
    #[must_use]
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self {
            entropy,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Runs work off the async threads once it is its turn.
    fn in_turn<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce() -> Result<T, HostFault> + Send + 'static,
    ) -> BoxFuture<Result<T, HostFault>> {
        let turns = self.turns.clone();
        Box::pin(async move {
            let turn = turns.acquire_owned().await;
            let turn = turn.map_err(|why| fault(doing, why))?;
            let done = tokio::task::spawn_blocking(move || {
                let done = work();
                drop(turn);
                done
            });
            done.await.map_err(|why| fault(doing, why))?
        })
    }
}

impl Hasher for Argon2Hasher {
    fn hash(&self, password: Zeroizing<String>) -> BoxFuture<Result<String, HostFault>> {
        let entropy = self.entropy.clone();
        self.in_turn(HASH, move || {
            let mut salt = [0; Salt::RECOMMENDED_LENGTH];
            entropy.fill(&mut salt)?;
            let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
            let params = params.map_err(|why| fault(HASH, why))?;
            let mut output = Zeroizing::new([0; Params::DEFAULT_OUTPUT_LEN]);
            compute(HASH, &params, &password, &salt, &mut *output)?;
            let verifier = PasswordHash {
                algorithm: ARGON2ID_IDENT,
                version: Some(Version::V0x13.into()),
                params: ParamsString::try_from(&params).map_err(|why| fault(HASH, why))?,
                salt: Some(Salt::new(&salt).map_err(|why| fault(HASH, why))?),
                hash: Some(Output::new(&*output).map_err(|why| fault(HASH, why))?),
            };
            Ok(verifier.to_string())
        })
    }

    fn verify(
        &self,
        password: Zeroizing<String>,
        verifier: Arc<str>,
    ) -> BoxFuture<Result<bool, HostFault>> {
        self.in_turn(VERIFY, move || {
            let bad = |_| fault(VERIFY, "the stored verifier can't be understood");
            let stored = PasswordHash::new(&verifier).map_err(|_| bad(()))?;
            let params = Params::try_from(&stored).map_err(|_| bad(()))?;
            let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else {
                return Err(bad(()));
            };
            let known = stored.algorithm == ARGON2ID_IDENT
                && stored.version == Some(Version::V0x13.into())
                && params.m_cost() <= MEMORY_KIB_MAX
                && params.t_cost() <= PASSES_MAX;
            if !known {
                return Err(bad(()));
            }
            let mut output = Zeroizing::new(vec![0; expected.len()]);
            compute(VERIFY, &params, &password, salt, &mut output)?;
            Ok(output.ct_eq(expected.as_bytes()).into())
        })
    }
}

fn compute(
    doing: &'static str,
    params: &Params,
    password: &str,
    salt: &[u8],
    output: &mut [u8],
) -> Result<(), HostFault> {
    let count = params.block_count();
    let mut blocks: Vec<Block> = Vec::new();
    blocks
        .try_reserve_exact(count.max(RESERVED))
        .map_err(|why| fault(doing, why))?;
    blocks.resize(count, Block::default());
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into_with_memory(password.as_bytes(), salt, output, &mut *blocks)
        .map_err(|why| fault(doing, why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::OsEntropy;

    fn hasher() -> Argon2Hasher {
        Argon2Hasher::new(Arc::new(OsEntropy))
    }

    fn secret(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.into())
    }

    #[tokio::test]
    async fn a_password_fits_its_verifier_and_no_other_does() {
        let hasher = hasher();
        let verifier = hasher.hash(secret("correct horse")).await.unwrap();
        assert!(
            verifier.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{verifier}"
        );
        let verifier: Arc<str> = verifier.into();
        for (password, fits) in [
            ("correct horse", true),
            ("correct horsf", false),
            ("", false),
        ] {
            let verified = hasher.verify(secret(password), verifier.clone()).await;
            assert_eq!(verified.unwrap(), fits, "{password}");
        }
        // The same password again: another salt.
        let again = hasher.hash(secret("correct horse")).await.unwrap();
        assert_ne!(*again, *verifier);
    }

    #[tokio::test]
    async fn a_verifier_of_another_program_is_understood() {
        // Made by the reference implementation: argon2 -id -t 2 -m 16 -p 1, salt "somesalt".
        let verifier = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$\
                        CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let verified = hasher().verify(secret("password"), verifier.into()).await;
        assert!(verified.unwrap());
    }

    #[tokio::test]
    async fn a_verifier_that_is_none_or_asks_for_too_much_is_a_fault() {
        for verifier in [
            "",
            "secret",
            "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ",
        ] {
            let verified = hasher().verify(secret("password"), verifier.into()).await;
            assert!(verified.is_err(), "{verifier}");
        }
    }

    #[tokio::test]
    async fn the_memory_of_a_hash_goes_back_when_it_is_done() {
        // Resident memory in KiB (proc_pid_status(5)).
        let resident = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find(|line| line.starts_with("VmRSS:"));
            let number = line.unwrap().split_whitespace().nth(1);
            number.unwrap().parse::<u64>().unwrap()
        };
        let hasher = hasher();
        let before = resident();
        for _ in 0..12 {
            let (one, two) = tokio::join!(hasher.hash(secret("x")), hasher.hash(secret("y")));
            assert!(one.is_ok() && two.is_ok());
        }
        // 24 hashes use 456 MiB between them. Other tests may run beside this one.
        let grown = resident().saturating_sub(before);
        assert!(grown < 256 * 1024, "{grown} KiB");
    }

    #[tokio::test]
    async fn no_more_than_two_run_at_once() {
        let hasher = hasher();
        let held = hasher.turns.clone().acquire_many_owned(2).await.unwrap();
        let mut waiting = hasher.hash(secret("x"));
        tokio::select! {
            biased;
            _ = &mut waiting => panic!("a third ran"),
            () = std::future::ready(()) => {}
        }
        drop(held);
        waiting.await.unwrap();
        assert_eq!(hasher.turns.available_permits(), AT_ONCE);
    }
}
