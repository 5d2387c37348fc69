//! Sorting by comparisons that may throw, or contradict each other.

use std::cmp::Ordering;

use crate::collation;
use crate::machine::Machine;
use crate::ops;
use crate::throw::Throw;
use crate::value::Value;

/// `Comparer<T>.Default`, with .NET's exception where there is no order.
pub(crate) fn by_default(
    machine: &mut Machine<'_>,
    a: &Value,
    b: &Value,
) -> Result<Ordering, Throw> {
    if let (Value::String(a), Value::String(b)) = (a, b) {
        collation::work(machine, a, b)?;
    }
    ops::compare(machine.heap, a, b).map_err(|inner| {
        Throw::invalid_operation("Failed to compare two elements in the array.").with_inner(inner)
    })
}

/// Sorts stably. A merge sort: an order that contradicts itself gives some order, never a panic.
pub(crate) fn sort<T: Clone>(
    machine: &mut Machine<'_>,
    mut items: Vec<T>,
    mut compare: impl FnMut(&mut Machine<'_>, &T, &T) -> Result<Ordering, Throw>,
) -> Result<Vec<T>, Throw> {
    let mut width = 1;
    while width < items.len() {
        let mut merged = Vec::with_capacity(items.len());
        for pair in items.chunks(width * 2) {
            let (left, right) = pair.split_at_checked(width).unwrap_or((pair, &[]));
            let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
            while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
                machine.step(2)?;
                let from_right = compare(machine, a, b)?.is_gt();
                merged.extend(
                    if from_right {
                        right.next()
                    } else {
                        left.next()
                    }
                    .cloned(),
                );
            }
            merged.extend(left.chain(right).cloned());
        }
        items = merged;
        width *= 2;
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::testing::with_machine;

    #[test]
    fn sorting_is_stable_and_survives_contradictions() {
        with_machine(|machine| {
            let items = vec![(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd'), (0, 'e')];
            let sorted = sort(machine, items.clone(), |_, a, b| Ok(a.0.cmp(&b.0))).unwrap();
            let letters: String = sorted.iter().map(|(_, letter)| letter).collect();
            assert_eq!(letters, "ebdac");
            let all = sort(machine, items, |_, _, _| Ok(Ordering::Greater)).unwrap();
            assert_eq!(all.len(), 5);
        });
    }
}
