//! What the rooms of a server are like.

use std::{fmt, num::NonZeroUsize, time::Duration};

use crate::{credentials::Turn, join_control::JoinControl, limits::Limits};

/// What the rooms are like.
#[derive(Clone)]
pub struct Config {
    /// The seats in each room.
    pub room_size: NonZeroUsize,
    /// Where TURN is; without it, the lists of ICE servers are empty.
    pub turn: Option<Turn>,
    /// From which the key of resume tokens is made: any text that nobody can guess. With the same one
    /// after a restart, clients take their seats back.
    pub secret: String,
    /// How long a seat waits for its socket to come back; zero for not at all.
    pub grace: Duration,
    /// Who may join; without it, whoever knows a room's name.
    pub join_control: Option<JoinControl>,
    /// How much anyone may ask for; without it, as much as they like.
    pub limits: Option<Limits>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("room_size", &self.room_size)
            .field("turn", &self.turn)
            .field("grace", &self.grace)
            .field("join_control", &self.join_control)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
