#pragma once
// What `mlgraph top` shows, kept up to date by the stream alone.
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/json.h"

namespace mlgraph::cli {

/// A state and the events after it, as far as a screen needs them.
/// Threads  confined; the caller locks.
class TopModel {
 public:
  struct Index {
    std::uint64_t vectors = 0;
    double bytes = 0;
    std::map<std::uint64_t, std::string> shard_tiers;   ///< by shard
    std::map<std::uint64_t, std::string> shard_states;  ///< by shard
    double qps = 0;
    double p50_ms = 0;
    double p99_ms = 0;
    double rows_per_second = 0;
    base::Timestamp searched;  ///< of the sample that the rates are from
    base::Timestamp written;
  };

  /// Any message of the stream.
  void take(std::string_view type, const base::Json& message);
  void set_connected(bool connected, std::string reason = {});

  [[nodiscard]] const base::Json& system() const { return system_; }  ///< null before the first
  [[nodiscard]] const std::map<std::string, Index>& indices() const { return indices_; }
  [[nodiscard]] const std::map<std::string, base::Json>& running_jobs() const { return jobs_; }
  [[nodiscard]] const std::map<std::string, base::Json>& alerts() const { return alerts_; }
  [[nodiscard]] bool has_state() const { return has_state_; }
  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] const std::string& why_not() const { return why_not_; }
  /// Whether a sample of that time still says how things are: rates are sampled each second while
  /// something goes on.
  [[nodiscard]] bool is_fresh(base::Timestamp sampled) const;

 private:
  void take_state(const base::Json& data);
  void take_index(const base::Json& object);
  void take_metrics(std::string_view type, const base::Json& data, base::Timestamp at);
  void take_job(const base::Json& job);

  base::Json system_;
  std::map<std::string, Index> indices_;
  std::map<std::string, base::Json> jobs_;
  std::map<std::string, base::Json> alerts_;
  bool has_state_ = false;
  bool state_begins_ = true;  // the next part is the first one
  bool connected_ = false;
  std::string why_not_;
  base::Timestamp now_;  // the server's, of the newest message
};

}  // namespace mlgraph::cli
