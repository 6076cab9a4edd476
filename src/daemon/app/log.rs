//! The program's own messages, on standard error.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use super::Mode;

/// Which messages are written: `OUTBAND_LOG` as in `debug` or `outband_daemon=debug,warn`.
const VARIABLE: &str = "OUTBAND_LOG";

/// Begins to write. A daemon says what it does, a demo only what is wrong.
pub(super) fn start(mode: &Mode) {
    let usual = match mode {
        Mode::Serve { .. } => LevelFilter::INFO,
        Mode::Bench(_) => LevelFilter::WARN,
    };
    let asked = std::env::var(VARIABLE).ok();
    let chosen = asked.as_deref().map(str::parse::<Targets>);
    let filter = match &chosen {
        Some(Ok(targets)) => targets.clone(),
        _ => Targets::new().with_default(usual),
    };
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    let registry = tracing_subscriber::registry().with(filter);
    // The journal has its own clock. A subscriber that is set already is a test's.
    let _ = if std::env::var_os("JOURNAL_STREAM").is_some() {
        registry.with(lines.without_time()).try_init()
    } else {
        registry.with(lines).try_init()
    };
    if let Some(Err(why)) = chosen {
        tracing::warn!("{VARIABLE}: {why}");
    }
}
