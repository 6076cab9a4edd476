//! Cutting a stream into lines of bounded length.

/// Collects bytes and gives them back line by line.
#[derive(Debug)]
pub(super) struct Lines {
    buffer: Vec<u8>,
    /// How much of the buffer was given out already.
    taken: usize,
    /// Up to where no line end was found.
    searched: usize,
    longest: usize,
}

/// A line is longer than it may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Lines {
    /// No line may have more than `longest` bytes, its end not counted.
    pub(super) fn new(longest: usize) -> Self {
        Self {
            buffer: Vec::new(),
            taken: 0,
            searched: 0,
            longest,
        }
    }

    /// How many bytes wait, and how many more [`Lines::push`] takes.
    pub(super) fn room(&self) -> usize {
        // One more than a whole line, so that a line that is too long shows as such.
        (self.longest + 1).saturating_sub(self.buffer.len() - self.taken)
    }

    /// Takes bytes; returns how many, which is less than all when lines must be taken out first.
    pub(super) fn push(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room());
        self.buffer.drain(..self.taken);
        self.searched -= self.taken;
        self.taken = 0;
        self.buffer.extend(bytes.iter().take(count));
        count
    }

    /// The next whole line without its end, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, TooLong> {
        let rest = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.buffer.len();
            let waiting = self.buffer.len() - self.taken;
            return if waiting > self.longest {
                Err(TooLong)
            } else {
                Ok(None)
            };
        };
        let (start, end) = (self.taken, self.searched + end);
        self.taken = end + 1;
        self.searched = self.taken;
        Ok(self.buffer.get(start..end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lines: &mut Lines) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        while let Ok(Some(line)) = lines.next() {
            found.push(line.to_vec());
        }
        found
    }

    #[test]
    fn a_line_of_the_greatest_length_passes_and_one_byte_more_does_not() {
        let mut lines = Lines::new(4);
        assert_eq!(lines.push(b"abcd\n"), 5);
        assert_eq!(lines.next(), Ok(Some(&b"abcd"[..])));
        assert_eq!(lines.push(b"abcde"), 5);
        assert_eq!(lines.next(), Err(TooLong));
    }

    #[test]
    fn no_more_is_kept_than_one_line_takes() {
        let mut lines = Lines::new(3);
        assert_eq!(lines.push(b"a\nbcdefgh"), 4);
        assert_eq!(lines.push(b"x"), 0);
        assert_eq!(lines.next(), Ok(Some(&b"a"[..])));
        assert_eq!(lines.push(b"\n"), 1);
        assert_eq!(all(&mut lines), [b"bc".to_vec()]);
    }

    proptest::proptest! {
        #[test]
        fn where_the_stream_is_chopped_makes_no_difference(
            bytes in proptest::collection::vec(proptest::sample::select(b"ab\n".to_vec()), 0..200),
            chunk in 1usize..9,
        ) {
            let mut lines = Lines::new(200);
            let mut found = Vec::new();
            for piece in bytes.chunks(chunk) {
                proptest::prop_assert_eq!(lines.push(piece), piece.len());
                found.extend(all(&mut lines));
            }
            let mut expected: Vec<_> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            expected.pop();
            proptest::prop_assert_eq!(found, expected);
        }
    }
}
