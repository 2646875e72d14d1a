#include "index/part_file.h"

#include <cstdio>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include "index/graph_part.h"
#include "index/ivf_part.h"
#include "index/part_footer.h"

namespace mlgraph::index {
namespace {

using base::Result;

template <typename Items>
Result<void> write_all(HashedFile& file, const Items& items) {
  return file.write(items.data(), items.size() * sizeof(items[0]));
}

Result<void> write_codes(HashedFile& file, const CodedRows& codes) {
  MLG_TRY_VOID(write_all(file, codes.quantizer.low()));
  MLG_TRY_VOID(write_all(file, codes.quantizer.step()));
  MLG_TRY_VOID(write_all(file, codes.bytes));
  return write_all(file, codes.norms);
}

Result<void> write_lists(HashedFile& file, const IvfPart& part, PartFooter& footer) {
  footer.nlist = part.nlist();
  MLG_TRY_VOID(write_all(file, part.centroids));
  return write_all(file, part.offsets);
}

Result<void> write_graph(HashedFile& file, const GraphPart& part, PartFooter& footer) {
  footer.width = part.width;
  footer.entry = part.entry;
  footer.layers = static_cast<std::uint32_t>(part.layers.size());
  if (part.layers.size() > PartFooter::kLayersMax)
    return base::fail(
        base::ErrorCode::kInternal,
        "a graph of {} layers, the limit is {}",
        part.layers.size(),
        PartFooter::kLayersMax
    );
  MLG_TRY_VOID(write_all(file, part.links));
  for (std::size_t i = 0; i < part.layers.size(); ++i) {
    footer.layer_vertices[i] = part.layers[i].vertices.size();
    MLG_TRY_VOID(write_all(file, part.layers[i].vertices));
    MLG_TRY_VOID(write_all(file, part.layers[i].links));
  }
  return {};
}

}  // namespace

PartFile::PartFile(std::string path) : path_(std::move(path)), beside_(path_ + ".new") {}
PartFile::~PartFile() {
  if (file_) unlink(beside_.c_str());
}

Result<void> PartFile::open() {
  file_ = std::make_unique<HashedFile>(beside_, O_RDWR | O_CREAT | O_TRUNC);
  if (!file_->is_open()) return file_->error("making");
  return {};
}

Result<void> PartFile::write(const void* data, std::size_t size) {
  return file_->write(data, size);
}

Result<std::shared_ptr<const OpenFile>> PartFile::opened_values() const {
  auto opened = std::make_shared<const OpenFile>(beside_);
  if (!opened->is_open()) return file_->error("opening");
  return opened;
}

Result<std::string> PartFile::finish(const SealedPart& part) {
  PartFooter footer;
  footer.kind = static_cast<std::uint32_t>(part.kind);
  footer.dim = part.dim;
  footer.metric = static_cast<std::uint32_t>(part.metric);
  footer.half = part.values.width() == PartValues::Width::kHalf ? 1 : 0;
  footer.coded = part.codes ? 1 : 0;
  footer.segments = static_cast<std::uint32_t>(part.segments());
  footer.n = part.size();
  footer.probing = part.probing.effort;
  MLG_TRY_VOID(write_all(*file_, part.shards));
  MLG_TRY_VOID(write_all(*file_, part.rows_upto));
  MLG_TRY_VOID(write_all(*file_, part.rows));
  MLG_TRY_VOID(write_all(*file_, part.segment));
  if (part.codes) {
    MLG_TRY_VOID(write_codes(*file_, *part.codes));
  }
  MLG_TRY_VOID(
      part.kind == SealedPart::Kind::kIvf
          ? write_lists(*file_, static_cast<const IvfPart&>(part), footer)
          : write_graph(*file_, static_cast<const GraphPart&>(part), footer)
  );
  MLG_TRY_VOID(file_->write(&footer, sizeof footer));
  const auto digest = file_->digest();
  MLG_TRY_VOID(file_->write(digest.data(), digest.size(), false));
  if (fsync(file_->fd()) != 0) return file_->error("syncing");
  if (std::rename(beside_.c_str(), path_.c_str()) != 0) return file_->error("renaming");
  file_.reset();
  const HashedFile folder(std::filesystem::path(path_).parent_path().string(), O_RDONLY);
  if (!folder.is_open() || fsync(folder.fd()) != 0) return folder.error("syncing the folder of");
  return hex(digest);
}

}  // namespace mlgraph::index
