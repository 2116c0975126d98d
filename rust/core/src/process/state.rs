//! Serialization of a processor's state.

use crate::error::Error;

/// Writes a state; missing memory is an error.
pub struct Writer(Vec<u8>);

impl Writer {
    /// Starts a state with `mark`.
    pub(super) fn of(mark: &[u8]) -> Self {
        Self(mark.to_vec())
    }

    /// Returns the state.
    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    fn reserve(&mut self, bytes: usize) -> Result<(), Error> {
        let whole = self.0.len().saturating_add(bytes);
        self.0.try_reserve(bytes).map_err(|_| Error::StateMemory { bytes: whole })
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.reserve(bytes.len())?;
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn flag(&mut self, flag: bool) -> Result<(), Error> {
        self.bytes(&[u8::from(flag)])
    }

    pub(super) fn number(&mut self, number: u64) -> Result<(), Error> {
        self.bytes(&number.to_le_bytes())
    }

    /// Writes a count in eight bytes.
    pub(super) fn length(&mut self, length: usize) -> Result<(), Error> {
        self.number(length as u64)
    }

    /// Writes the bits of floats, without their number.
    pub(super) fn floats(&mut self, floats: &[f64]) -> Result<(), Error> {
        self.reserve(size_of_val(floats))?;
        for float in floats {
            self.0.extend_from_slice(&float.to_le_bytes());
        }
        Ok(())
    }

    /// Writes timestamps, without their number.
    pub(super) fn instants(&mut self, instants: &[i64]) -> Result<(), Error> {
        self.reserve(size_of_val(instants))?;
        for instant in instants {
            self.0.extend_from_slice(&instant.to_le_bytes());
        }
        Ok(())
    }
}

/// Reads a state and checks every part, because the bytes may come from any file.
pub struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts to read bytes, which must begin with `mark`.
    pub(super) fn of(bytes: &'a [u8], mark: &[u8]) -> Result<Self, Error> {
        let rest = bytes.strip_prefix(mark);
        rest.map(|bytes| Self { bytes }).ok_or_else(|| wrong("it has another beginning"))
    }

    /// Refuses remaining bytes.
    pub(super) fn finish(self) -> Result<(), Error> {
        if self.bytes.is_empty() { Ok(()) } else { Err(wrong("bytes follow its end")) }
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) =
            self.bytes.split_at_checked(count).ok_or_else(|| wrong("it ends too early"))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) =
            self.bytes.split_first_chunk().ok_or_else(|| wrong("it ends too early"))?;
        self.bytes = rest;
        Ok(*taken)
    }

    pub(super) fn flag(&mut self) -> Result<bool, Error> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [_] => Err(wrong("a flag is neither 0 nor 1")),
        }
    }

    pub(super) fn number(&mut self) -> Result<u64, Error> {
        self.array().map(u64::from_le_bytes)
    }

    /// Reads a count of at most `most`.
    pub(super) fn length(&mut self, most: usize) -> Result<usize, Error> {
        let length = usize::try_from(self.number()?).ok();
        length.filter(|&length| length <= most).ok_or_else(|| wrong("a count is too large"))
    }

    /// Reads a count that must equal `wanted`.
    pub(super) fn expect(&mut self, wanted: usize, problem: &'static str) -> Result<(), Error> {
        if self.number()? == wanted as u64 { Ok(()) } else { Err(wrong(problem)) }
    }

    /// Appends `count` floats; checks that their bytes exist before memory is allocated.
    pub(super) fn floats(&mut self, count: usize, floats: &mut Vec<f64>) -> Result<(), Error> {
        let bytes = count.saturating_mul(size_of::<f64>());
        let (chunks, _) = self.take(bytes)?.as_chunks();
        floats.try_reserve(count).map_err(|_| Error::OutOfMemory { rows: count })?;
        floats.extend(chunks.iter().map(|&bytes| f64::from_le_bytes(bytes)));
        Ok(())
    }

    /// Appends `count` timestamps in the same way.
    pub(super) fn instants(&mut self, count: usize, instants: &mut Vec<i64>) -> Result<(), Error> {
        let bytes = count.saturating_mul(size_of::<i64>());
        let (chunks, _) = self.take(bytes)?.as_chunks();
        instants.try_reserve(count).map_err(|_| Error::OutOfMemory { rows: count })?;
        instants.extend(chunks.iter().map(|&bytes| i64::from_le_bytes(bytes)));
        Ok(())
    }

    /// Fills a slice with floats.
    pub(super) fn floats_into(&mut self, floats: &mut [f64]) -> Result<(), Error> {
        for float in floats {
            *float = f64::from_le_bytes(self.array()?);
        }
        Ok(())
    }
}

/// The error for bytes that are not a state of the processor.
pub(super) fn wrong(problem: &str) -> Error {
    Error::Refused(format!(
        "state does not fit the processor: {problem}; pass the state of a processor with equal arguments"
    ))
}
