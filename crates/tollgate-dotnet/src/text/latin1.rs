//! What .NET writes in Latin 1 for characters that it does not have, rather than a question mark.

/// Runs of characters from one on, and the ASCII characters that stand for them.
const RUNS: [(u16, &str); 44] = [
    (0x0100, "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi"),
    (0x0134, "JjKk"),
    (0x0139, "LlLlLl"),
    (0x0141, "LlNnNnNn"),
    (
        0x014C,
        "OoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZz",
    ),
    (0x0180, "b"),
    (0x0189, "D"),
    (0x0191, "Ff"),
    (0x0197, "I"),
    (0x019A, "l"),
    (0x019F, "OOo"),
    (0x01AB, "t"),
    (0x01AE, "TUu"),
    (0x01B6, "z"),
    (0x01CD, "AaIiOoUuUuUuUuUu"),
    (0x01DE, "Aa"),
    (0x01E4, "GgGgKkOoOo"),
    (0x01F0, "j"),
    (0x0261, "g"),
    (0x02B9, "'\""),
    (0x02BC, "'"),
    (0x02C4, "^"),
    (0x02C6, "^"),
    (0x02C8, "'"),
    (0x02CB, "`"),
    (0x02CD, "_"),
    (0x02DC, "~"),
    (0x0300, "`"),
    (0x0302, "^~"),
    (0x030E, "\""),
    (0x0331, "__"),
    (0x2000, "       "),
    (0x2010, "--"),
    (0x2013, "--"),
    (0x2018, "'',"),
    (0x201C, "\"\"\""),
    (0x2022, "."),
    (0x2026, "."),
    (0x2032, "'"),
    (0x2035, "`"),
    (0x2039, "<>"),
    (0x2122, "T"),
    (0xFF01, "!\"#$%&'()*+,-./0123456789:;<=>"),
    (
        0xFF20,
        "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~",
    ),
];

/// The byte that stands for the character, if one does.
pub(super) fn best_fit(unit: u16) -> Option<u8> {
    let after = RUNS.partition_point(|(first, _)| *first <= unit);
    let (first, run) = RUNS.get(after.checked_sub(1)?)?;
    run.as_bytes().get(usize::from(unit - first)).copied()
}
