// The floor under imports: RocksDB writing the same rows, synced batches, nothing else.
//   bare_rocksdb FILE.npy FOLDER [BATCH]      prints {"rows_per_second":…}
#include <filesystem>

#include "load_client.h"
#include "store/vector_store.h"

int main(int argc, char** argv) {
  if (argc < 3) bench::die("usage: bare_rocksdb FILE.npy FOLDER [BATCH]");
  const auto rows = bench::read_npy(argv[1]);
  const std::size_t batch_rows = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 500;
  std::filesystem::remove_all(argv[2]);
  std::filesystem::create_directories(argv[2]);
  auto store = mlgraph::store::VectorStore::open(argv[2]);
  if (!store) bench::die(store.error().message);
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < rows.rows;) {
    auto batch = (*store)->make_batch();
    for (std::size_t n = 0; n < batch_rows && i < rows.rows; ++n, ++i)
      batch->put({1, 0, i}, {std::to_string(i), rows.row(i), {}});
    if (auto written = (*store)->write(*batch, true); !written) bench::die(written.error().message);
  }
  const double seconds = bench::seconds_since(begin);
  std::printf(
      "{\"rows\":%zu,\"batch\":%zu,\"rows_per_second\":%.0f}\n",
      rows.rows,
      batch_rows,
      static_cast<double>(rows.rows) / seconds
  );
  std::filesystem::remove_all(argv[2]);
}
