//! MD5 (RFC 1321), which the crypto library leaves out. For old protocols only.

const SHIFTS: [[u32; 4]; 4] = [
    [7, 12, 17, 22],
    [5, 9, 14, 20],
    [4, 11, 16, 23],
    [6, 10, 15, 21],
];

/// The digest of the bytes.
pub(super) fn digest(bytes: &[u8]) -> [u8; 16] {
    let length = u64::try_from(bytes.len())
        .unwrap_or(u64::MAX)
        .wrapping_mul(8);
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend(length.to_le_bytes());
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded.chunks_exact(64) {
        let words: Vec<u32> = block
            .chunks_exact(4)
            .map(|word| u32::from_le_bytes(word.try_into().unwrap_or_default()))
            .collect();
        let [mut a, mut b, mut c, mut d] = state;
        for step in 0..64usize {
            let (mixed, word) = match step / 16 {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
                2 => (b ^ c ^ d, (3 * step + 5) % 16),
                _ => (c ^ (b | !d), 7 * step % 16),
            };
            let word = words.get(word).copied().unwrap_or(0);
            let shift = SHIFTS
                .get(step / 16)
                .and_then(|round| round.get(step % 4))
                .copied()
                .unwrap_or(0);
            let sum = mixed
                .wrapping_add(a)
                .wrapping_add(constant(step))
                .wrapping_add(word);
            (a, d, c, b) = (d, c, b, b.wrapping_add(sum.rotate_left(shift)));
        }
        let [w, x, y, z] = state;
        state = [
            w.wrapping_add(a),
            x.wrapping_add(b),
            y.wrapping_add(c),
            z.wrapping_add(d),
        ];
    }
    let bytes: Vec<u8> = state.into_iter().flat_map(u32::to_le_bytes).collect();
    bytes.try_into().unwrap_or_default()
}

/// The whole part of 2^32 · |sin(step + 1)|, which fits 32 bits.
fn constant(step: usize) -> u32 {
    let angle = f64::from(u32::try_from(step).unwrap_or(0) + 1);
    (angle.sin().abs() * 4_294_967_296.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standard() {
        let hex = |bytes: &[u8]| -> String {
            digest(bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect()
        };
        assert_eq!(hex(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(hex(b"abc"), "900150983cd24fb0d6963f7d28e17f72");
        let long =
            b"12345678901234567890123456789012345678901234567890123456789012345678901234567890";
        assert_eq!(hex(long), "57edf4a22be3c955ac49da2e2107b67a");
    }
}
