//! One viewer's stay: what it says is done, what changes is told, until one side ends it.
//!
//! Listening and telling wait for nothing of each other's: a viewer that takes nothing in is heard
//! all the same, and what it held is released before anything is said to it in the end.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use outband_core::{
    access::{Actor, Gate},
    console::Seat,
    server::ServerHandle,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

use super::{
    hands::Hands,
    pictures::Pictures,
    words::{self, Nonsense, Said, Told},
};

/// How often a viewer is asked whether it is still there, and how long it may then be silent.
const ASK: Duration = Duration::from_secs(20);
const DEAF: Duration = Duration::from_secs(45);

/// How long a message may wait until the viewer takes it in.
const STALL: Duration = Duration::from_secs(20);

/// How often the gate is told that the session is not idle.
const TOUCH: Duration = Duration::from_secs(10);

/// How long the good-bye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// How many answers wait for a viewer that takes nothing in; with one more it is given up.
const ANSWERS: usize = 16;

/// What was heard that the telling side has to do with.
#[derive(Debug)]
enum Heard {
    /// To be told in answer.
    Answer(Told<'static>),
    /// The viewer begins to watch.
    Watch,
    /// It watches no more.
    Unwatch,
    /// It drew this update.
    Seen(u32),
}

/// Why a stay ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The viewer left, or its connection broke.
    Left,
    /// It was not heard of, or took nothing in.
    Lost,
    /// It said something that makes no sense.
    Nonsense(String),
    /// Its session ended, or its account may not look any more.
    Ended,
    /// The server is managed no more.
    Removed,
}

impl Over {
    /// The good-bye (RFC 6455 section 7.4), where one can arrive.
    fn close(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Left | Self::Lost => return None,
            Self::Nonsense(why) => (1008, why),
            Self::Ended => (4001, "the session has ended".to_owned()),
            Self::Removed => (4004, "the server is managed no more".to_owned()),
        };
        // A control frame has room for 125 bytes, of which the code takes two.
        let mut end = reason.len().min(123);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        let reason = Utf8Bytes::from(&reason[..end]);
        Some(CloseFrame { code, reason })
    }
}

/// Serves a viewer until one side ends it.
pub(super) async fn talk<S, E>(
    socket: S,
    gate: &Gate,
    server: &ServerHandle,
    actor: &Actor,
    seat: Seat,
) where
    S: Stream<Item = Result<Message, E>> + Sink<Message, Error = E> + Unpin,
{
    let (mut sink, stream) = socket.split();
    let (answers, to_be_told) = mpsc::channel(ANSWERS);
    let hello = Told::Hello {
        server: server.id().as_str(),
        seat: seat.id().0,
        may_type: seat.may_type(),
    };
    let over = match tell(&mut sink, &hello).await {
        Err(over) => over,
        Ok(()) => tokio::select! {
            over = listen(stream, gate, actor, Hands::new(seat), answers) => over,
            over = tell_all(&mut sink, server, to_be_told) => over,
            () = actor.until_ended() => Over::Ended,
        },
    };
    tracing::debug!(server = %server.id(), ?over, "a viewer's stay ended");
    if let Some(close) = over.close() {
        // Whoever doesn't take it in is gone.
        let _ = timeout(GOODBYE, sink.send(Message::Close(Some(close)))).await;
    }
}

/// Does what the viewer says.
async fn listen<E>(
    mut stream: impl Stream<Item = Result<Message, E>> + Unpin,
    gate: &Gate,
    actor: &Actor,
    mut hands: Hands,
    answers: mpsc::Sender<Heard>,
) -> Over {
    let mut heard = Instant::now();
    let mut touched = heard;
    loop {
        let silent = hands.deadline();
        let message = tokio::select! {
            // What has come is looked at before how late it is.
            biased;
            message = stream.next() => message,
            () = sleep_until(silent.unwrap_or(heard)), if silent.is_some() => {
                hands.fell_silent();
                continue;
            }
            () = sleep_until(heard + DEAF) => return Over::Lost,
        };
        heard = Instant::now();
        if heard >= touched + TOUCH {
            // Whoever sits here is not idle, and need not come in again.
            gate.touch(actor);
            touched = heard;
        }
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            // Pings are answered beneath; a pong is a sign of life.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Binary(_))) => {
                return Over::Nonsense("nothing is said in binary frames".to_owned());
            }
            // Too long, or no frames at all; or the connection broke, and there is nobody to be told.
            Some(Err(_)) => return Over::Nonsense("what was sent can't be read".to_owned()),
            Some(Ok(Message::Close(_))) | None => return Over::Left,
        };
        match hear(&text, &mut hands).await {
            Ok(None) => {}
            Ok(Some(heard)) => {
                // Never waited for: there are keys to be held and released.
                if answers.try_send(heard).is_err() {
                    return Over::Lost;
                }
            }
            Err(nonsense) => return Over::Nonsense(nonsense.to_string()),
        }
    }
}

/// Does one thing that a viewer says; gives what it is to be told.
async fn hear(text: &str, hands: &mut Hands) -> Result<Option<Heard>, Nonsense> {
    let (what, done) = match Said::read(text)? {
        Said::Watch {} => return Ok(Some(Heard::Watch)),
        Said::Unwatch {} => return Ok(Some(Heard::Unwatch)),
        Said::Seen { update } => return Ok(Some(Heard::Seen(update))),
        Said::Keys { seq, held } => {
            let keys = words::keys(&held)?;
            let held = hands.hold(seq, keys).await;
            ("keys", held.map_err(|_| Nonsense::Order)?)
        }
        Said::Pointer {
            x,
            y,
            buttons,
            wheel,
        } => (
            "pointer",
            hands.point(words::absolute(x, y, buttons, wheel)?),
        ),
        Said::Move {
            dx,
            dy,
            buttons,
            wheel,
        } => (
            "move",
            hands.point(words::relative(dx, dy, buttons, wheel)?),
        ),
        Said::Take {} => ("take", hands.seat().take()),
        Said::Ask {} => ("ask", hands.seat().ask()),
        Said::Give { to } => ("give", hands.seat().give(words::seat(to))),
        Said::Ping { token } => return Ok(Some(Heard::Answer(Told::Pong { token }))),
    };
    Ok(done.err().map(|why| {
        let why = why.to_string();
        Heard::Answer(Told::Refused { what, why })
    }))
}

/// Tells what there is to be told, and what changes.
async fn tell_all<E>(
    sink: &mut (impl Sink<Message, Error = E> + Unpin),
    server: &ServerHandle,
    mut to_be_told: mpsc::Receiver<Heard>,
) -> Over {
    let mut present = server.people().present();
    present.mark_changed();
    let mut leds = server.input().and_then(|input| input.leds());
    if let Some(leds) = &mut leds {
        leds.mark_changed();
    }
    let mut states = server.watch();
    let mut pictures = Pictures::default();
    let mut ask = tokio::time::interval(ASK);
    ask.reset();
    loop {
        let told = tokio::select! {
            changed = present.changed() => match changed {
                Ok(()) => {
                    let present = present.borrow_and_update().clone();
                    tell(sink, &Told::from(&*present)).await
                }
                Err(_) => return Over::Removed,
            },
            Some(now) = lights(&mut leds) => tell(sink, &Told::from(now)).await,
            Some(heard) = to_be_told.recv() => match heard {
                Heard::Answer(answer) => tell(sink, &answer).await,
                Heard::Watch => {
                    pictures.watch(server);
                    tell_state(sink, &mut pictures, server).await
                }
                Heard::Unwatch => {
                    pictures.unwatch();
                    Ok(())
                }
                Heard::Seen(update) => match pictures.seen(update) {
                    Ok(()) => Ok(()),
                    Err(nonsense) => return Over::Nonsense(nonsense.to_string()),
                },
            },
            due = pictures.due() => match due {
                Ok(()) => {
                    let update = pictures.look().await;
                    let told = tell_state(sink, &mut pictures, server).await;
                    match (told, update) {
                        (Ok(()), Some(update)) => send(sink, update).await,
                        (told, _) => told,
                    }
                }
                Err(_) => return Over::Removed,
            },
            changed = states.changed() => match changed {
                Ok(()) if pictures.is_watched() => {
                    states.mark_unchanged();
                    tell_state(sink, &mut pictures, server).await
                }
                Ok(()) => Ok(()),
                Err(_) => return Over::Removed,
            },
            _ = ask.tick() => send(sink, Message::Ping(Default::default())).await,
        };
        if let Err(over) = told {
            return over;
        }
    }
}

/// Tells whether there is a picture, where that is something else than before.
async fn tell_state<E>(
    sink: &mut (impl Sink<Message, Error = E> + Unpin),
    pictures: &mut Pictures,
    server: &ServerHandle,
) -> Result<(), Over> {
    match pictures.state(server) {
        Some(state) => tell(sink, &Told::Picture { state }).await,
        None => Ok(()),
    }
}

/// The lights when they change; never where they can't be read.
async fn lights(
    leds: &mut Option<tokio::sync::watch::Receiver<outband_protocol::hid::Leds>>,
) -> Option<outband_protocol::hid::Leds> {
    let Some(lights) = leds else {
        return std::future::pending().await;
    };
    if lights.changed().await.is_err() {
        *leds = None;
        return None;
    }
    Some(*lights.borrow_and_update())
}

async fn tell<E>(
    sink: &mut (impl Sink<Message, Error = E> + Unpin),
    told: &Told<'_>,
) -> Result<(), Over> {
    let text = serde_json::to_string(told).map_err(|_| Over::Lost)?;
    send(sink, Message::Text(text.into())).await
}

async fn send<E>(
    sink: &mut (impl Sink<Message, Error = E> + Unpin),
    message: Message,
) -> Result<(), Over> {
    match timeout(STALL, sink.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Over::Left),
        Err(_) => Err(Over::Lost),
    }
}
