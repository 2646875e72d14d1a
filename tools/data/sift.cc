// SIFT descriptors of photographs as NPY files of float32 [rows, 128], shuffled with a fixed seed.
//   sift [--contrast X] [--queries FILE.npy N] OUT.npy ROWS CAP_PER_IMAGE IMAGE…
// Grey image, 1024-pixel tiles with a 48-pixel border: keypoints are kept in a tile's core only, so
// none counts twice. If CAP_PER_IMAGE leaves less than ROWS, it is raised to the least that does.
//   --contrast   the detector's threshold, 0.01: a lower one finds fainter keypoints
//   --queries    N rows more, none of them in OUT.npy: every descriptor is then kept once only
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <opencv2/features2d.hpp>
#include <opencv2/imgcodecs.hpp>

#include "npy.h"

namespace {
constexpr std::size_t kDim = 128;
constexpr int kTile = 1024;
constexpr int kBorder = 48;
using Bytes = std::vector<std::uint8_t>;  // descriptors are whole numbers 0..255

struct Options {
  double contrast = 0.01;
  std::string queries_path;
  std::size_t queries = 0;
};

/// Which descriptors there have been, by a hash of theirs.
class Seen {
 public:
  bool first(const std::uint8_t* row) {
    const std::string_view bytes(reinterpret_cast<const char*>(row), kDim);
    return hashes_.insert(std::hash<std::string_view>{}(bytes)).second;
  }

 private:
  std::unordered_set<std::size_t> hashes_;
};

Bytes describe(const std::string& path, const Options& options, Seen& seen) {
  Bytes found;
  const cv::Mat image = cv::imread(path, cv::IMREAD_GRAYSCALE);
  const auto sift = cv::SIFT::create(0, 3, options.contrast, 10, 1.6);
  for (int y = 0; y < image.rows; y += kTile)
    for (int x = 0; x < image.cols; x += kTile) {
      const cv::Rect wide =
          cv::Rect(x - kBorder, y - kBorder, kTile + 2 * kBorder, kTile + 2 * kBorder) &
          cv::Rect(0, 0, image.cols, image.rows);
      std::vector<cv::KeyPoint> points;
      cv::Mat descriptors;
      sift->detectAndCompute(image(wide), cv::noArray(), points, descriptors);
      for (int i = 0; i < descriptors.rows; ++i) {
        const float px = points[static_cast<std::size_t>(i)].pt.x + static_cast<float>(wide.x);
        const float py = points[static_cast<std::size_t>(i)].pt.y + static_cast<float>(wide.y);
        if (px < static_cast<float>(x) || px >= static_cast<float>(x + kTile) ||
            py < static_cast<float>(y) || py >= static_cast<float>(y + kTile))
          continue;
        std::uint8_t row[kDim];
        std::transform(
            descriptors.ptr<float>(i),
            descriptors.ptr<float>(i) + kDim,
            row,
            [](float value) { return static_cast<std::uint8_t>(value); }
        );
        if (options.queries == 0 || seen.first(row)) found.insert(found.end(), row, row + kDim);
      }
    }
  return found;
}

/// The rows of one image in an order by chance.
void shuffle(Bytes& rows, std::mt19937& random) {
  std::vector<std::size_t> order(rows.size() / kDim);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), random);
  Bytes shuffled;
  shuffled.reserve(rows.size());
  for (const std::size_t row : order)
    shuffled.insert(shuffled.end(), &rows[row * kDim], &rows[row * kDim] + kDim);
  rows = std::move(shuffled);
}

std::size_t rows_within(const std::vector<Bytes>& images, std::size_t cap) {
  std::size_t sum = 0;
  for (const Bytes& rows : images) sum += std::min(cap, rows.size() / kDim);
  return sum;
}

/// The first `cap` rows of each image, all together in an order by chance.
Bytes mix(std::vector<Bytes> images, std::size_t cap, std::mt19937& random) {
  Bytes all;
  all.reserve(rows_within(images, cap) * kDim);
  for (Bytes& rows : images) {
    const std::size_t end = std::min(cap * kDim, rows.size());
    all.insert(all.end(), rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(end));
    rows = {};
  }
  for (std::size_t i = all.size() / kDim; i > 1; --i) {
    const std::size_t j = std::uniform_int_distribution<std::size_t>(0, i - 1)(random);
    if (j == i - 1) continue;
    std::swap_ranges(&all[(i - 1) * kDim], &all[(i - 1) * kDim] + kDim, &all[j * kDim]);
  }
  return all;
}

void write(const std::string& path, const std::uint8_t* values, std::size_t rows) {
  std::FILE* out = std::fopen(path.c_str(), "wb");
  if (!out) npy::die(path, "cannot be written");
  npy::write_header(out, rows, kDim);
  for (std::size_t i = 0; i < rows; ++i, values += kDim) {
    float row[kDim];
    std::copy(values, values + kDim, row);
    std::fwrite(row, sizeof row, 1, out);
  }
  if (std::ferror(out) || std::fclose(out) != 0) npy::die(path, "cannot be written");
}
}  // namespace

int main(int argc, char** argv) {
  Options options;
  int at = 1;
  for (; at < argc && argv[at][0] == '-'; ++at) {
    const std::string_view name = argv[at];
    if (name == "--contrast" && at + 1 < argc) {
      options.contrast = std::atof(argv[++at]);
    } else if (name == "--queries" && at + 2 < argc) {
      options.queries_path = argv[++at];
      options.queries = std::strtoull(argv[++at], nullptr, 10);
    }
  }
  if (argc - at < 4)
    return std::fprintf(stderr, "usage: sift [options] OUT.npy ROWS CAP_PER_IMAGE IMAGE...\n"), 2;
  const char* out = argv[at];
  const std::size_t wanted = std::strtoull(argv[at + 1], nullptr, 10);
  std::size_t cap = std::strtoull(argv[at + 2], nullptr, 10);
  std::mt19937 random(42);
  Seen seen;
  std::vector<Bytes> images;
  for (int i = at + 3; i < argc && rows_within(images, cap) < wanted * 2; ++i) {
    images.push_back(describe(argv[i], options, seen));
    shuffle(images.back(), random);
    std::fprintf(stderr, "%8zu descriptors of %s\n", images.back().size() / kDim, argv[i]);
  }
  std::size_t most = 0;
  for (const Bytes& rows : images) most = std::max(most, rows.size() / kDim);
  while (cap < most && rows_within(images, cap) < wanted + options.queries) cap += 1000;
  const Bytes rows = mix(std::move(images), cap, random);
  const std::size_t count = rows.size() / kDim;
  std::fprintf(stderr, "%zu descriptors with at most %zu an image\n", count, cap);
  const std::size_t kept = std::min(wanted, count - std::min(options.queries, count));
  if (options.queries > 0 && kept < wanted) npy::die(out, "the images have too few descriptors");
  write(out, rows.data(), kept);
  if (options.queries > 0) write(options.queries_path, rows.data() + kept * kDim, options.queries);
}
