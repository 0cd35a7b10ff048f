//! The container of dynfilefs: a virtual disk in ordinary files that take space only for what was written.
//!
//! A container is a small main file and numbered parts below the longest file that FAT32 holds. This crate
//! knows the bytes (format 400, as every dynfilefs since August 2023 writes it) and the order in which they
//! may reach the disk; the files themselves are behind a trait, and serving the disk is left to others.
//!
//! # Decisions
//!
//! - 2026-11-21 **dynfs goes further than its rules where the medium may lie**: the index of a part is surveyed before its first write, behind
//!   a sync (a killed predecessor may have freed slots in the cache only); entries without data are cleared durably at once; of blocks that
//!   share a slot, each moves away when it is written. Slots that the original skipped are used again, so that opening makes no part longer.
//! - 2026-11-21 **The first flush of a container syncs every part that holds data**, written to or not: what a killed server left in the
//!   cache is read, and relied on, by whoever comes next. Found by fuzzing, which needs no nightly toolchain: the targets' bodies are in
//!   the crate (feature `fuzzing`), whose own tests run the seeds; `crates/dynfs/fuzz` is a workspace of its own.
//! - 2026-11-21 **New blocks of a container leave 64 MiB of the medium**: what is on the disk inside, index pages and the medium's own
//!   metadata then always find room. Asked for once in 16 MiB. Index pages of all parts share 11 MiB; those waiting for a flush are few.
//! - 2026-11-21 **Parts are read and written past the page cache from 64 KiB on** (`O_DIRECT`, a second descriptor): a quarter of the
//!   processor time, and sequential work several times as fast. Shorter and unaligned requests stay in the cache, told of the next 4 MiB;
//!   so do appends but on ext4 and XFS, where whole blocks are all written past it, and new ones beside each other while their part
//!   is in use by others: untarring takes as long as in a raw image. Loop devices with direct I/O read 2 MiB ahead, raw images' too.
//! - 2026-11-21 **A part on FAT is cut behind its last block before it grows, and reserved space is durable before it is used**: Linux sets all
//!   of a FAT read-only when a file grows whose clusters and length differ, as every power cut leaves them. **Behind an fsync(2) there
//!   comes syncfs(2)** where a file became longer: what Linux writes back by itself, fsync leaves in a buffer (`prove cuts`: 1 state of 50).
#![forbid(unsafe_code)]

pub mod check;
pub mod container;
pub mod error;
#[cfg(any(test, feature = "files"))]
pub mod files;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod geometry;
pub mod header;
pub mod memory;
mod part;
pub mod room;
mod runs;
pub mod store;
mod survey;
