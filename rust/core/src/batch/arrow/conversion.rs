//! Columns of Arrow data, converted where nothing is lost.
//!
//! Whoever made the data may still write to them, so they are copied unless the caller says that nobody does.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_buffer::{ArrowNativeType, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};

use crate::column::{collected, copied, room};
use crate::error::Error;

pub(super) const INSTANTS: &str = "timestamps with a time zone, as timestamp[ns, UTC]; \
                        one without is not known to be UTC: attach the zone first";
pub(super) const NUMBERS: &str = "float64, or numbers that convert to it without loss";
pub(super) const TEXTS: &str = "strings, or a dictionary of strings";

/// What becomes of Arrow's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// It is copied, once.
    Copied,
    /// It is shared where it is of the right type: nobody may write to it any more.
    Shared,
}

/// One chunk of an Arrow column, and how it is read.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// The name of the column, or of the argument, for messages.
    pub name: &'a str,
    /// How many rows of the column came before.
    pub before: usize,
    /// What becomes of its memory.
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

/// The instants of an Arrow array of timestamps with a time zone.
///
/// # Errors
///
/// When the array is of another type, holds nulls, an instant is outside 64-bit nanoseconds, or there is not enough
/// memory.
pub fn instants_of_arrow(chunk: Chunk<'_>, found: &ArrayRef) -> Result<ScalarBuffer<i64>, Error> {
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

/// The values of an Arrow array of numbers; a null among floats is NaN.
///
/// # Errors
///
/// When the array is of another type, holds nulls among integers, or an integer that no float is, or there is not
/// enough memory.
pub fn numbers_of_arrow(chunk: Chunk<'_>, found: &ArrayRef) -> Result<ScalarBuffer<f64>, Error> {
    match found.data_type() {
        DataType::Float64 => {
            let found = found.as_primitive::<Float64Type>();
            if found.null_count() > 0 { widened(found) } else { chunk.column(found.values()) }
        }
        DataType::Float32 => widened(found.as_primitive::<Float32Type>()),
        DataType::Float16 => widened(found.as_primitive::<Float16Type>()),
        other if !is_number(other) => Err(wrong_type(chunk.name, found, NUMBERS)),
        integers => {
            chunk.refuse_nulls(found)?;
            match integers {
                DataType::Int8 => widened(found.as_primitive::<Int8Type>()),
                DataType::Int16 => widened(found.as_primitive::<Int16Type>()),
                DataType::Int32 => widened(found.as_primitive::<Int32Type>()),
                DataType::UInt8 => widened(found.as_primitive::<UInt8Type>()),
                DataType::UInt16 => widened(found.as_primitive::<UInt16Type>()),
                DataType::UInt32 => widened(found.as_primitive::<UInt32Type>()),
                DataType::Int64 => chunk.exact(found.as_primitive::<Int64Type>().values()),
                _ => chunk.exact(found.as_primitive::<UInt64Type>().values()),
            }
        }
    }
}

/// Numbers that all are floats, NaN for a null.
fn widened<T: ArrowPrimitiveType>(found: &PrimitiveArray<T>) -> Result<ScalarBuffer<f64>, Error>
where
    f64: From<T::Native>,
{
    let rows = found.len();
    if found.null_count() == 0 {
        return collected(rows, found.values().iter().map(|&number| f64::from(number)));
    }
    collected(rows, found.iter().map(|number| number.map_or(f64::NAN, f64::from)))
}

impl Chunk<'_> {
    /// The memory of a column of the right type.
    fn column<T: ArrowNativeType>(
        &self,
        found: &ScalarBuffer<T>,
    ) -> Result<ScalarBuffer<T>, Error> {
        match self.memory {
            Memory::Copied => copied(found),
            Memory::Shared => Ok(found.clone()),
        }
    }

    pub(super) fn refuse_nulls(&self, found: &dyn Array) -> Result<(), Error> {
        let Some(nulls) = found.logical_nulls().filter(|nulls| nulls.null_count() > 0) else {
            return Ok(());
        };
        let row = self.before + nulls.iter().position(|valid| !valid).unwrap_or(0);
        let problem = format!("has a null in row {row}; drop such rows, or fill them in");
        Err(Error::column(self.name, problem))
    }

    /// Integers of 64 bits as floats, refused where one would be rounded.
    fn exact<T: Copy + Into<i128>>(&self, integers: &[T]) -> Result<ScalarBuffer<f64>, Error> {
        let mut numbers = room(integers.len())?;
        for (row, &integer) in integers.iter().enumerate() {
            let integer: i128 = integer.into();
            numbers.push(exact_float(integer).ok_or_else(|| {
                let row = self.before + row;
                let problem =
                    format!("holds {integer} in row {row}, which no float64 is; convert it before");
                Error::column(self.name, problem)
            })?);
        }
        Ok(numbers.into())
    }
}

/// The float that equals an integer, if there is one.
#[must_use]
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // told by the way back
pub fn exact_float(integer: i128) -> Option<f64> {
    let number = integer as f64;
    (number as i128 == integer).then_some(number)
}

/// The keys of a dictionary of so many values, none where it is null; those that come from elsewhere are not yet
/// checked.
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

/// Each row's text; of a dictionary, its values spread out.
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
    // What comes from elsewhere is not yet known to be text.
    found
        .to_data()
        .validate_full()
        .map_err(|error| Error::column(name, format!("is no text: {error}")))?;
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
