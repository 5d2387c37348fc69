//! `System.Random`: with a seed the very numbers that .NET gives.

use crate::collections::Array;
use crate::heap::HeapObject;
use crate::member::{Call, Member, TypeDef, TypeKind, member};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `System.Random`.
pub(crate) static RANDOM: TypeDef = TypeDef {
    name: "System.Random",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    member("new()", |call| {
        // Its seed comes from the host, so that a set host gives a set sequence.
        let seed = call.machine.host.random();
        let [a, b, c, d, ..] = seed.to_le_bytes();
        call.machine
            .heap
            .alloc(Random::new(i32::from_le_bytes([a, b, c, d])))
    }),
    member("new(int Seed)", |call| {
        let seed = call.int(0)?;
        call.machine.heap.alloc(Random::new(seed))
    }),
    member("static Random Shared { get; }", |call| {
        let [a, b, c, d, ..] = call.machine.host.random().to_le_bytes();
        call.machine
            .heap
            .alloc(Random::new(i32::from_le_bytes([a, b, c, d])))
    }),
    member("int Next()", |call| {
        this(call).map(|random| Value::Int32(random.sample()))
    }),
    member("int Next(int maxValue)", |call| {
        let most = call.int(1)?;
        if most < 0 {
            return Err(Throw::argument_out_of_range(format!(
                "maxValue ('{most}') must be a non-negative value. (Parameter 'maxValue')\nActual value was {most}."
            )));
        }
        this(call).map(|random| Value::Int32(random.between(0, most)))
    }),
    member("int Next(int minValue, int maxValue)", |call| {
        let (least, most) = (call.int(1)?, call.int(2)?);
        if least > most {
            return Err(Throw::argument_out_of_range(
                "'minValue' cannot be greater than maxValue. (Parameter 'minValue')",
            ));
        }
        this(call).map(|random| Value::Int32(random.between(least, most)))
    }),
    member("double NextDouble()", |call| {
        this(call).map(|random| Value::Double(random.fraction()))
    }),
    member("void NextBytes(byte[] buffer)", next_bytes),
    member("float NextSingle()", |call| {
        // The nearest below one.
        this(call).map(|random| Value::Single(random.fraction() as f32))
    }),
    member("long NextInt64()", |call| {
        let random = this(call)?;
        loop {
            let number = (random.bits() >> 1).cast_signed();
            if number != i64::MAX {
                return Ok(Value::Int64(number));
            }
        }
    }),
    member("long NextInt64(long maxValue)", |call| {
        let most = call.long(1)?;
        if most < 0 {
            return Err(Throw::argument_out_of_range(format!(
                "maxValue ('{most}') must be a non-negative value. (Parameter 'maxValue')\nActual value was {most}."
            )));
        }
        this(call).map(|random| Value::Int64(random.long_between(0, most)))
    }),
    member("long NextInt64(long minValue, long maxValue)", |call| {
        let (least, most) = (call.long(1)?, call.long(2)?);
        if least > most {
            return Err(Throw::argument_out_of_range(
                "'minValue' cannot be greater than maxValue. (Parameter 'minValue')",
            ));
        }
        this(call).map(|random| Value::Int64(random.long_between(least, most)))
    }),
    member("void Shuffle<T>(T[] values)", shuffle),
    member("T[] GetItems<T>(T[] choices, int length)", get_items),
];

const MODULUS: i32 = i32::MAX;

/// Knuth's subtractive generator with .NET's known slip (21 for 31).
#[derive(Debug, Clone)]
struct Random {
    /// Fifty-five numbers from index 1 on.
    numbers: [i32; 56],
    next: usize,
    other: usize,
}

impl HeapObject for Random {
    fn type_of(&self) -> Type {
        Type::plain(&RANDOM)
    }
}

impl Random {
    fn new(seed: i32) -> Random {
        let mut numbers = [0i32; 56];
        let mut set = |index: usize, number: i32| {
            if let Some(slot) = numbers.get_mut(index) {
                *slot = number;
            }
        };
        let mut last = 161_803_398i32.wrapping_sub(seed.checked_abs().unwrap_or(MODULUS));
        set(55, last);
        let mut number = 1i32;
        for index in 1..55 {
            let place = 21 * index % 55;
            set(place, number);
            let difference = last.wrapping_sub(number);
            last = number;
            number = if difference < 0 {
                difference.wrapping_add(MODULUS)
            } else {
                difference
            };
        }
        let mut random = Random {
            numbers,
            next: 0,
            other: 21,
        };
        for _ in 0..4 {
            for index in 1..56 {
                let difference = random
                    .at(index)
                    .wrapping_sub(random.at(1 + (index + 30) % 55));
                random.put(
                    index,
                    if difference < 0 {
                        difference.wrapping_add(MODULUS)
                    } else {
                        difference
                    },
                );
            }
        }
        random
    }

    fn at(&self, index: usize) -> i32 {
        self.numbers.get(index).copied().unwrap_or(0)
    }

    fn put(&mut self, index: usize, number: i32) {
        if let Some(slot) = self.numbers.get_mut(index) {
            *slot = number;
        }
    }

    fn sample(&mut self) -> i32 {
        let step = |place: usize| if place >= 55 { 1 } else { place + 1 };
        self.next = step(self.next);
        self.other = step(self.other);
        let mut number = self.at(self.next).wrapping_sub(self.at(self.other));
        if number == MODULUS {
            number -= 1;
        }
        if number < 0 {
            number = number.wrapping_add(MODULUS);
        }
        self.put(self.next, number);
        number
    }

    /// Sixty-four bits of three samples.
    fn bits(&mut self) -> u64 {
        let mut part = |bits: u32| u64::from(self.between(0, 1 << bits).cast_unsigned());
        let (low, middle, high) = (part(22), part(22), part(20));
        low | middle << 22 | high << 44
    }

    fn long_between(&mut self, least: i64, most: i64) -> i64 {
        let range = most.abs_diff(least);
        if range <= 1 {
            return least;
        }
        let bits = u64::BITS - (range - 1).leading_zeros();
        loop {
            let offset = self.bits() >> (u64::BITS - bits);
            if offset < range {
                return least.wrapping_add_unsigned(offset);
            }
        }
    }

    fn index_below(&mut self, most: usize) -> usize {
        let most = i32::try_from(most).unwrap_or(i32::MAX);
        usize::try_from(self.between(0, most)).unwrap_or(0)
    }

    fn fraction(&mut self) -> f64 {
        f64::from(self.sample()) * (1.0 / f64::from(MODULUS))
    }

    /// From `least` up to but not `most`; a sample is drawn even if there is no choice.
    fn between(&mut self, least: i32, most: i32) -> i32 {
        let range = i64::from(most) - i64::from(least);
        let fraction = if range <= i64::from(MODULUS) {
            self.fraction()
        } else {
            let mut number = self.sample();
            if self.sample() % 2 == 0 {
                number = -number;
            }
            (f64::from(number) + f64::from(MODULUS - 1)) / (2.0 * f64::from(MODULUS) - 1.0)
        };
        // The range has at most 33 bits, which a double holds; the fraction is below 1, so the cut result fits.
        let offset = (fraction * range as f64) as i64;
        i32::try_from(offset + i64::from(least)).unwrap_or(least)
    }
}

fn this<'a>(call: &'a mut Call<'_, '_>) -> Result<&'a mut Random, Throw> {
    let value = call.arg(0);
    call.machine
        .heap
        .of_mut(value)
        .ok_or_else(Throw::null_reference)
}

fn shuffle(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut values: Vec<Value> = call.array(1, "values")?.values().collect();
    call.machine
        .step(u64::try_from(values.len()).unwrap_or(u64::MAX))?;
    let random = this(call)?;
    for place in 0..values.len().saturating_sub(1) {
        let other = place + random.index_below(values.len() - place);
        values.swap(place, other);
    }
    if let Some(array) = call.machine.heap.of_mut::<Array>(call.arg(1)) {
        array.replace(values);
    }
    Ok(Value::Null)
}

fn get_items(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let choices = call.array(1, "choices")?;
    call.elements_copied(choices.len());
    let (element, choices): (Type, Vec<Value>) =
        (choices.element().clone(), choices.values().collect());
    let length = call.count(2, "length")?;
    if choices.is_empty() {
        return Err(Throw::argument(
            "Span may not be empty. (Parameter 'choices')",
        ));
    }
    call.machine
        .step(u64::try_from(length).unwrap_or(u64::MAX))?;
    call.machine
        .heap
        .charge(length.saturating_mul(size_of::<Value>()))?;
    let random = this(call)?;
    let items = (0..length).filter_map(|_| {
        let index = random.index_below(choices.len());
        choices.get(index).cloned()
    });
    let items = items.collect();
    call.machine.heap.alloc(Array::new(element, items))
}

fn next_bytes(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let length = call.array(1, "buffer")?.len();
    call.element_work(length / 4)?;
    let random = this(call)?;
    let bytes: Vec<u8> = (0..length)
        .map(|_| {
            let [low, ..] = random.sample().to_le_bytes();
            low
        })
        .collect();
    let target = call.arg(1);
    if let Some(array) = call.machine.heap.of_mut::<Array>(target)
        && let Some(slots) = array.as_bytes_mut()
    {
        slots.copy_from_slice(&bytes);
    }
    Ok(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_give_nets_numbers() {
        for (seed, expected) in [
            (0, 1_559_595_546),
            (1, 534_011_718),
            (42, 1_434_747_710),
            (-1, 534_011_718),
            (161_803_398, 1_639_093_931),
            (161_803_397, 517_194_112),
            (i32::MIN, 1_559_595_546),
            (1_000_000, 86_827_924),
        ] {
            assert_eq!(Random::new(seed).sample(), expected, "{seed}");
        }
        assert_eq!(Random::new(0).between(0, 100), 72);
        assert_eq!(Random::new(7).between(0, 1_000_000), 383_220);
    }
}
