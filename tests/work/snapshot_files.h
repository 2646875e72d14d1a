#pragma once
// Snapshots in memory: made by the writer, read by the reader.
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "work/snapshot_reader.h"
#include "work/snapshot_writer.h"
#include "work/vector_files.h"

namespace mlgraph::testing {

class MemorySink final : public work::SnapshotSink {
 public:
  base::Result<void> append(std::string_view more) override {
    if (bytes.size() + more.size() > bytes_max)
      return base::fail(base::ErrorCode::kNoSpace, "the disk is full, says the test");
    bytes += more;
    return {};
  }
  base::Result<void> replace_start(std::string_view start) override {
    bytes.replace(0, start.size(), start);
    return {};
  }
  std::string bytes;
  std::size_t bytes_max = SIZE_MAX;
};

[[nodiscard]] inline work::SnapshotHead a_head(std::uint32_t dimension, const std::string& name) {
  work::SnapshotHead head;
  head.index.index_id = name;
  head.index.dimension = dimension;
  head.index.created_at = {1'700'000'000'000};
  head.index.shards.resize(1);
  head.index.shards[0].node = "n1";
  head.id = "abc-7";
  head.taken_at = {1'700'000'001'000};
  return head;
}

[[nodiscard]] inline std::vector<ReadRow> some_rows(
    std::size_t count, std::uint32_t dimension, std::uint64_t seed
) {
  std::mt19937_64 dice(seed);
  std::vector<ReadRow> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    rows[i].id = "v" + std::to_string(i);
    for (std::uint32_t d = 0; d < dimension; ++d)
      rows[i].values.push_back(static_cast<float>(dice() % 1'000) / 7);
    if (dice() % 3 == 0)
      rows[i].metadata = "{\"text\":\"" + std::string(dice() % 2'000, 'x') + "\"}";
  }
  return rows;
}

[[nodiscard]] inline std::string snapshot_of(
    const std::vector<ReadRow>& rows, work::SnapshotHead head
) {
  MemorySink sink;
  work::SnapshotWriter writer(sink, std::move(head));
  for (const auto& row : rows)
    MLG_CHECK(writer.add({row.id, row.values, row.metadata}).has_value());
  MLG_CHECK(writer.finish().has_value() && writer.rows() == rows.size());
  return sink.bytes;
}

struct ReadSnapshot {
  std::optional<work::SnapshotHead> head;
  std::vector<ReadRow> rows;
  std::optional<base::Error> error;
};
[[nodiscard]] inline ReadSnapshot read_snapshot(work::ByteSource& bytes) {
  ReadSnapshot read;
  auto reader = work::SnapshotReader::open(bytes);
  if (!reader) {
    read.error = reader.error();
    return read;
  }
  read.head = (*reader)->head();
  work::RowBuffer buffer(read.head->index.dimension);
  for (;;) {
    buffer.clear();
    const auto more = (*reader)->next(buffer);
    if (!more) read.error = more.error();
    if (!more || !*more) return read;
    const auto view = buffer.view();
    for (std::size_t i = 0; i < view.ids.size(); ++i) {
      const auto values = view.values.subspan(i * view.dimension, view.dimension);
      read.rows.push_back(
          {std::string(view.ids[i]),
           {values.begin(), values.end()},
           view.metadata.empty() ? "" : std::string(view.metadata[i])}
      );
    }
  }
}
[[nodiscard]] inline ReadSnapshot read_snapshot(std::string bytes, std::size_t piece = 1 << 20) {
  PiecewiseBytes source(std::move(bytes), piece);
  return read_snapshot(source);
}

}  // namespace mlgraph::testing
