#include "work/hdf5_rows.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <unistd.h>

#include "model/names.h"

namespace mlgraph::work {

using base::ErrorCode;
using base::fail;
using base::Result;
using hdf5::FrameKind;

namespace {

constexpr int kSilenceSeconds = 60;
constexpr int kSecondMs = 1'000;

/// Beside this program, as a build leaves it; else where a package puts what only programs begin:
/// bin/mlgraphd has libexec/mlgraph/mlgraph-hdf5.
std::string reader_program() {
  constexpr const char* kName = "mlgraph-hdf5";
  std::error_code ec;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", ec).parent_path();
  const auto beside = folder / kName;
  const auto packaged = folder.parent_path() / "libexec" / "mlgraph" / kName;
  return std::filesystem::exists(packaged, ec) && !std::filesystem::exists(beside, ec)
             ? packaged.string()
             : beside.string();
}

/// Begins the program with `file` and `pipe` as its own, and nothing else of ours: no descriptor,
/// no signal mask, no process group that a terminal signals.
Result<pid_t> spawn(int file, int pipe, const std::string& dataset, std::uint32_t dimension) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, file, hdf5::kFileDescriptor);
  posix_spawn_file_actions_addclosefrom_np(&actions, hdf5::kFileDescriptor + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
  );
  std::string program = reader_program();
  std::string name = dataset;
  std::string dim = std::to_string(dimension);
  std::array<char*, 4> arguments = {program.data(), name.data(), dim.data(), nullptr};
  std::array<char*, 1> no_environment = {nullptr};
  pid_t process = -1;
  const int error = posix_spawn(
      &process, program.c_str(), &actions, &attributes, arguments.data(), no_environment.data()
  );
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    return fail(
        ErrorCode::kInternal,
        "mlgraph-hdf5, which reads HDF5 files, cannot be run: {}",
        std::strerror(error)
    );
  return process;
}

}  // namespace

Result<std::unique_ptr<Hdf5Rows>> Hdf5Rows::begin(
    int file, const std::string& dataset, std::uint32_t dimension
) {
  if (dataset.empty() || dataset.find('\0') != std::string::npos)
    return base::fail_at("dataset", ErrorCode::kInvalidValue, "dataset is no name of one");
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return fail(ErrorCode::kInternal, "a pipe: {}", std::strerror(errno));
  const auto process = spawn(file, ends[1], dataset, dimension);
  close(ends[1]);
  if (!process) {
    close(ends[0]);
    return tl::unexpected(process.error());
  }
  return std::unique_ptr<Hdf5Rows>(new Hdf5Rows(*process, ends[0], dimension));
}

Hdf5Rows::~Hdf5Rows() {
  close(pipe_);
  kill(process_, SIGKILL);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) continue;
}

Result<bool> Hdf5Rows::ready() {
  if (used_ < block_.size()) return true;
  pollfd waiting{pipe_, POLLIN, 0};
  if (poll(&waiting, 1, kSecondMs) <= 0) {
    if (++silent_seconds_ < kSilenceSeconds) return false;
    return fail(
        ErrorCode::kBadRequest,
        "the HDF5 file is damaged at row {} or after it: nothing could be read for {} s",
        row_,
        kSilenceSeconds
    );
  }
  silent_seconds_ = 0;
  if (open_) {
    MLG_TRY_VOID(read_block());
    return true;
  }
  MLG_TRY_VOID(read_shape());
  return false;
}

std::span<const float> Hdf5Rows::row() {
  const auto row = std::span<const float>(block_).subspan(used_, dimension_);
  used_ += dimension_;
  ++row_;
  return row;
}

Result<void> Hdf5Rows::read_shape() {
  MLG_TRY(head, read_head());
  if (head.kind == FrameKind::kError) return told(head.bytes);
  hdf5::Shape shape;
  if (head.kind != FrameKind::kShape || head.bytes != sizeof shape)
    return fail(ErrorCode::kBadRequest, "the HDF5 file has confused its reader");
  MLG_TRY_VOID(read(&shape, sizeof shape));
  if (shape.dim != dimension_)
    return fail(
        ErrorCode::kInvalidVector,
        "the HDF5 dataset has rows of {} values, the index has dimension {}",
        shape.dim,
        dimension_
    );
  rows_ = shape.rows;
  open_ = true;
  return {};
}

Result<void> Hdf5Rows::read_block() {
  MLG_TRY(head, read_head());
  if (head.kind == FrameKind::kError) return told(head.bytes);
  const std::size_t row_bytes = dimension_ * sizeof(float);
  const std::uint64_t rows = head.bytes / row_bytes;
  if (head.kind != FrameKind::kRows || rows == 0 || head.bytes % row_bytes != 0 ||
      head.bytes > std::max<std::size_t>(hdf5::kRowsBytesMax, row_bytes) || rows > rows_ - row_)
    return fail(ErrorCode::kBadRequest, "the HDF5 file has confused its reader at row {}", row_);
  block_.resize(rows * dimension_);
  used_ = block_.size();  // if it does not come whole, nothing of it is told
  MLG_TRY_VOID(read(block_.data(), head.bytes));
  used_ = 0;
  return {};
}

Result<hdf5::FrameHead> Hdf5Rows::read_head() {
  hdf5::FrameHead head;
  MLG_TRY_VOID(read(&head, sizeof head));
  return head;
}

tl::unexpected<base::Error> Hdf5Rows::told(std::uint32_t bytes) {
  std::string text(std::min(bytes, hdf5::kErrorBytesMax), '\0');
  if (const auto whole = read(text.data(), text.size()); !whole)
    return tl::unexpected(whole.error());
  return fail(ErrorCode::kBadRequest, "{}", text);
}

/// The rest of a frame whose begin is there: who writes it writes it whole, or dies.
Result<void> Hdf5Rows::read(void* into, std::size_t size) {
  for (char* at = static_cast<char*>(into); size > 0;) {
    const ssize_t n = ::read(pipe_, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      return fail(
          ErrorCode::kBadRequest,
          "the HDF5 file is damaged at row {} or after it: its reader has crashed over it",
          row_
      );
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return {};
}

}  // namespace mlgraph::work
