#include "work/result_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

namespace mlgraph::work {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

constexpr std::string_view kUnfinished = ".part";

tl::unexpected<base::Error> system_error(int error) {
  const auto code = error == ENOSPC || error == EDQUOT ? ErrorCode::kNoSpace
                    : error == EROFS                   ? ErrorCode::kReadonly
                                                       : ErrorCode::kInternal;
  return fail(code, "making the job's file: {}", std::strerror(error));
}

/// Job ids are tokens, so the first dot ends one.
std::string job_of(const std::string& name) { return name.substr(0, name.find('.')); }

std::string content_type_of(std::string_view name) {
  for (const auto& [suffix, type] :
       {std::pair(".gz", "application/gzip"),
        std::pair(".zst", "application/zstd"),
        std::pair(".jsonl", "application/x-ndjson"),
        std::pair(".npy", "application/x-npy"),
        std::pair(".mlgsnap", "application/vnd.mlgraph.snapshot"),
        std::pair(".tar", "application/x-tar")})
    if (name.ends_with(suffix)) return type;
  return "application/octet-stream";
}

}  // namespace

Result<void> ResultFiles::open(const std::function<bool(const std::string&)>& is_known) {
  const base::MutexLock lock(mutex_);
  if (mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) return system_error(errno);
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ec)) {
    const std::string name = entry.path().filename();
    if (name.ends_with(kUnfinished) || !is_known(job_of(name)))
      std::filesystem::remove_all(entry.path(), ec);
  }
  return {};
}

Result<std::unique_ptr<ResultFiles::Writing>> ResultFiles::create(
    const std::string& job_id, const std::string& suffix
) {
  const std::string name = job_id + "." + suffix;
  const int fd = ::open(
      (path_of(name) + std::string(kUnfinished)).c_str(),
      O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC,
      0600
  );
  if (fd < 0) return system_error(errno);
  return std::unique_ptr<Writing>(new Writing(*this, fd, name));
}

ResultFiles::Writing::~Writing() {
  close(fd_);
  if (!kept_) ::unlink((files_.path_of(name_) + std::string(kUnfinished)).c_str());
}

Result<void> ResultFiles::Writing::keep() {
  // Its time is our clock's, that it will be judged by.
  const auto now = files_.clock_.wall_now().ms;
  const timespec at{now / 1'000, now % 1'000 * 1'000'000};
  const timespec times[2] = {at, at};
  if (fsync(fd_) != 0 || futimens(fd_, times) != 0) return system_error(errno);
  {
    const base::MutexLock lock(files_.mutex_);
    const std::string path = files_.path_of(name_);
    if (std::rename((path + std::string(kUnfinished)).c_str(), path.c_str()) != 0)
      return system_error(errno);
    kept_ = true;
  }
  files_.sweep();
  return {};
}

std::vector<ResultFiles::File> ResultFiles::list() const {
  std::vector<File> files;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ec)) {
    struct stat info {};
    File file{entry.path().filename()};
    if (file.name.ends_with(kUnfinished) || stat(entry.path().c_str(), &info) != 0) continue;
    file.bytes = static_cast<std::uint64_t>(info.st_size);
    file.made_ms = info.st_mtim.tv_sec * 1'000 + info.st_mtim.tv_nsec / 1'000'000;
    files.push_back(std::move(file));
  }
  return files;
}

std::optional<ResultFiles::Found> ResultFiles::find(const std::string& job_id) const {
  const base::MutexLock lock(mutex_);
  for (const auto& file : list())
    if (job_of(file.name) == job_id)
      return Found{path_of(file.name), file.name, content_type_of(file.name), file.bytes};
  return std::nullopt;
}

void ResultFiles::sweep() {
  const base::MutexLock lock(mutex_);
  auto files = list();
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) {
    return std::tie(a.made_ms, a.name) > std::tie(b.made_ms, b.name);
  });
  const auto oldest = clock_.wall_now().ms - std::chrono::milliseconds(kKeptFor).count();
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    bytes += files[i].bytes;
    const bool stays =
        files[i].made_ms >= oldest && (i == 0 || (i < kFilesMax && bytes <= kBytesMax));
    if (stays) continue;
    ::unlink(path_of(files[i].name).c_str());
    base::log(base::LogLevel::kInfo, "a job's file was removed", "file", files[i].name);
  }
}

}  // namespace mlgraph::work
