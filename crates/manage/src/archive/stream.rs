//! What zstd packed, unpacked by a thread of its own while what came before is written.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::error::ReadError;

/// Bytes that are handed over at once.
const CHUNK: usize = 1 << 20;
/// How many of them wait.
const WAITING: usize = 4;
/// The largest window: 128 MiB of memory. zstd(1) unpacks no more either, unless it is told to.
const WINDOW_LOG: u32 = 27;
/// What may come out before the ratio counts.
const ALLOWANCE: u64 = 1 << 30;

/// What comes out of an archive.
#[derive(Debug)]
pub(super) struct Stream {
    chunks: Option<Receiver<io::Result<Vec<u8>>>>,
    /// Used chunks go back, so that their memory is not asked for and cleared again.
    spare: Arc<Mutex<Vec<Vec<u8>>>>,
    thread: Option<JoinHandle<()>>,
    now: Vec<u8>,
    at: usize,
    /// Bytes that came out, and that were read for them.
    out: u64,
    read: Arc<AtomicU64>,
    ratio: u64,
}

impl Stream {
    /// Starts with the first byte of `file`, whatever its position. Several frames one after the other are one stream.
    pub(super) fn new(file: &File, ratio: u64) -> Result<Self, ReadError> {
        let read = Arc::new(AtomicU64::new(0));
        let source = Source {
            file: file.try_clone().map_err(ReadError::Read)?,
            at: Arc::clone(&read),
        };
        let mut decoder = zstd::Decoder::new(source).map_err(ReadError::Read)?;
        decoder
            .window_log_max(WINDOW_LOG)
            .map_err(ReadError::Read)?;
        let (send, chunks) = sync_channel(WAITING);
        let spare = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&spare);
        let thread = std::thread::Builder::new()
            .name("unpack".to_owned())
            .spawn(move || unpack(decoder, &send, &taken))
            .map_err(ReadError::Read)?;
        Ok(Self {
            chunks: Some(chunks),
            thread: Some(thread),
            spare,
            now: Vec::new(),
            at: 0,
            out: 0,
            read,
            ratio,
        })
    }

    /// A stream that is unpacked already.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self {
            chunks: None,
            thread: None,
            spare: Arc::default(),
            now: bytes,
            at: 0,
            out: 0,
            read: Arc::new(AtomicU64::new(1)),
            ratio: u64::MAX,
        }
    }

    /// What comes next; empty at the end.
    pub(super) fn chunk(&mut self) -> Result<&[u8], ReadError> {
        while self.at >= self.now.len() {
            let Some(chunks) = &self.chunks else {
                return Ok(&[]);
            };
            let Ok(next) = chunks.recv() else {
                self.chunks = None;
                return Ok(&[]);
            };
            let next = next.map_err(|error| match error.raw_os_error() {
                Some(_) => ReadError::Read(error),
                None => ReadError::damaged(error),
            })?;
            let used = std::mem::replace(&mut self.now, next);
            if let Ok(mut spare) = self.spare.lock() {
                spare.push(used);
            }
            self.at = 0;
            self.out += u64::try_from(self.now.len()).unwrap_or(0);
            self.check_ratio()?;
        }
        Ok(self.now.get(self.at..).unwrap_or_default())
    }

    /// `len` bytes of [`Stream::chunk`] were used.
    pub(super) fn consume(&mut self, len: usize) {
        self.at = self.at.saturating_add(len).min(self.now.len());
    }

    fn check_ratio(&self) -> Result<(), ReadError> {
        let read = self.read.load(Ordering::Relaxed).max(1);
        if self.out > ALLOWANCE && self.out / read > self.ratio {
            return Err(ReadError::Limit {
                what: "bytes for each one that is packed",
                limit: self.ratio,
            });
        }
        Ok(())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // Whoever sends to nobody ends.
        self.chunks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn unpack(
    mut decoder: zstd::Decoder<'_, io::BufReader<Source>>,
    send: &SyncSender<io::Result<Vec<u8>>>,
    spare: &Mutex<Vec<Vec<u8>>>,
) {
    loop {
        let used = spare.lock().ok().and_then(|mut spare| spare.pop());
        let mut chunk = used.unwrap_or_default();
        chunk.resize(CHUNK, 0);
        let mut filled = 0;
        let mut ended = Ok(false);
        // zstd takes an empty buffer for a mistake.
        while filled < CHUNK && matches!(ended, Ok(false)) {
            match decoder.read(chunk.get_mut(filled..).unwrap_or_default()) {
                Ok(0) => ended = Ok(true),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => ended = Err(error),
            }
        }
        chunk.truncate(filled);
        let ended = match ended {
            Ok(ended) => send.send(Ok(chunk)).is_err() || ended,
            // What came before the error is not worth anything.
            Err(error) => {
                let _ = send.send(Err(error));
                true
            }
        };
        if ended {
            return;
        }
    }
}

/// A file, read by position: others may read it too.
struct Source {
    file: File,
    at: Arc<AtomicU64>,
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = self.at.load(Ordering::Relaxed);
        let read = self.file.read_at(buffer, at)?;
        let next = at.saturating_add(u64::try_from(read).unwrap_or(0));
        self.at.store(next, Ordering::Relaxed);
        Ok(read)
    }
}
