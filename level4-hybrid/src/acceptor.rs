//! Lets connections in: a task for each listener, which makes a task for each connection.

use std::{io, os::fd::OwnedFd, pin::pin, sync::Arc};

use level1_blocking::{
    access_log::Client,
    serve::{ACCEPT_PAUSE, NoConnection, after_failed_accept},
};
use level2_threads::{
    capacity::{Capacity, Place},
    guest::Presence,
    listeners::Listener,
    metrics::shard::Shard,
};
use level3_async::event_loop::accept;
use socket2::Domain;
use tokio::{
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    sync::mpsc,
    time,
};

use crate::{application::Shared, driver, stream::Socket};

/// Who lets clients in at one listener.
#[derive(Debug)]
pub(crate) struct Acceptor {
    listener: Listener,
    door: Door,
    capacity: Arc<Capacity>,
    shared: Arc<Shared>,
    counts: &'static Shard,
    /// Held by every connection, so that the last one's end can be waited for.
    inside: mpsc::Sender<()>,
}

/// A listener as the runtime watches it, by a descriptor of its own.
#[derive(Debug)]
enum Door {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Acceptor {
    /// For a listener that does not block, in a runtime.
    ///
    /// # Errors
    /// If the system refuses to watch it.
    pub(crate) fn new(
        listener: Listener,
        capacity: Arc<Capacity>,
        shared: Arc<Shared>,
        inside: mpsc::Sender<()>,
    ) -> io::Result<Self> {
        let door = Door::new(&listener.socket)?;
        let counts = shared.metrics.shard();
        Ok(Self { listener, door, capacity, shared, counts, inside })
    }

    // ANCHOR: run
    /// Accepts until the server is to stop, and then whom the kernel has accepted already.
    ///
    /// # Errors
    /// If the listening socket fails for good.
    pub(crate) async fn run(self) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let mut stopped = pin!(shared.stopped.notified());
        // From here on it is not missed; whoever was told before finds the flag set.
        stopped.as_mut().enable();
        while !shared.stop.is_requested() {
            let next = tokio::select! {
                next = self.next_client() => next,
                () = &mut stopped => break,
            };
            match next {
                Ok((socket, client)) => self.let_in(socket, client).await,
                Err(error) => self.after_failure(error).await?,
            }
        }
        self.take_the_queue().await
    }
    // ANCHOR_END: run

    /// The next client. While there is no room, clients wait in the kernel's queue.
    async fn next_client(&self) -> io::Result<(Socket, Client)> {
        let mut room = pin!(self.shared.room.notified());
        loop {
            room.as_mut().enable();
            if self.capacity.has_room() {
                return self.door.accept().await;
            }
            room.as_mut().await;
            room.set(self.shared.room.notified());
        }
    }

    /// Those whom the kernel has accepted already are served; it is to accept no others. They
    /// are asked for directly: the runtime may not have heard of the last of them.
    async fn take_the_queue(&self) -> io::Result<()> {
        // A queue that outlives the server is its successor's, with everybody in it.
        if !self.listener.ends_with_server() {
            return Ok(());
        }
        self.listener.socket.listen(0)?;
        loop {
            match accept(&self.listener.socket) {
                Ok((socket, client)) => match self.door.adopt(socket) {
                    Ok(socket) => self.let_in(socket, client).await,
                    Err(error) => self.after_failure(error).await?,
                },
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => self.after_failure(error).await?,
            }
        }
        self.listener.remove_file();
        Ok(())
    }

    async fn after_failure(&self, error: io::Error) -> io::Result<()> {
        if after_failed_accept(error)? == NoConnection::OutOfResources {
            self.counts.accept_failed();
            time::sleep(ACCEPT_PAUSE).await;
        }
        Ok(())
    }

    async fn let_in(&self, socket: Socket, client: Client) {
        let place = self.place().await;
        let presence = (Presence::new(place, self.counts), self.inside.clone());
        let (application, shared) = (self.shared.application(), Arc::clone(&self.shared));
        tokio::spawn(async move {
            driver::serve(socket, client, application, shared).await;
            drop(presence);
        });
    }

    /// A place. Another acceptor may have taken the last one meanwhile.
    async fn place(&self) -> Place {
        loop {
            let mut room = pin!(self.shared.room.notified());
            room.as_mut().enable();
            match self.capacity.enter() {
                Some(place) => return place,
                None => room.await,
            }
        }
    }
}

impl Door {
    fn new(listener: &socket2::Socket) -> io::Result<Self> {
        let is_unix = listener.local_addr()?.domain() == Domain::UNIX;
        let descriptor = OwnedFd::from(listener.try_clone()?);
        Ok(if is_unix {
            Self::Unix(UnixListener::from_std(descriptor.into())?)
        } else {
            Self::Tcp(TcpListener::from_std(descriptor.into())?)
        })
    }

    async fn accept(&self) -> io::Result<(Socket, Client)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok((Socket::Tcp(stream), Client::Address(peer.ip())))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Socket::Unix(stream), Client::Local))
            }
        }
    }

    /// A connection that was accepted here, but not by the runtime.
    fn adopt(&self, connection: socket2::Socket) -> io::Result<Socket> {
        let descriptor = OwnedFd::from(connection);
        Ok(match self {
            Self::Tcp(_) => Socket::Tcp(TcpStream::from_std(descriptor.into())?),
            Self::Unix(_) => Socket::Unix(UnixStream::from_std(descriptor.into())?),
        })
    }
}
