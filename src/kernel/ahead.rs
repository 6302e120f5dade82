//! Work that is done ahead of its use.

use std::sync::mpsc::sync_channel;
use std::thread::scope;

/// Lets `take` use what `make` gives, one by one and in its order, while the next is made on a
/// thread beside: never more than one is ready.
///
/// What `make` is given by says whether there is still somebody who takes; once nobody does, it
/// ends. When it ends, so do the things that `take` is handed.
pub fn ahead<T: Send, R>(
    make: impl FnOnce(&dyn Fn(T) -> bool) + Send,
    take: impl FnOnce(&mut dyn Iterator<Item = T>) -> R,
) -> R {
    scope(|scope| {
        let (giver, taker) = sync_channel(0);
        scope.spawn(move || make(&|one| giver.send(one).is_ok()));
        take(&mut taker.into_iter())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn all_is_taken_in_order_and_one_is_made_ahead() {
        let making = AtomicU32::new(0);
        let make = |give: &dyn Fn(u32) -> bool| {
            for number in 1..=100 {
                making.store(number, Ordering::SeqCst);
                assert!(give(number));
            }
        };
        let taken = ahead(make, |made| {
            let mut taken = Vec::new();
            for number in made {
                // The next is being made, and waits: the one after it is not begun.
                assert!(making.load(Ordering::SeqCst) <= number + 1);
                taken.push(number);
            }
            taken
        });
        assert_eq!(taken, (1..=100).collect::<Vec<_>>());
    }

    #[test]
    fn whoever_makes_ends_when_nobody_takes() {
        let make = |give: &dyn Fn(u32) -> bool| while give(1) {};
        assert_eq!(ahead(make, |made| made.take(3).count()), 3);
    }

    #[test]
    #[should_panic(expected = "panicked")]
    fn a_panic_beside_is_not_lost() {
        let make = |_: &dyn Fn(u32) -> bool| panic!("of the maker");
        ahead(make, |made| made.count());
    }
}
