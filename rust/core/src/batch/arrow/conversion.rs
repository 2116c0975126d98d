//! Lossless conversion of Arrow columns.
//!
//! The producer may still write to the data, so it is copied unless the caller guarantees otherwise.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_buffer::{ArrowNativeType, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};

use crate::column::{collect_column, copy_column, room};
use crate::error::Error;

pub(super) const INSTANTS: &str = "timestamps with a time zone, as timestamp[ns, UTC]; \
                        without a zone they could be in any: attach one first";
pub(super) const NUMBERS: &str = "float64, or numbers that convert to it without loss";
pub(super) const TEXTS: &str = "strings, or a dictionary of strings";

/// Whether Arrow's memory is copied or shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// Copied once.
    Copied,
    /// Shared if the type is right. The memory must not be written to any more.
    Shared,
}

/// A chunk of an Arrow column, and how to read it.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// The name of the column, or of the argument, for messages.
    pub name: &'a str,
    /// The number of rows in the chunks before this one.
    pub before: usize,
    /// Whether its memory is copied or shared.
    pub memory: Memory,
}

pub(super) fn is_instant(found: &DataType) -> bool {
    matches!(found, DataType::Timestamp(_, Some(_)))
}

pub(super) fn is_number(found: &DataType) -> bool {
    found.is_integer() || matches!(found, DataType::Float16 | DataType::Float32 | DataType::Float64)
}

pub(super) fn is_text(found: &DataType) -> bool {
    match found {
        DataType::Dictionary(_, values) => is_text(values),
        other => matches!(other, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
    }
}

/// Reads an Arrow array of timestamps with a time zone.
///
/// # Errors
///
/// If the array has another type or nulls, a timestamp is outside 64-bit nanoseconds, or there is not enough
/// memory.
pub fn read_arrow_timestamps(
    chunk: Chunk<'_>,
    found: &ArrayRef,
) -> Result<ScalarBuffer<i64>, Error> {
    let DataType::Timestamp(unit, Some(_)) = found.data_type() else {
        return Err(wrong_type(chunk.name, found, INSTANTS));
    };
    chunk.refuse_nulls(found)?;
    let scaled = |counts: &ScalarBuffer<i64>, factor: i64| {
        let mut times = room(counts.len())?;
        for count in counts {
            times.push(count.checked_mul(factor).ok_or_else(|| Error::TimestampOutOfRange {
                argument: chunk.name.to_owned(),
                got: format!("{count} {unit:?}s since 1970"),
            })?);
        }
        Ok(times.into())
    };
    match unit {
        TimeUnit::Nanosecond => {
            chunk.column(found.as_primitive::<TimestampNanosecondType>().values())
        }
        TimeUnit::Microsecond => {
            scaled(found.as_primitive::<TimestampMicrosecondType>().values(), 1_000)
        }
        TimeUnit::Millisecond => {
            scaled(found.as_primitive::<TimestampMillisecondType>().values(), 1_000_000)
        }
        TimeUnit::Second => {
            scaled(found.as_primitive::<TimestampSecondType>().values(), 1_000_000_000)
        }
    }
}

/// Reads an Arrow array of numbers; a null among floats becomes NaN.
///
/// # Errors
///
/// If the array has another type, has nulls among integers, or has an integer that a float would round, or there is not
/// enough memory.
pub fn read_arrow_numbers(chunk: Chunk<'_>, found: &ArrayRef) -> Result<ScalarBuffer<f64>, Error> {
    match found.data_type() {
        DataType::Float64 => {
            let found = found.as_primitive::<Float64Type>();
            if found.null_count() > 0 { widen(found) } else { chunk.column(found.values()) }
        }
        DataType::Float32 => widen(found.as_primitive::<Float32Type>()),
        DataType::Float16 => widen(found.as_primitive::<Float16Type>()),
        other if !is_number(other) => Err(wrong_type(chunk.name, found, NUMBERS)),
        integers => {
            chunk.refuse_nulls(found)?;
            match integers {
                DataType::Int8 => widen(found.as_primitive::<Int8Type>()),
                DataType::Int16 => widen(found.as_primitive::<Int16Type>()),
                DataType::Int32 => widen(found.as_primitive::<Int32Type>()),
                DataType::UInt8 => widen(found.as_primitive::<UInt8Type>()),
                DataType::UInt16 => widen(found.as_primitive::<UInt16Type>()),
                DataType::UInt32 => widen(found.as_primitive::<UInt32Type>()),
                DataType::Int64 => chunk.exact(found.as_primitive::<Int64Type>().values()),
                _ => chunk.exact(found.as_primitive::<UInt64Type>().values()),
            }
        }
    }
}

/// Converts numbers that are all exact as floats; nulls become NaN.
fn widen<T: ArrowPrimitiveType>(found: &PrimitiveArray<T>) -> Result<ScalarBuffer<f64>, Error>
where
    f64: From<T::Native>,
{
    let rows = found.len();
    if found.null_count() == 0 {
        return collect_column(rows, found.values().iter().map(|&number| f64::from(number)));
    }
    collect_column(rows, found.iter().map(|number| number.map_or(f64::NAN, f64::from)))
}

impl Chunk<'_> {
    /// Copies or shares the memory of a column of the right type.
    fn column<T: ArrowNativeType>(
        &self,
        found: &ScalarBuffer<T>,
    ) -> Result<ScalarBuffer<T>, Error> {
        match self.memory {
            Memory::Copied => copy_column(found),
            Memory::Shared => Ok(found.clone()),
        }
    }

    pub(super) fn refuse_nulls(&self, found: &dyn Array) -> Result<(), Error> {
        let Some(nulls) = found.logical_nulls().filter(|nulls| nulls.null_count() > 0) else {
            return Ok(());
        };
        let row = self.before + nulls.iter().position(|valid| !valid).unwrap_or(0);
        let problem = format!("has a null in row {row}; drop or fill such rows");
        Err(Error::column(self.name, problem))
    }

    /// Converts 64-bit integers to floats; refuses an integer that would be rounded.
    fn exact<T: Copy + Into<i128>>(&self, integers: &[T]) -> Result<ScalarBuffer<f64>, Error> {
        let mut numbers = room(integers.len())?;
        for (row, &integer) in integers.iter().enumerate() {
            let integer: i128 = integer.into();
            numbers.push(exact_float(integer).ok_or_else(|| {
                let row = self.before + row;
                let problem =
                    format!("has {integer} in row {row}, which float64 would round; convert the column first");
                Error::column(self.name, problem)
            })?);
        }
        Ok(numbers.into())
    }
}

/// Returns the float that equals an integer, if it exists.
#[must_use]
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // checked by converting back
pub fn exact_float(integer: i128) -> Option<f64> {
    let number = integer as f64;
    (number as i128 == integer).then_some(number)
}

/// Reads the keys of a dictionary of `values` values, `None` for null, and checks them, because foreign keys may be
/// invalid.
pub(super) fn keys(
    name: &str,
    found: &dyn Array,
    values: usize,
) -> Result<Vec<Option<usize>>, Error> {
    fn checked<T: ArrowPrimitiveType>(
        found: &dyn Array,
        values: usize,
    ) -> Result<Option<Vec<Option<usize>>>, Error>
    where
        usize: TryFrom<T::Native>,
    {
        let check = |key: Option<T::Native>| match key {
            None => Some(None),
            Some(key) => usize::try_from(key).ok().filter(|key| *key < values).map(Some),
        };
        let mut keys = room(found.len())?;
        for key in found.as_primitive::<T>() {
            let Some(key) = check(key) else { return Ok(None) };
            keys.push(key);
        }
        Ok(Some(keys))
    }
    let keys = match found.data_type() {
        DataType::Int8 => checked::<Int8Type>(found, values),
        DataType::Int16 => checked::<Int16Type>(found, values),
        DataType::Int32 => checked::<Int32Type>(found, values),
        DataType::Int64 => checked::<Int64Type>(found, values),
        DataType::UInt8 => checked::<UInt8Type>(found, values),
        DataType::UInt16 => checked::<UInt16Type>(found, values),
        DataType::UInt32 => checked::<UInt32Type>(found, values),
        DataType::UInt64 => checked::<UInt64Type>(found, values),
        _ => Ok(None),
    };
    keys?.ok_or_else(|| {
        Error::column(name, format!("has an index outside its dictionary of {values} names"))
    })
}

/// Returns each row's text; a dictionary is expanded.
pub(crate) fn texts<'a>(name: &str, found: &'a ArrayRef) -> Result<Vec<Option<&'a str>>, Error> {
    let rows = |count, texts: &mut dyn Iterator<Item = Option<&'a str>>| {
        let mut rows = room(count)?;
        rows.extend(texts);
        Ok(rows)
    };
    if let Some(dictionary) = found.as_any_dictionary_opt() {
        let values = texts(name, dictionary.values())?;
        let keys = keys(name, dictionary.keys(), values.len())?;
        return rows(keys.len(), &mut keys.into_iter().map(|key| key.and_then(|key| values[key])));
    }
    // Foreign data may not be valid text.
    found
        .to_data()
        .validate_full()
        .map_err(|error| Error::column(name, format!("is not valid text: {error}")))?;
    match found.data_type() {
        DataType::Utf8 => rows(found.len(), &mut found.as_string::<i32>().iter()),
        DataType::LargeUtf8 => rows(found.len(), &mut found.as_string::<i64>().iter()),
        DataType::Utf8View => rows(found.len(), &mut found.as_string_view().iter()),
        _ => Err(wrong_type(name, found, TEXTS)),
    }
}

fn wrong_type(column: &str, found: &dyn Array, wanted: &'static str) -> Error {
    Error::ColumnType { column: column.to_owned(), got: found.data_type().to_string(), wanted }
}
