//! The same work on many things at once, one thread for each processor.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::error::Error;

/// What `work` makes of each item, in the order of the items whichever is done first; or the error of the
/// first item that has one.
pub(crate) fn map<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let worker = || {
        while let Some((number, item)) = {
            let number = next.fetch_add(1, Ordering::Relaxed);
            items.get(number).map(|item| (number, item))
        } {
            let result = work(item);
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.push((number, result));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(items.len()) {
            scope.spawn(worker);
        }
        worker();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_items() {
        let items: Vec<u64> = (0..1000).collect();
        let twice = map(&items, |item| Ok(item * 2)).unwrap();
        assert_eq!(twice, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert!(map(&[0_u8; 0], |item| Ok(*item)).unwrap().is_empty());
    }

    #[test]
    fn the_first_error_counts() {
        let fail = |item: &u8| match *item > 3 {
            true => Err(Error::ProgramName {
                name: item.to_string(),
            }),
            false => Ok(*item),
        };
        let error = map(&[1, 2, 3, 4, 5, 6], fail).unwrap_err().to_string();
        assert!(error.contains("\"4\""), "{error}");
    }
}
