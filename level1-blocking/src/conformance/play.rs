//! Plays a case's script to a server, by a socket or in memory, up to the connection's end.

use super::{
    case::{Case, Script, Step},
    request::get,
    response::{CONTINUE, Fault},
    verdict,
};

/// A client's end of a connection to the server under test.
pub trait Peer {
    /// Sends these bytes in one piece, as far as the server takes them. One that has closed
    /// already is noticed when reading.
    ///
    /// # Errors
    /// If the server neither takes them nor closes.
    fn send(&mut self, bytes: &[u8]) -> Result<(), Fault>;

    /// Closes the sending half.
    fn finish(&mut self);

    /// Closes both halves without reading on, and goes on with a new connection.
    ///
    /// # Errors
    /// If there is no new connection to be had.
    fn vanish(&mut self) -> Result<(), Fault>;

    /// Everything that has come on this connection.
    fn received(&self) -> &[u8];

    /// Waits until more has come; false if the server has closed.
    ///
    /// # Errors
    /// If nothing comes, or if the connection is reset: that may have destroyed an answer.
    fn wait(&mut self) -> Result<bool, Fault>;
}

/// Plays a script whose bytes are cut at these positions; all that came.
///
/// At the end comes the probe, unless the sending half is closed. Its answer is the last one
/// on its connection, so that every script ends with the end of what is received.
///
/// # Errors
/// If the server hangs or resets the connection.
pub fn play(
    case: &Case,
    script: &Script,
    cuts: &[usize],
    peer: &mut impl Peer,
) -> Result<Vec<u8>, Fault> {
    let (mut at, mut awaited, mut has_finished) = (0, 0, false);
    for step in &script.0 {
        match step {
            Step::Send(bytes) => {
                send_in_pieces(bytes, at, cuts, peer)?;
                at += bytes.len();
            }
            Step::AwaitContinue => wait_until(peer, |received| Ok(received.ends_with(CONTINUE)))?,
            Step::AwaitAnswer => {
                awaited += 1;
                wait_until(
                    peer,
                    |received| Ok(verdict::count_answers(case, received)? >= awaited),
                )?;
            }
            Step::Finish => {
                has_finished = true;
                peer.finish();
            }
            Step::Vanish => {
                awaited = 0;
                peer.vanish()?;
            }
        }
    }
    if !has_finished {
        peer.send(&get("/hello").field("Connection: close").bytes())?;
    }
    while peer.wait()? {}
    Ok(peer.received().to_vec())
}

/// How many bytes a script sends.
pub fn len_of(script: &Script) -> usize {
    let lens = script.0.iter().map(|step| match step {
        Step::Send(bytes) => bytes.len(),
        _ => 0,
    });
    lens.sum()
}

/// `bytes` lie at `at` in what the script sends.
fn send_in_pieces(
    bytes: &[u8],
    at: usize,
    cuts: &[usize],
    peer: &mut impl Peer,
) -> Result<(), Fault> {
    let mut sent = 0;
    let cuts_within = cuts.iter().filter_map(|cut| cut.checked_sub(at));
    for end in cuts_within.take_while(|&end| end < bytes.len()).chain([bytes.len()]) {
        if end > sent {
            peer.send(&bytes[sent..end])?;
            sent = end;
        }
    }
    Ok(())
}

fn wait_until(
    peer: &mut impl Peer,
    is_there: impl Fn(&[u8]) -> Result<bool, Fault>,
) -> Result<(), Fault> {
    while !is_there(peer.received())? {
        if !peer.wait()? {
            let so_far = String::from_utf8_lossy(peer.received());
            return Err(format!("the connection ended before what was awaited came: {so_far:?}"));
        }
    }
    Ok(())
}
