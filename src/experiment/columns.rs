//! Results as columns: one row a run, and the same columns in CSV and Parquet.
//! Nothing here was measured by a clock.

use std::sync::Arc;

use parquet::basic::{Compression, ConvertedType, Repetition, Type as PhysicalType, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use crate::experiment::results::Results;
use crate::metrics::METRICS;
use crate::record::Series;

/// A named column; all columns of a table are equally long.
pub struct Column {
    /// Its name, unit last.
    pub name: String,
    /// Its values.
    pub values: Values,
}

/// The values of a column.
pub enum Values {
    /// Text.
    Text(Vec<String>),
    /// Whole numbers.
    Integer(Vec<i64>),
    /// Numbers, where there is one.
    Decimal(Vec<Option<f64>>),
}

/// One row a run: number, axes, replicate, seed, digests, metrics.
pub fn of_results(results: &Results) -> Vec<Column> {
    let rows = &results.rows;
    let mut columns = vec![integers("run", (0..rows.len()).map(|it| it as i64))];
    for (idx, axis) in results.axes.iter().enumerate() {
        let label = |setting: usize| axis.values[results.settings[setting].values[idx]].clone();
        // An axis named like a metric must not hide it.
        let name = format!("axis.{}", axis.name);
        columns
            .push(Column { name, values: Values::Text(rows.iter().map(|it| label(it.setting)).collect()) });
    }
    columns.push(integers("replicate", rows.iter().map(|it| it.replicate.into())));
    let hex = |it: u64| format!("{it:016x}");
    columns.push(texts("seed", rows.iter().map(|it| it.seed.to_string())));
    columns.push(texts("digest", rows.iter().map(|it| hex(it.record.digest))));
    columns.push(texts("placement_digest", rows.iter().map(|it| hex(it.record.placement_digest))));
    columns.push(integers("events", rows.iter().map(|it| it.record.n_events as i64)));
    for (idx, metric) in METRICS.iter().enumerate() {
        let values = rows.iter().map(|it| it.metrics[idx]).collect();
        columns.push(Column { name: metric.name.to_owned(), values: Values::Decimal(values) });
    }
    columns
}

/// One row a bucket of a series of a run.
pub fn of_series(results: &Results) -> Vec<Column> {
    let mut runs = Vec::new();
    let mut names = Vec::new();
    let mut starts = Vec::new();
    let mut means = Vec::new();
    let mut leasts = Vec::new();
    let mut greatests = Vec::new();
    for (run, row) in results.rows.iter().enumerate() {
        let record = &row.record;
        let cluster = [
            ("instances", &record.instances),
            ("lower_bound_instances", &record.lower_bound),
            ("waiting_tasks", &record.waiting_tasks),
            ("placed_tasks", &record.placed_tasks),
            ("lower_bound_micro_usd_per_hour", &record.floors.micro_usd_per_hour),
        ];
        let of_service =
            |it: &crate::record::ServiceRecord, what: &str| format!("service:{}:{what}", it.name);
        let services = record.services.iter().flat_map(|it| {
            [("desired", &it.desired), ("healthy", &it.healthy), ("tasks", &it.tasks)]
                .map(|(what, series)| (of_service(it, what), series))
        });
        let providers = record.providers.iter().flat_map(|it| {
            let named = |what: &str| format!("provider:{}:{what}", it.name);
            let reserved = it.reserved.iter().map(move |of| {
                (named(&format!("reserved_{}_per_10000", of.resource.name())), &of.per_10_000)
            });
            let blocked = it
                .blocked
                .iter()
                .map(move |of| (named(&format!("blocked:{}", of.reason.name())), &of.is_binding));
            [(named("waiting_tasks"), &it.waiting)].into_iter().chain(reserved).chain(blocked)
        });
        let stranded = record.floors.stranded.by_cause.iter().map(|it| {
            let name = format!("stranded:{}:{}_per_10000", it.resource.name(), it.cause.name());
            (name, &it.per_10_000)
        });
        let repositories = record.images.repositories.iter().map(|it| {
            let name = format!("repository:{}:stored_kib", it.name);
            (name, &it.stored_kib)
        });
        let cluster = cluster.into_iter().map(|(name, series)| (name.to_owned(), series));
        let all: Vec<(String, &Series)> =
            cluster.chain(services).chain(providers).chain(stranded).chain(repositories).collect();
        for (name, series) in all {
            let width_s = series.bucket_width().as_secs_f64();
            for (idx, bucket) in series.buckets().iter().enumerate() {
                let Some(mean) = series.mean(idx) else { continue };
                runs.push(run as i64);
                names.push(name.clone());
                starts.push(Some(idx as f64 * width_s));
                means.push(Some(mean));
                leasts.push(bucket.min as i64);
                greatests.push(bucket.max as i64);
            }
        }
    }
    vec![
        Column { name: "run".to_owned(), values: Values::Integer(runs) },
        Column { name: "series".to_owned(), values: Values::Text(names) },
        Column { name: "start_s".to_owned(), values: Values::Decimal(starts) },
        Column { name: "mean".to_owned(), values: Values::Decimal(means) },
        Column { name: "min".to_owned(), values: Values::Integer(leasts) },
        Column { name: "max".to_owned(), values: Values::Integer(greatests) },
    ]
}

fn integers(name: &str, values: impl Iterator<Item = i64>) -> Column {
    Column { name: name.to_owned(), values: Values::Integer(values.collect()) }
}

fn texts(name: &str, values: impl Iterator<Item = String>) -> Column {
    Column { name: name.to_owned(), values: Values::Text(values.collect()) }
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Integer(values) => values.len(),
            Self::Decimal(values) => values.len(),
        }
    }

    fn cell(&self, row: usize) -> String {
        match self {
            Self::Text(values) => harmless(&values[row]),
            Self::Integer(values) => values[row].to_string(),
            Self::Decimal(values) => values[row].map_or(String::new(), |it| it.to_string()),
        }
    }
}

/// A text that a spreadsheet would take for a formula gets a leading
/// apostrophe (CWE-1236); numbers are never touched.
pub fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// The columns as CSV with a header.
pub fn to_csv(columns: &[Column]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let wrote = "writing to memory does not fail";
    writer.write_record(columns.iter().map(|it| harmless(&it.name))).expect(wrote);
    let n_rows = columns.first().map_or(0, |it| it.values.len());
    for row in 0..n_rows {
        writer.write_record(columns.iter().map(|it| it.values.cell(row))).expect(wrote);
    }
    writer.into_inner().expect(wrote)
}

/// The columns as Parquet: plain names, no nesting, dictionaries, zstd.
pub fn to_parquet(columns: &[Column]) -> Vec<u8> {
    write_parquet(columns).expect("flat columns of equal length make a file in memory")
}

fn write_parquet(columns: &[Column]) -> Result<Vec<u8>, ParquetError> {
    let fields = columns.iter().map(|column| {
        let (physical, converted, repetition) = match column.values {
            Values::Text(_) => (PhysicalType::BYTE_ARRAY, ConvertedType::UTF8, Repetition::REQUIRED),
            Values::Integer(_) => (PhysicalType::INT64, ConvertedType::NONE, Repetition::REQUIRED),
            Values::Decimal(_) => (PhysicalType::DOUBLE, ConvertedType::NONE, Repetition::OPTIONAL),
        };
        let field = Type::primitive_type_builder(&column.name, physical)
            .with_converted_type(converted)
            .with_repetition(repetition)
            .build()?;
        Ok(Arc::new(field))
    });
    let fields = fields.collect::<Result<Vec<_>, ParquetError>>()?;
    let schema = Type::group_type_builder("results").with_fields(fields).build()?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(concat!("berthlab ", env!("CARGO_PKG_VERSION")).to_owned())
        .build();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for column in columns {
        let mut target = group.next_column()?.expect("the schema has this column");
        match &column.values {
            Values::Text(values) => {
                let values: Vec<ByteArray> = values.iter().map(|it| it.as_str().into()).collect();
                target.typed::<ByteArrayType>().write_batch(&values, None, None)?;
            }
            Values::Integer(values) => {
                target.typed::<Int64Type>().write_batch(values, None, None)?;
            }
            Values::Decimal(values) => {
                let levels: Vec<i16> = values.iter().map(|it| i16::from(it.is_some())).collect();
                let present: Vec<f64> = values.iter().copied().flatten().collect();
                target.typed::<DoubleType>().write_batch(&present, Some(&levels), None)?;
            }
        }
        target.close()?;
    }
    group.close()?;
    writer.close()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_become_a_formula_and_a_number_stays_one() {
        let columns = [
            texts("=x", ["=1+1".to_owned(), "plain".to_owned()].into_iter()),
            Column { name: "y".to_owned(), values: Values::Decimal(vec![Some(-0.5), None]) },
        ];
        let text = String::from_utf8(to_csv(&columns)).unwrap();
        assert_eq!(text, "'=x,y\n'=1+1,-0.5\nplain,\n");
    }

    #[test]
    fn parquet_comes_back_as_it_went() {
        use parquet::file::reader::{FileReader as _, SerializedFileReader};
        use parquet::record::RowAccessor as _;
        let columns = [
            texts("name", ["a".to_owned(), "b".to_owned()].into_iter()),
            integers("n", [7, -7].into_iter()),
            Column { name: "y".to_owned(), values: Values::Decimal(vec![Some(-0.5), None]) },
        ];
        let bytes = to_parquet(&columns);
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].get_string(0).unwrap().as_str(), rows[1].get_long(1).unwrap()), ("a", -7));
        assert!((rows[0].get_double(2).unwrap() + 0.5).abs() < 1e-12);
        assert!(rows[1].get_double(2).is_err());
    }
}
