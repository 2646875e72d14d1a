#pragma once
#include <deque>
#include <functional>
#include <string>

#include "base/mutex.h"
#include "gateway/api/http.h"

namespace mlgraph::gateway {

/// A request body on its way from the loop to the thread that reads it.
/// Full      at kBytesMax push() answers false: the connection stops reading its socket until
/// `on_room` is called. Threads   push, finish, fail: the loop. read: one worker, which waits.
class BodyPipe final : public BodyStream {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{1} << 20;
  /// `on_room` is called from the reader's thread when a full pipe has been read down to half.
  BodyPipe(std::optional<std::uint64_t> length, std::function<void()> on_room)
      : length_(length), on_room_(std::move(on_room)) {}

  /// Takes the bytes in any case; false: stop reading for now.
  [[nodiscard]] bool push(std::string_view bytes);
  void finish();
  void fail(base::Error error);
  [[nodiscard]] bool has_room() const;

  [[nodiscard]] base::Result<std::size_t> read(std::span<char> out) override;
  void set_interrupt(std::function<bool()> interrupted) override {
    interrupted_ = std::move(interrupted);
  }
  [[nodiscard]] std::optional<std::uint64_t> length() const override { return length_; }

 private:
  const std::optional<std::uint64_t> length_;
  const std::function<void()> on_room_;
  std::function<bool()> interrupted_;  ///< the reader's
  mutable base::Mutex mutex_;
  base::CondVar ready_;
  std::deque<std::string> pieces_ MLG_GUARDED_BY(mutex_);
  std::size_t offset_ MLG_GUARDED_BY(mutex_) = 0;
  std::size_t bytes_ MLG_GUARDED_BY(mutex_) = 0;
  bool full_ MLG_GUARDED_BY(mutex_) = false;
  bool finished_ MLG_GUARDED_BY(mutex_) = false;
  std::optional<base::Error> error_ MLG_GUARDED_BY(mutex_);
};

}  // namespace mlgraph::gateway
