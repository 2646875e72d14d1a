// SIFT descriptors of photographs as one NPY file of float32 [rows, 128], shuffled with a fixed
// seed.
//   sift OUT.npy ROWS CAP_PER_IMAGE IMAGE…
// Grey image, 1024-pixel tiles with a 48-pixel border: keypoints are kept in a tile's core only, so
// none counts twice.
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <opencv2/features2d.hpp>
#include <opencv2/imgcodecs.hpp>

namespace {
constexpr int kDim = 128;
constexpr int kTile = 1024;
constexpr int kBorder = 48;

void add_image(
    const std::string& path, std::size_t cap, std::mt19937& random, std::vector<float>& rows
) {
  const cv::Mat image = cv::imread(path, cv::IMREAD_GRAYSCALE);
  if (image.empty()) return;
  const auto sift = cv::SIFT::create(0, 3, 0.01, 10, 1.6);
  std::vector<float> found;
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
        found.insert(found.end(), descriptors.ptr<float>(i), descriptors.ptr<float>(i) + kDim);
      }
    }
  std::vector<std::size_t> order(found.size() / kDim);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), random);
  if (order.size() > cap) order.resize(cap);
  for (const std::size_t row : order)
    rows.insert(
        rows.end(),
        found.begin() + static_cast<std::ptrdiff_t>(row * kDim),
        found.begin() + static_cast<std::ptrdiff_t>((row + 1) * kDim)
    );
  std::fprintf(stderr, "%8zu descriptors after %s\n", rows.size() / kDim, path.c_str());
}
}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return std::fprintf(stderr, "usage: sift OUT.npy ROWS CAP_PER_IMAGE IMAGE...\n"), 2;
  const std::size_t wanted = std::strtoull(argv[2], nullptr, 10);
  const std::size_t cap = std::strtoull(argv[3], nullptr, 10);
  std::mt19937 random(42);
  std::vector<float> rows;
  for (int i = 4; i < argc && rows.size() / kDim < wanted * 2; ++i)
    add_image(argv[i], cap, random, rows);
  std::size_t count = rows.size() / kDim;
  for (std::size_t i = count; i > 1; --i) {
    const std::size_t j = std::uniform_int_distribution<std::size_t>(0, i - 1)(random);
    std::swap_ranges(
        rows.begin() + static_cast<std::ptrdiff_t>((i - 1) * kDim),
        rows.begin() + static_cast<std::ptrdiff_t>(i * kDim),
        rows.begin() + static_cast<std::ptrdiff_t>(j * kDim)
    );
  }
  count = std::min(count, wanted);
  std::string header =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(count) + ", 128), }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::FILE* out = std::fopen(argv[1], "wb");
  if (!out) return std::perror(argv[1]), 1;
  const auto size = static_cast<unsigned>(header.size());
  const unsigned char magic[10] = {
      0x93,
      'N',
      'U',
      'M',
      'P',
      'Y',
      1,
      0,
      static_cast<unsigned char>(size & 255),
      static_cast<unsigned char>(size >> 8)};
  std::fwrite(magic, 1, sizeof magic, out);
  std::fwrite(header.data(), 1, header.size(), out);
  std::fwrite(rows.data(), sizeof(float), count * kDim, out);
  return std::fclose(out) == 0 ? 0 : 1;
}
