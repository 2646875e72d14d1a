#include "work/hdf5_file.h"

#include <array>
#include <string_view>
#include <sys/stat.h>
#include <vector>

#include <hdf5.h>

#include "base/mutex.h"
#include "model/names.h"

namespace mlgraph::work {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

base::Mutex library;  // everything of libhdf5 is called with it held

/// Once a process: errors are ours to tell, and no code is loaded because a file names it.
void prepare_library() MLG_REQUIRES(library) {
  static const bool kReady = [] {
    H5open();
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    H5PLset_loading_state(0);
    return true;
  }();
  static_cast<void>(kReady);
}

/// An identifier of libhdf5, closed by the function that goes with it.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  [[nodiscard]] bool ok() const { return id_ >= 0; }
  [[nodiscard]] hid_t get() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

template <typename... Args>
tl::unexpected<base::Error> broken(fmt::format_string<Args...> text, Args&&... args) {
  return fail(ErrorCode::kBadRequest, text, std::forward<Args>(args)...);
}

Handle open_file(const std::string& path) {
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_file_locking(access.get(), false, true);  // a lock would keep others from the file
  return {H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose};
}

/// Every part of the path must stand in this file: a soft or external link could lead out of it.
Result<void> check_links(hid_t file, const std::string& dataset) {
  if (dataset.empty() || dataset.find('\0') != std::string::npos)
    return fail_at("dataset", ErrorCode::kInvalidValue, "dataset is no name of one");
  for (std::size_t end = 0; end != std::string::npos;) {
    end = dataset.find('/', end + 1);
    const std::string part = dataset.substr(0, end);
    H5L_info_t info{};
    if (H5Lget_info(file, part.c_str(), &info, H5P_DEFAULT) < 0)
      return broken("the HDF5 file has no dataset '{}'", model::printable(dataset));
    if (info.type != H5L_TYPE_HARD)
      return broken(
          "'{}' of the HDF5 file is a link, only datasets in place are read", model::printable(part)
      );
  }
  return {};
}

Result<std::array<hsize_t, 2>> shape_of(hid_t dataset, const std::string& name) {
  const Handle space(H5Dget_space(dataset), H5Sclose);
  std::array<hsize_t, H5S_MAX_RANK> extents{};
  const int rank = space.ok() ? H5Sget_simple_extent_ndims(space.get()) : -1;
  if (rank < 0 || H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr) < 0)
    return broken("the shape of dataset '{}' does not parse", name);
  if (rank != 2) return broken("dataset '{}' has {} dimensions, two are read", name, rank);
  return std::array<hsize_t, 2>{extents[0], extents[1]};
}

/// Bytes of one value.
Result<std::size_t> element_of(hid_t dataset, const std::string& name) {
  const Handle type(H5Dget_type(dataset), H5Tclose);
  const auto kind = type.ok() ? H5Tget_class(type.get()) : H5T_NO_CLASS;
  const std::size_t bytes = type.ok() ? H5Tget_size(type.get()) : 0;
  if ((kind != H5T_FLOAT && kind != H5T_INTEGER) || bytes == 0 || bytes > 8)
    return broken("dataset '{}' holds neither floats nor integers of at most 64 bits", name);
  return bytes;
}

/// That the dataset stores within this file, plainly, all that its shape promises.
Result<void> check_storage(
    hid_t dataset,
    const std::string& name,
    unsigned __int128 promised,
    std::uint64_t file_bytes,
    std::size_t element
) {
  const Handle made(H5Dget_create_plist(dataset), H5Pclose);
  if (!made.ok()) return broken("the layout of dataset '{}' does not parse", name);
  if (H5Pget_external_count(made.get()) != 0)
    return broken("dataset '{}' is stored in other files", name);
  if (H5Pget_nfilters(made.get()) != 0)
    return broken(
        "dataset '{}' is compressed or filtered within the HDF5 file: store it plainly (the file "
        "itself may be in gzip or zstd)",
        name
    );
  const auto layout = H5Pget_layout(made.get());
  const haddr_t at = layout == H5D_CONTIGUOUS ? H5Dget_offset(dataset) : 0;
  if (layout == H5D_CHUNKED) {
    std::array<hsize_t, H5S_MAX_RANK> chunk{};
    if (H5Pget_chunk(made.get(), 2, chunk.data()) != 2)
      return broken("the chunks of dataset '{}' do not parse", name);
    const auto bytes = static_cast<unsigned __int128>(chunk[0]) * chunk[1] * element;
    if (bytes > Hdf5Dataset::kChunkBytesMax)
      return broken(
          "dataset '{}' has chunks of {} x {} values, the limit is {} bytes",
          name,
          chunk[0],
          chunk[1],
          Hdf5Dataset::kChunkBytesMax
      );
  } else if (layout != H5D_CONTIGUOUS && layout != H5D_COMPACT) {
    return broken("dataset '{}' is a view of other datasets", name);
  }
  const std::uint64_t stored = H5Dget_storage_size(dataset);
  const bool inside = at != HADDR_UNDEF && at <= file_bytes && stored <= file_bytes - at;
  if (promised > 0 && (stored < promised || !inside))
    return broken(
        "dataset '{}' promises {} bytes, it stores {} of a file of {}",
        name,
        static_cast<std::uint64_t>(std::min<unsigned __int128>(promised, UINT64_MAX)),
        stored,
        file_bytes
    );
  return {};
}

}  // namespace

struct Hdf5Dataset::Handles {
  Handle file;
  Handle dataset;
};

Hdf5Dataset::Hdf5Dataset(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}

// The members are closed with the library's mutex held.
Hdf5Dataset::~Hdf5Dataset() {
  const base::MutexLock lock(library);
  const Handle dataset = std::move(handles_->dataset);
  const Handle file = std::move(handles_->file);
}

Result<std::unique_ptr<Hdf5Dataset>> Hdf5Dataset::open(
    const std::string& path, const std::string& dataset
) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0)
    return fail(ErrorCode::kInternal, "the HDF5 file cannot be read");
  const auto file_bytes = static_cast<std::uint64_t>(info.st_size);
  const std::string name = model::printable(dataset);
  const base::MutexLock lock(library);
  prepare_library();
  Handle file = open_file(path);
  if (!file.ok()) return broken("the body is no HDF5 file, or is cut short or damaged in its head");
  MLG_TRY_VOID(check_links(file.get(), dataset));
  Handle opened(H5Dopen2(file.get(), dataset.c_str(), H5P_DEFAULT), H5Dclose);
  if (!opened.ok()) return broken("'{}' of the HDF5 file is no dataset that can be read", name);
  MLG_TRY(shape, shape_of(opened.get(), name));
  MLG_TRY(element, element_of(opened.get(), name));
  const auto promised = static_cast<unsigned __int128>(shape[0]) * shape[1];
  if (promised > UINT64_MAX / element)
    return broken("dataset '{}' promises {} x {} values", name, shape[0], shape[1]);
  MLG_TRY_VOID(check_storage(opened.get(), name, promised * element, file_bytes, element));
  std::unique_ptr<Hdf5Dataset> made(new Hdf5Dataset(std::unique_ptr<Handles>(new Handles{
      std::move(file), std::move(opened)})));
  made->rows_ = shape[0];
  made->dim_ = shape[1];
  return made;
}

Result<void> Hdf5Dataset::read(std::uint64_t first, std::span<float> out) const {
  const std::uint64_t rows = out.size() / dim_;
  const std::array<hsize_t, 2> start = {first, 0};
  const std::array<hsize_t, 2> count = {rows, dim_};
  const base::MutexLock lock(library);
  const Handle all(H5Dget_space(handles_->dataset.get()), H5Sclose);
  const Handle some(H5Screate_simple(2, count.data(), nullptr), H5Sclose);
  const bool read =
      all.ok() && some.ok() &&
      H5Sselect_hyperslab(
          all.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr
      ) >= 0 &&
      H5Dread(
          handles_->dataset.get(), H5T_NATIVE_FLOAT, some.get(), all.get(), H5P_DEFAULT, out.data()
      ) >= 0;
  if (!read)
    return broken("rows {} to {} of the HDF5 dataset are damaged", first, first + rows - 1);
  return {};
}

}  // namespace mlgraph::work
