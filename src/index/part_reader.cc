// read_part: a sealed part from its file, believed only as far as its checksum and its size go.
#include <algorithm>
#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "index/graph_part.h"
#include "index/ivf_part.h"
#include "index/part_file.h"
#include "index/part_footer.h"

namespace mlgraph::index {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::size_t kPiece = std::size_t{1} << 20;

using Size = unsigned __int128;  ///< products of counts that nobody has checked yet

template <typename Items>
Result<void> read_all(HashedFile& file, Items& items, std::size_t count) {
  items.resize(count);
  return file.read(items.data(), count * sizeof(items[0]));
}

class PartReader {
 public:
  PartReader(const std::string& path, bool values_on_disk)
      : file_(path, O_RDONLY), values_on_disk_(values_on_disk) {}

  Result<std::shared_ptr<const SealedPart>> read(const std::string& checksum) {
    MLG_TRY_VOID(read_footer());
    std::shared_ptr<SealedPart> part;
    if (footer_.kind == static_cast<std::uint32_t>(SealedPart::Kind::kIvf))
      part = std::make_shared<IvfPart>();
    else
      part = std::make_shared<GraphPart>();
    part->dim = footer_.dim;
    part->metric = static_cast<model::Metric>(footer_.metric);
    part->probing.effort = footer_.probing;
    MLG_TRY_VOID(read_values(*part));
    MLG_TRY_VOID(read_all(file_, part->shards, footer_.segments));
    MLG_TRY_VOID(read_all(file_, part->rows_upto, footer_.segments));
    MLG_TRY_VOID(read_all(file_, part->rows, footer_.n));
    if (footer_.segments > 1) {
      MLG_TRY_VOID(read_all(file_, part->segment, footer_.n));
    }
    MLG_TRY_VOID(read_codes(*part));
    MLG_TRY_VOID(
        part->kind == SealedPart::Kind::kIvf ? read_lists(static_cast<IvfPart&>(*part))
                                             : read_graph(static_cast<GraphPart&>(*part))
    );
    PartFooter again;
    MLG_TRY_VOID(file_.read(&again, sizeof again));
    const auto digest = file_.digest();
    HashedFile::Digest stored{};
    MLG_TRY_VOID(file_.read(stored.data(), stored.size(), false));
    if (stored != digest || hex(digest) != checksum)
      return fail(ErrorCode::kCorrupt, "{}: wrong checksum", file_.path());
    MLG_TRY_VOID(check(*part));
    part->index_positions();
    if (part->kind == SealedPart::Kind::kIvf) static_cast<IvfPart&>(*part).code_centroids();
    return part;
  }

 private:
  [[nodiscard]] bool is_ivf() const {
    return footer_.kind == static_cast<std::uint32_t>(SealedPart::Kind::kIvf);
  }
  [[nodiscard]] std::size_t value_bytes() const {
    return footer_.half ? sizeof(Half) : sizeof(float);
  }
  [[nodiscard]] bool has_norms() const {
    return footer_.metric == static_cast<std::uint32_t>(model::Metric::kL2);
  }
  [[nodiscard]] std::size_t stride() const {
    return (footer_.dim + ScalarQuantizer::kAlign - 1) / ScalarQuantizer::kAlign *
           ScalarQuantizer::kAlign;
  }

  Result<void> read_footer() {
    struct stat info {};
    if (!file_.is_open() || fstat(file_.fd(), &info) != 0) return file_.error("opening");
    const auto size = static_cast<std::uint64_t>(info.st_size);
    const std::uint64_t end = sizeof footer_ + HashedFile::kDigest;
    if (size < end ||
        pread(file_.fd(), &footer_, sizeof footer_, static_cast<off_t>(size - end)) !=
            static_cast<ssize_t>(sizeof footer_) ||
        footer_.magic != PartFooter::kMagic)
      return fail(ErrorCode::kCorrupt, "{} is no part file of this version", file_.path());
    // The counts are believed only if the file is exactly as long as they say.
    if (expected_size() != static_cast<Size>(size) || !counts_are_sound())
      return fail(
          ErrorCode::kCorrupt, "{}: its counts do not fit its {} bytes", file_.path(), size
      );
    return {};
  }

  [[nodiscard]] bool counts_are_sound() const {
    const bool known =
        footer_.kind == static_cast<std::uint32_t>(SealedPart::Kind::kGraph) || is_ivf();
    const bool structure = is_ivf() ? footer_.nlist > 0
                                    : footer_.width > 0 && footer_.width % 2 == 0 &&
                                          (footer_.entry < footer_.n || footer_.n == 0);
    return known && structure && footer_.metric <= 2 && footer_.segments > 0 &&
           footer_.segments <= 256 && footer_.n < SealedPart::kNowhere &&
           footer_.layers <= PartFooter::kLayersMax;
  }

  [[nodiscard]] Size expected_size() const {
    const Size n = footer_.n;
    const Size dim = footer_.dim;
    Size size = n * dim * value_bytes() + Size{footer_.segments} * 8 + n * 4;
    if (footer_.segments > 1) size += n;
    if (footer_.coded) size += dim * 8 + n * stride() + (has_norms() ? n * 4 : 0);
    if (is_ivf()) {
      size += Size{footer_.nlist} * dim * 4 + (Size{footer_.nlist} + 1) * 8;
    } else {
      size += n * footer_.width * 4;
      for (std::size_t i = 0; i < std::min<std::size_t>(footer_.layers, PartFooter::kLayersMax);
           ++i)
        size += Size{footer_.layer_vertices[i]} * (1 + footer_.width / 2) * 4;
    }
    return size + sizeof footer_ + HashedFile::kDigest;
  }

  Result<void> read_values(SealedPart& part) {
    const std::size_t count = footer_.n * footer_.dim;
    const auto width = footer_.half ? PartValues::Width::kHalf : PartValues::Width::kFloat;
    if (values_on_disk_) {
      std::vector<char> piece(kPiece);
      for (std::size_t left = count * value_bytes(); left > 0;) {
        const std::size_t size = std::min(left, kPiece);
        MLG_TRY_VOID(file_.read(piece.data(), size));
        left -= size;
      }
      auto opened = std::make_shared<const OpenFile>(file_.path());
      if (!opened->is_open()) return file_.error("opening");
      part.values = PartValues(part.dim, PartValues::OnDisk{std::move(opened), 0, width});
    } else if (footer_.half) {
      HugeVector<Half> halves;
      MLG_TRY_VOID(read_all(file_, halves, count));
      part.values = PartValues(part.dim, std::move(halves));
    } else {
      HugeVector<float> floats;
      MLG_TRY_VOID(read_all(file_, floats, count));
      part.values = PartValues(part.dim, std::move(floats));
    }
    return {};
  }

  Result<void> read_codes(SealedPart& part) {
    if (!footer_.coded) return {};
    std::vector<float> low;
    std::vector<float> step;
    MLG_TRY_VOID(read_all(file_, low, footer_.dim));
    MLG_TRY_VOID(read_all(file_, step, footer_.dim));
    auto& codes = part.codes.emplace();
    codes.quantizer = ScalarQuantizer(std::move(low), std::move(step));
    MLG_TRY_VOID(read_all(file_, codes.bytes, footer_.n * stride()));
    return read_all(file_, codes.norms, has_norms() ? footer_.n : 0);
  }

  Result<void> read_lists(IvfPart& part) {
    MLG_TRY_VOID(read_all(file_, part.centroids, std::size_t{footer_.nlist} * footer_.dim));
    return read_all(file_, part.offsets, std::size_t{footer_.nlist} + 1);
  }

  Result<void> read_graph(GraphPart& part) {
    part.width = footer_.width;
    part.entry = footer_.entry;
    MLG_TRY_VOID(read_all(file_, part.links, footer_.n * footer_.width));
    part.layers.resize(footer_.layers);
    for (std::size_t i = 0; i < part.layers.size(); ++i) {
      const std::size_t vertices = footer_.layer_vertices[i];
      MLG_TRY_VOID(read_all(file_, part.layers[i].vertices, vertices));
      MLG_TRY_VOID(read_all(file_, part.layers[i].links, vertices * (footer_.width / 2)));
    }
    return {};
  }

  tl::unexpected<base::Error> wrong(const std::string& what) const {
    return fail(ErrorCode::kCorrupt, "{}: {}", file_.path(), what);
  }

  [[nodiscard]] Result<void> check(const SealedPart& part) const {
    for (const auto segment : part.segment)
      if (segment >= part.segments()) return wrong("a row of no segment");
    for (std::size_t at = 0; at < part.size(); ++at)
      if (part.rows[at] >= part.rows_upto[part.segment_of(at)])
        return wrong(fmt::format("row {} is beyond its segment", part.rows[at]));
    const auto& effort = part.probing.effort;
    if (effort.front() == 0 || !std::is_sorted(effort.begin(), effort.end()))
      return wrong("its calibration falls");
    if (part.kind == SealedPart::Kind::kIvf) return check(static_cast<const IvfPart&>(part));
    return check(static_cast<const GraphPart&>(part));
  }

  [[nodiscard]] Result<void> check(const IvfPart& part) const {
    if (part.offsets.front() != 0 || part.offsets.back() != part.size() ||
        !std::is_sorted(part.offsets.begin(), part.offsets.end()))
      return wrong("its lists do not add up to its rows");
    return {};
  }

  [[nodiscard]] Result<void> check(const GraphPart& part) const {
    const auto lead_out = [](const auto& links, std::size_t n) {
      return std::any_of(links.begin(), links.end(), [n](std::uint32_t to) {
        return to >= n && to != SealedPart::kNowhere;
      });
    };
    bool sound = !lead_out(part.links, part.size());
    // Every vertex that a layer leads to must stand in it, or a search would lose its way.
    for (const auto& layer : part.layers) {
      sound = sound && std::is_sorted(layer.vertices.begin(), layer.vertices.end()) &&
              !layer.vertices.empty() && layer.vertices.back() < part.size() &&
              std::binary_search(layer.vertices.begin(), layer.vertices.end(), part.entry);
      for (const auto to : layer.links)
        sound = sound && (to == SealedPart::kNowhere ||
                          std::binary_search(layer.vertices.begin(), layer.vertices.end(), to));
    }
    if (!sound) return wrong("its links lead astray");
    return {};
  }

  HashedFile file_;
  const bool values_on_disk_;
  PartFooter footer_;
};

}  // namespace

Result<std::shared_ptr<const SealedPart>> read_part(
    const std::string& path, const std::string& checksum, bool values_on_disk
) {
  return PartReader(path, values_on_disk).read(checksum);
}

}  // namespace mlgraph::index
