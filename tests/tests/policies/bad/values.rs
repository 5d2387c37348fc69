//! What expressions give that an attribute or an element cannot take: null, out of range, of another type, no such thing.

use super::blocks;

/// Runs all rows of a table.
async fn hold(table: &'static str) {
    let mut wrong = Vec::new();
    for block in blocks(table) {
        for (line, bad, expected) in block.rows.clone() {
            let (outcome, more) = block.run(bad).await;
            if outcome != expected {
                wrong.push(format!("{line}: {bad} | {outcome}"));
            }
            wrong.extend(more.iter().map(|more| format!("{line}: {bad}: {more}")));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn access() {
    hold(include_str!("access.txt")).await;
}

#[tokio::test]
async fn ai() {
    hold(include_str!("ai.txt")).await;
}

#[tokio::test]
async fn transformation() {
    hold(include_str!("transformation.txt")).await;
}

#[tokio::test]
async fn others() {
    hold(include_str!("others.txt")).await;
}
