#pragma once
// What routes share whose body is a file that a job reads.
#include <memory>
#include <string>

#include "gateway/api/http.h"
#include "model/job.h"
#include "work/byte_source.h"

namespace mlgraph::gateway {

/// The request's body as work reads it; a stop of the job ends a wait for more of it.
class BodySource final : public work::ByteSource {
 public:
  explicit BodySource(std::shared_ptr<BodyStream> stream) : stream_(std::move(stream)) {}
  base::Result<std::size_t> read(std::span<char> out) override { return stream_->read(out); }
  [[nodiscard]] std::optional<std::uint64_t> length() const override { return stream_->length(); }

 private:
  const std::shared_ptr<BodyStream> stream_;
};

/// 202 with the job and its place.
[[nodiscard]] HttpResponse accepted(const model::Job& job);
/// Of an answer that carries a failed job: the body's fault, unless the server took no more of it.
[[nodiscard]] int status_of_failed(const base::Error& error);
/// The body is {source}: the name of a file in the import folder. errors kInvalidValue, kTooLarge,
/// kBadJson.
[[nodiscard]] base::Result<std::string> read_source_name(BodyStream& stream);

}  // namespace mlgraph::gateway
