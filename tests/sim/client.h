#pragma once
// A client: what every one does with its socket. What it wants is in its kinds, WildClient and
// FaithfulClient.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/client_fold.h"
#include "sim/faulty_line.h"
#include "sim/session.h"

namespace mlgraph::sim {

class Client {
 public:
  /// Takes a session to the server that runs now.
  using Connect = std::function<void(std::shared_ptr<Session> session)>;

  Client(std::string name, Ground& ground, Connect connect);
  virtual ~Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// One thing of its own choice.
  virtual void act() = 0;
  /// When nothing is random any more: what it still has to do. false: nothing.
  virtual bool settle() = 0;
  /// After everything has come to rest.
  virtual void check() = 0;

  void read(std::size_t bytes_max);
  [[nodiscard]] bool connected() const { return session_ != nullptr; }
  [[nodiscard]] bool can_read() const;
  void stop_stalling() { stalled_until_ = {}; }
  void lose_buffered();

 protected:
  void open(const std::optional<std::string>& bearer);
  void ask(Ask ask);
  void stall();
  void leave(Wire::Client how);
  [[nodiscard]] std::string next_ref();
  /// A message that the judge has accepted.
  virtual void on_message(const base::Json& message) = 0;
  /// The connection is over; `code`: of the close frame, if one came.
  virtual void on_ended(std::optional<int> code) = 0;

  const std::string name_;
  Ground& ground_;
  Following following_;
  std::shared_ptr<Session> session_;

 private:
  void on_frame(const WireFrame& frame);

  const Connect connect_;
  std::optional<FaultyLine> line_;
  std::optional<int> said_;  ///< the close frame's code
  base::SteadyTime stalled_until_{};
  std::size_t sessions_ = 0;
  std::size_t refs_ = 0;
};

}  // namespace mlgraph::sim
