//! How fast somebody may guess: failures counted by (source, account) and by source.
