//! Packing in threads of its own, while the next files are read.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use super::write::Options;

/// Bytes that are handed over at once.
const CHUNK: usize = 1 << 20;
/// How many of them wait.
const WAITING: usize = 8;

/// A frame of zstd that is being written.
pub(super) struct Feed<'scope> {
    /// Gone once the end is reached.
    chunks: Option<SyncSender<Vec<u8>>>,
    /// Used chunks come back, so that their memory is not asked for and cleared again.
    spare: Receiver<Vec<u8>>,
    now: Vec<u8>,
    thread: Option<ScopedJoinHandle<'scope, io::Result<()>>>,
}

impl<'scope> Feed<'scope> {
    /// Begins a frame in the empty `file`.
    pub(super) fn new<'env>(
        scope: &'scope Scope<'scope, 'env>,
        file: &'env File,
        options: &Options,
    ) -> io::Result<Self> {
        let threads = options.threads.unwrap_or_else(|| {
            std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1))
        });
        let file = BufWriter::with_capacity(CHUNK, file);
        let mut encoder = zstd::Encoder::new(file, options.level)?;
        encoder.multithread(threads)?;
        encoder.include_checksum(true)?;
        let (chunks, fed) = sync_channel::<Vec<u8>>(WAITING);
        let (give_back, spare) = sync_channel(WAITING + 2);
        let thread = std::thread::Builder::new().name("pack".to_owned());
        let thread = thread.spawn_scoped(scope, move || {
            for mut chunk in fed {
                encoder.write_all(&chunk)?;
                chunk.clear();
                // Nobody may want it any more.
                let _ = give_back.try_send(chunk);
            }
            encoder.finish()?.flush()
        })?;
        Ok(Self {
            chunks: Some(chunks),
            spare,
            now: Vec::with_capacity(CHUNK),
            thread: Some(thread),
        })
    }

    /// Ends the frame. A feed that is dropped without it ends too, but nobody is told of errors.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.send()?;
        self.end()
    }

    fn send(&mut self) -> io::Result<()> {
        let next = self.spare.try_recv();
        let next = next.unwrap_or_else(|_| Vec::with_capacity(CHUNK));
        let chunk = std::mem::replace(&mut self.now, next);
        let sent = self.chunks.as_ref().map(|chunks| chunks.send(chunk));
        match sent {
            Some(Ok(())) => Ok(()),
            // The thread ended before its time, and knows why.
            _ => self.end().and(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        self.chunks = None;
        match self.thread.take().map(ScopedJoinHandle::join) {
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) | None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Write for Feed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.now.len() >= CHUNK {
            self.send()?;
        }
        let len = bytes.len().min(CHUNK - self.now.len());
        self.now
            .extend_from_slice(bytes.get(..len).unwrap_or_default());
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
