//! Custom numeric formats: `#,##0.00`, `0.0E+0`, `+0;-0;zero`.

use super::format::digits;
use super::{Digits, NumberCulture};
use crate::value::Value;

/// Formats by a pattern of up to three sections: positive, negative, zero.
pub(super) fn format(value: &Value, pattern: &str, culture: &NumberCulture) -> String {
    let number = match value {
        Value::Double(number) => Digits::read(&format!("{number:.14e}")),
        Value::Single(number) => Digits::read(&format!("{number:.6e}")),
        _ => digits(value),
    };
    let sections = sections(pattern);
    // A section that is missing or empty is the first one.
    let place = |index: usize| match sections.get(index) {
        Some(section) if !section.is_empty() => index,
        _ => 0,
    };
    let section = |index: usize| sections.get(index).map_or(&[][..], Vec::as_slice);
    let mut number = number;
    number.trim();
    let zero = number.digits.is_empty();
    let mut chosen = match (zero, number.negative) {
        (true, _) => place(2),
        (false, true) => place(1),
        (false, false) => 0,
    };
    let mut layout = Layout::of(section(chosen));
    let mut rounded = number.clone();
    layout.round(&mut rounded);
    if rounded.digits.is_empty() && !zero && place(2) != chosen {
        // A number that rounds to zero takes the third section, or the first.
        chosen = place(2);
        layout = Layout::of(section(chosen));
        rounded = number.clone();
        rounded.digits.clear();
        layout.round(&mut rounded);
    }
    let binary = matches!(value, Value::Double(_) | Value::Single(_));
    let shown = !rounded.digits.is_empty() || binary && !layout.is_blank(&rounded);
    let mut text = String::new();
    if rounded.negative && chosen == 0 && shown {
        text.push('-');
    }
    text.push_str(&layout.write(section(chosen), &rounded, culture));
    text
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Zero,
    Hash,
    Point,
    Comma,
    Percent,
    PerMille,
    /// `E+00`: the letter, whether `+` is shown, and how many digits.
    Exponent(char, bool, usize),
    Literal(char),
}

fn sections(pattern: &str) -> Vec<Vec<Token>> {
    let mut sections = vec![Vec::new()];
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        let token = match c {
            ';' => {
                sections.push(Vec::new());
                continue;
            }
            '0' => Token::Zero,
            '#' => Token::Hash,
            '.' => Token::Point,
            ',' => Token::Comma,
            '%' => Token::Percent,
            '‰' => Token::PerMille,
            '\\' => match chars.next() {
                Some(next) => Token::Literal(next),
                None => continue,
            },
            '\'' | '"' => {
                for next in chars.by_ref() {
                    if next == c {
                        break;
                    }
                    if let Some(section) = sections.last_mut() {
                        section.push(Token::Literal(next));
                    }
                }
                continue;
            }
            'E' | 'e' => {
                let mut ahead = chars.clone();
                let plus = ahead.peek() == Some(&'+');
                if plus || ahead.peek() == Some(&'-') {
                    ahead.next();
                }
                let mut zeros = 0;
                while ahead.peek() == Some(&'0') {
                    ahead.next();
                    zeros += 1;
                }
                if zeros == 0 {
                    Token::Literal(c)
                } else {
                    chars = ahead;
                    Token::Exponent(c, plus, zeros.min(10))
                }
            }
            other => Token::Literal(other),
        };
        if let Some(section) = sections.last_mut() {
            section.push(token);
        }
    }
    sections
}

#[derive(Debug, Default)]
struct Layout {
    whole: i32,
    /// Digits before the point from the first `0` on.
    whole_needed: i32,
    fraction: i32,
    /// Digits behind the point up to the last `0`.
    fraction_needed: i32,
    grouped: bool,
    /// By how many powers of ten `%`, `‰` and commas at the point move it.
    shift: i32,
    exponent: bool,
}

impl Layout {
    fn of(tokens: &[Token]) -> Layout {
        let mut layout = Layout::default();
        let mut behind = false;
        let mut pending_commas = 0;
        let mut first_zero = None;
        for token in tokens {
            match token {
                Token::Zero | Token::Hash if behind => {
                    layout.fraction += 1;
                    if *token == Token::Zero {
                        layout.fraction_needed = layout.fraction;
                    }
                }
                Token::Zero | Token::Hash => {
                    if pending_commas > 0 && layout.whole > 0 {
                        layout.grouped = true;
                    }
                    pending_commas = 0;
                    if *token == Token::Zero {
                        first_zero.get_or_insert(layout.whole);
                    }
                    layout.whole += 1;
                }
                Token::Comma if !behind && layout.whole > 0 => pending_commas += 1,
                Token::Point => behind = true,
                Token::Percent => layout.shift += 2,
                Token::PerMille => layout.shift += 3,
                Token::Exponent(..) => layout.exponent = true,
                Token::Comma | Token::Literal(_) => {}
            }
        }
        layout.shift -= 3 * pending_commas;
        layout.whole_needed = first_zero.map_or(0, |first| layout.whole - first);
        layout
    }

    fn round(&self, number: &mut Digits) {
        if number.digits.is_empty() {
            return;
        }
        number.scale += self.shift;
        if self.exponent {
            number.round(self.whole + self.fraction);
        } else {
            let keep = number.scale.saturating_add(self.fraction);
            number.round(keep);
        }
    }

    fn is_blank(&self, number: &Digits) -> bool {
        number.digits.is_empty() && self.whole_needed == 0 && self.fraction_needed == 0
    }

    fn write(&self, tokens: &[Token], number: &Digits, culture: &NumberCulture) -> String {
        let (number, exponent) = if self.exponent && !number.digits.is_empty() {
            let mut shifted = number.clone();
            shifted.scale = self.whole;
            (shifted, number.scale - self.whole)
        } else {
            (number.clone(), 0)
        };
        let mut text = String::new();
        // Digits that stand left of the pattern come out at its first place.
        let mut place = self.whole;
        let mut started = false;
        let mut behind = 0;
        let mut seen_point = false;
        let mut point_written = false;
        for token in tokens {
            match token {
                Token::Zero | Token::Hash if !seen_point => {
                    let from = if started {
                        place
                    } else {
                        number.scale.max(place)
                    };
                    started = true;
                    for position in (place..=from).rev() {
                        let due = position <= number.scale || position <= self.whole_needed;
                        if position < 1 || !due {
                            continue;
                        }
                        text.push(number.at(number.scale - position));
                        if self.grouped && position > 1 && (position - 1) % 3 == 0 {
                            text.push_str(culture.group);
                        }
                    }
                    place -= 1;
                }
                Token::Zero | Token::Hash => {
                    let index = number.scale + behind;
                    let held = i32::try_from(number.digits.len()).unwrap_or(i32::MAX) > index;
                    if behind < self.fraction_needed || held {
                        if !point_written {
                            text.push_str(culture.decimal);
                            point_written = true;
                        }
                        text.push(number.at(index));
                    }
                    behind += 1;
                }
                Token::Point => seen_point = true,
                Token::Comma => {}
                Token::Percent => text.push('%'),
                Token::PerMille => text.push('‰'),
                Token::Literal(c) => text.push(*c),
                Token::Exponent(letter, plus, digits) => {
                    text.push(*letter);
                    if exponent < 0 {
                        text.push('-');
                    } else if *plus {
                        text.push('+');
                    }
                    let width = *digits;
                    text.push_str(&format!("{:0>width$}", exponent.unsigned_abs()));
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: impl Into<Value>, pattern: &str) -> String {
        format(&value.into(), pattern, &NumberCulture::INVARIANT)
    }

    #[test]
    fn patterns_are_nets() {
        for (number, pattern, expected) in [
            (0.5, "#.##", ".5"),
            (0.5, "0.0E+0", "5.0E-1"),
            (2.25, "0.0", "2.3"),
            (123_456_789.0, "0.0E+0", "1.2E+8"),
            (0.256, "#0.##%", "25.6%"),
            (0.0, "#.##", ""),
            (1e-10, "0.0E+0", "1.0E-10"),
        ] {
            assert_eq!(text(number, pattern), expected, "{number} {pattern}");
        }
        for (number, pattern, expected) in [
            (-42, "000", "-042"),
            (1_234_567, "#,##0", "1,234,567"),
            (1_234_567, "0,,.00", "1.23"),
            (0, "+0;-0;zero", "zero"),
            (-42, "+0;-0;zero", "-42"),
            (5, "'lit'0", "lit5"),
            (5, "\\#0", "#5"),
            (0, "#", ""),
        ] {
            assert_eq!(text(number, pattern), expected, "{number} {pattern}");
        }
    }
}
