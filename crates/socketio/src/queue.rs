//! Queues that are empty most of the time.

use std::{collections::VecDeque, mem};

/// An emptied queue keeps room for so many items, and gives more back: sessions are many, and idle most of
/// the time.
const KEPT: usize = 2;

/// A queue whose first item takes the room of one.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    items: VecDeque<T>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { items: VecDeque::new() }
    }
}

impl<T> Queue<T> {
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn push(&mut self, item: T) {
        if self.items.capacity() == 0 {
            self.items.reserve_exact(1);
        }
        self.items.push_back(item);
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let item = self.items.pop_front();
        if self.items.is_empty() && self.items.capacity() > KEPT {
            self.items = VecDeque::new();
        }
        item
    }

    /// Takes all items at once, with their room.
    pub(crate) fn take(&mut self) -> VecDeque<T> {
        mem::take(&mut self.items)
    }

    /// Uses the room of a queue that was [taken](Self::take) and is empty, if there is none yet.
    pub(crate) fn reuse(&mut self, emptied: VecDeque<T>) {
        if self.items.capacity() == 0 && emptied.is_empty() && emptied.capacity() <= KEPT {
            self.items = emptied;
        }
    }

    pub(crate) fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.items.retain(keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_queue_keeps_little() {
        let mut queue = Queue::default();
        queue.push(0);
        assert_eq!((queue.len(), queue.items.capacity()), (1, 1));
        assert_eq!(queue.pop(), Some(0));
        assert_eq!(queue.items.capacity(), 1);
        (0..100).for_each(|n| queue.push(n));
        assert!((0..100).all(|n| queue.pop() == Some(n)));
        assert_eq!((queue.pop(), queue.items.capacity()), (None, 0));

        queue.push(1);
        let mut taken = queue.take();
        assert_eq!(taken.pop_front(), Some(1));
        queue.reuse(taken);
        assert_eq!(queue.items.capacity(), 1);
        queue.reuse(VecDeque::with_capacity(100));
        assert_eq!(queue.items.capacity(), 1);
    }
}
