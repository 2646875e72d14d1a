#include "work/file_import.h"

namespace mlgraph::work {

using base::ErrorCode;
using base::Result;

namespace {

constexpr std::string_view kMember = "file_import";

/// {"file_import":{source, id_prefix, dataset, bytes, modified_ns}}
std::string private_json(const FileImport& import, const ImportFile::Stamp& stamp) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.key(kMember);
    out.object([&] {
      out.member("source", import.source);
      out.member("id_prefix", import.options.id_prefix);
      out.member("dataset", import.options.dataset);
      out.member("bytes", stamp.bytes);
      out.member("modified_ns", stamp.modified_ns);
    });
  });
  return text;
}

struct Remembered {
  FileImport import;
  ImportFile::Stamp stamp;
};

std::optional<Remembered> parse_private(std::string_view text) {
  const auto json = base::parse_json(text);
  const auto* object = json ? json->find(kMember) : nullptr;
  if (!object) return std::nullopt;
  Remembered remembered;
  for (const auto& [name, into] :
       {std::pair("source", &remembered.import.source),
        std::pair("id_prefix", &remembered.import.options.id_prefix),
        std::pair("dataset", &remembered.import.options.dataset)}) {
    const auto* value = object->find(name);
    if (!value || !value->as_string()) return std::nullopt;
    *into = *value->as_string();
  }
  const auto* bytes = object->find("bytes");
  const auto* modified = object->find("modified_ns");
  if (!bytes || !bytes->as_uint() || !modified || !modified->as_int()) return std::nullopt;
  remembered.stamp = {*bytes->as_uint(), *modified->as_int()};
  return remembered;
}

/// Reads `file` into the job's index; the index is asked for when the work begins.
jobs::Work work_of(
    const ImportPlaces& places,
    FileImport import,
    std::shared_ptr<ImportFile> file,
    jobs::Tally left
) {
  return [places, import = std::move(import), file = std::move(file), left = std::move(left)](
             jobs::JobHandle& job
         ) -> Result<void> {
    const FileFormat format = format_of(import.source);
    MLG_TRY(dimension, places.engine.dimension(job.index()));
    BodyMeasure measure{file->length()};
    ByteSource* bytes = file.get();
    std::unique_ptr<InflatingSource> inflating;
    if (format.compression != Compression::kNone) {
      inflating = make_inflating_source(format.compression, *file);
      measure.read = [&inflating] { return inflating->compressed_bytes(); };
      bytes = inflating.get();
    }
    MLG_TRY(rows, make_row_source(format.content_type, *bytes, dimension, import.options));
    return run_import(places.engine, places.metrics, places.clock, job, *rows, measure, left);
  };
}

}  // namespace

Result<model::Job> start_file_import(
    const ImportPlaces& places, jobs::Runner& runner, FileImport import
) {
  import.options.spool_dir = places.spool_dir;
  const FileFormat format = format_of(import.source);
  if (format.content_type.empty())
    return base::fail_at(
        "source",
        ErrorCode::kInvalidValue,
        "source must end in .jsonl, .npy, .csv, .fvecs, .bvecs or .hdf5, and may end in .gz or "
        ".zst "
        "behind that"
    );
  MLG_TRY_VOID(places.engine.check_writable(import.index));
  MLG_TRY(opened, open_import_file(places.import_dir, import.source));
  MLG_TRY(dimension, places.engine.dimension(import.index));
  // What is wrong with the options is told before there is a job.
  MLG_TRY_VOID(make_row_source(format.content_type, *opened, dimension, import.options));
  jobs::JobSpec spec;
  spec.job_type = jobs::kCountedType;
  spec.index = import.index;
  spec.job_id = import.job_id;
  spec.private_json = private_json(import, opened->stamp());
  spec.lane = jobs::Lane::kFileImports;
  spec.goes_on = true;
  return runner.start(spec, work_of(places, std::move(import), std::move(opened), jobs::Tally{}));
}

std::optional<jobs::Rest> go_on_with_file_import(
    const ImportPlaces& places, const model::Job& left, std::string_view private_json
) {
  auto remembered = parse_private(private_json);
  if (!remembered) return std::nullopt;
  auto file = open_import_file(places.import_dir, remembered->import.source);
  if (!file || (*file)->stamp() != remembered->stamp) return std::nullopt;
  remembered->import.options.spool_dir = places.spool_dir;
  return jobs::Rest{
      work_of(
          places,
          std::move(remembered->import),
          std::move(*file),
          {left.processed, left.failed, left.errors}
      ),
      jobs::Lane::kFileImports};
}

}  // namespace mlgraph::work
