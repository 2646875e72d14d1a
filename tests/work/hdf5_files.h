#pragma once
// HDF5 files as other programs write them, made by the library.
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <hdf5.h>

#include "store/temp_dir.h"

namespace mlgraph::testing {

template <typename Number>
[[nodiscard]] hid_t hdf5_type() {
  if constexpr (std::is_same_v<Number, float>) return H5T_IEEE_F32LE;
  if constexpr (std::is_same_v<Number, double>) return H5T_IEEE_F64BE;
  if constexpr (std::is_same_v<Number, std::uint8_t>) return H5T_STD_U8LE;
  return H5T_STD_I64LE;
}
template <typename Number>
[[nodiscard]] hid_t memory_type() {
  if constexpr (std::is_same_v<Number, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::is_same_v<Number, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::is_same_v<Number, std::uint8_t>) return H5T_NATIVE_UINT8;
  return H5T_NATIVE_INT64;
}

/// A file that datasets are put into; bytes() closes it and is what stands on the disk.
class Hdf5Builder {
 public:
  Hdf5Builder() : made_(H5Pcreate(H5P_DATASET_CREATE)) {
    file_ = H5Fcreate((folder_ / "made.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  }
  ~Hdf5Builder() {
    H5Pclose(made_);
    if (file_ >= 0) H5Fclose(file_);
  }
  Hdf5Builder(const Hdf5Builder&) = delete;
  Hdf5Builder& operator=(const Hdf5Builder&) = delete;

  /// How the datasets put from now on are made.
  [[nodiscard]] hid_t layout() const { return made_; }
  [[nodiscard]] hid_t file() const { return file_; }
  template <typename Number>
  Hdf5Builder& put(
      const std::string& name, const std::vector<hsize_t>& shape, const std::vector<Number>& values
  ) {
    const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
    const hid_t dataset = H5Dcreate2(
        file_, name.c_str(), hdf5_type<Number>(), space, H5P_DEFAULT, made_, H5P_DEFAULT
    );
    if (!values.empty())
      H5Dwrite(dataset, memory_type<Number>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    H5Dclose(dataset);
    H5Sclose(space);
    return *this;
  }
  [[nodiscard]] std::string bytes() {
    H5Fclose(std::exchange(file_, -1));
    std::ifstream in(folder_ / "made.h5", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  TempDir folder_;
  const hid_t made_;
  hid_t file_ = -1;
};

}  // namespace mlgraph::testing
