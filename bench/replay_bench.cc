// Catching up through one loop: how many events a second one core of fan-out hands to sockets when
// many sessions resume, from the memory ring and from RocksDB, beside a bare loop that sends the
// same bytes to the same sockets.
//   replay_bench FOLDER [SESSIONS] [EVENTS]
// prints {"ring":…,"rocksdb":…,"bare":…,…}: events a second of wall time, and of the loop's CPU
// time. FOLDER must be on the disk to be measured; it is emptied. Every session's bytes are
// counted: a session that got other than it was due ends the program.
#include <atomic>
#include <deque>
#include <filesystem>
#include <mutex>
#include <sys/epoll.h>
#include <thread>

#include <time.h>

#include "base/json.h"
#include "hub/frame.h"
#include "hub/hub.h"
#include "load_client.h"
#include "store/log.h"

namespace {

using namespace mlgraph;
using Clock = std::chrono::steady_clock;

double thread_cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

/// TCP pairs over loopback; a thread reads the far ends and counts their bytes.
class Sinks {
 public:
  explicit Sinks(int count) : received_(static_cast<std::size_t>(count)) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener, count) != 0 ||
        getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      bench::die("cannot listen");
    for (int i = 0; i < count; ++i) {
      far_.push_back(bench::connect_to(ntohs(address.sin_port)));
      near_.push_back(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (near_.back() < 0) bench::die("cannot accept");
    }
    close(listener);
    reader_ = std::thread([this] { read(); });
  }
  ~Sinks() {
    stop_ = true;
    reader_.join();
    for (const int fd : near_) close(fd);
    for (const int fd : far_) close(fd);
  }
  Sinks(const Sinks&) = delete;
  Sinks& operator=(const Sinks&) = delete;
  [[nodiscard]] int fd(std::size_t i) const { return near_[i]; }
  [[nodiscard]] std::uint64_t received(std::size_t i) const { return received_[i].load(); }

 private:
  void read() {
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (std::size_t i = 0; i < far_.size(); ++i) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      epoll_ctl(epoll, EPOLL_CTL_ADD, far_[i], &event);
    }
    std::vector<char> piece(1 << 20);
    epoll_event events[64];
    while (!stop_) {
      const int n = epoll_wait(epoll, events, 64, 20);
      for (int e = 0; e < n; ++e) {
        const auto i = events[e].data.u64;
        const ssize_t got = recv(far_[i], piece.data(), piece.size(), MSG_DONTWAIT | MSG_TRUNC);
        if (got > 0) received_[i] += static_cast<std::uint64_t>(got);
      }
    }
    close(epoll);
  }
  std::vector<int> near_, far_;
  std::vector<std::atomic<std::uint64_t>> received_;
  std::atomic<bool> stop_{false};
  std::thread reader_;
};

class Writer final : public hub::Subscriber {
 public:
  Writer(int fd, int epoll, std::uint64_t number) : fd_(fd), epoll_(epoll), number_(number) {}
  Written try_write(std::span<const iovec> pieces) override {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    const ssize_t n = sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) bench::die("a session's socket broke");
    return {n > 0 ? static_cast<std::size_t>(n) : 0, false};
  }
  void want_writable() override {
    epoll_event event{};
    event.events = EPOLLOUT | EPOLLONESHOT;
    event.data.u64 = number_;
    if (epoll_ctl(epoll_, EPOLL_CTL_MOD, fd_, &event) != 0)
      epoll_ctl(epoll_, EPOLL_CTL_ADD, fd_, &event);
  }
  void on_evicted(int code, std::string_view) override {
    bench::die("a session was closed: " + std::to_string(code));
  }

 private:
  int fd_, epoll_;
  std::uint64_t number_;
};

/// What the sessions of one loop need, and nothing else: posted steps, writable sockets, turns.
class MiniLoop {
 public:
  hub::Hub::Post post() {
    return [this](std::function<void()> step) {
      const std::lock_guard lock(mutex_);
      steps_.push_back(std::move(step));
    };
  }
  [[nodiscard]] int epoll() const { return epoll_; }
  void turn(hub::LoopFeed& feed, const std::vector<hub::SlotId>& slots) {
    std::deque<std::function<void()>> steps;
    {
      const std::lock_guard lock(mutex_);
      steps.swap(steps_);
    }
    epoll_event events[64];
    const int n = epoll_wait(epoll_, events, 64, steps.empty() ? 1 : 0);
    for (int i = 0; i < n; ++i) feed.on_writable(slots[events[i].data.u64]);
    for (const auto& step : steps) step();
    feed.flush();
  }

 private:
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::mutex mutex_;
  std::deque<std::function<void()>> steps_;
};

/// An event of about 220 bytes on the wire.
std::shared_ptr<const model::Entry> entry(std::uint64_t seq, const std::string& epoch) {
  auto made = std::make_shared<model::Entry>();
  made->seq = seq;
  made->timestamp = {1'734'863'400'123};
  made->kind = model::EventKind::kJobProgress;
  made->entity = "import-abc123";
  made->index = "production-vectors";
  made->public_json = model::encode_event(
      made->kind,
      made->timestamp,
      R"({"jobId":"import-abc123","jobType":"import","progress":0.45,"processed":450000,"total":1000000,"rate":15000,"eta_seconds":37})",
      model::format_cursor({epoch, seq})
  );
  return made;
}

struct Figure {
  double per_second = 0;
  double per_cpu_second = 0;
};

/// All sessions subscribe to everything from the log's begin; the clock stops when each has it all.
Figure resumed(hub::Hub& hub, const store::Log& log, int sessions, std::uint64_t events) {
  MiniLoop loop;
  auto& feed = hub.add_loop(loop.post());
  Sinks sinks(sessions);
  std::vector<std::unique_ptr<Writer>> writers;
  std::vector<hub::SlotId> slots;
  for (int i = 0; i < sessions; ++i) {
    const auto number = static_cast<std::size_t>(i);
    writers.push_back(std::make_unique<Writer>(sinks.fd(number), loop.epoll(), number));
    slots.push_back(feed.open(*writers.back(), protocol::Scopes::admin(), {}));
  }
  const auto begin = Clock::now();
  const double cpu = thread_cpu_seconds();
  for (const auto slot : slots)
    if (!feed.subscribe(
            slot,
            {"*"},
            model::format_cursor({log.epoch(), 0}),
            [](const hub::Subscribed&) { return std::string(); }
        ))
      bench::die("subscribe failed");
  const auto behind = [&](hub::SlotId slot) {
    return feed.position(slot) < events || !feed.drained(slot);
  };
  while (std::any_of(slots.begin(), slots.end(), behind)) loop.turn(feed, slots);
  const double took = bench::seconds_since(begin), used = thread_cpu_seconds() - cpu;
  std::uint64_t due = 0;
  for (std::uint64_t seq = 1; seq <= events; ++seq)
    due += hub::make_event_frame(*entry(seq, log.epoch()), {})->wire.size();
  for (int i = 0; i < sessions; ++i)
    for (int wait = 0; sinks.received(static_cast<std::size_t>(i)) != due; ++wait) {
      if (wait > 5'000) bench::die("a session did not get what it was due");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  for (const auto slot : slots) feed.close(slot);
  const double all = static_cast<double>(events) * sessions;
  return {all / took, all / used};
}

/// The floor: the same frames, 64 KiB of them a send, to the same kind of sockets, in turn.
Figure bare(const std::string& epoch, int sessions, std::uint64_t events) {
  Sinks sinks(sessions);
  std::vector<hub::FramePtr> frames;
  for (std::uint64_t seq = 1; seq <= events; ++seq)
    frames.push_back(hub::make_event_frame(*entry(seq, epoch), {}));
  const auto begin = Clock::now();
  const double cpu = thread_cpu_seconds();
  std::vector<iovec> pieces;
  for (std::size_t at = 0; at < frames.size(); at += 256) {
    pieces.clear();
    for (auto i = at; i < std::min(frames.size(), at + 256); ++i)
      pieces.push_back({const_cast<char*>(frames[i]->wire.data()), frames[i]->wire.size()});
    for (int s = 0; s < sessions; ++s) {
      std::size_t left = 0;
      for (const auto& piece : pieces) left += piece.iov_len;
      auto rest = pieces;
      auto first = rest.begin();
      while (left > 0) {
        msghdr message{};
        message.msg_iov = &*first;
        message.msg_iovlen = static_cast<std::size_t>(rest.end() - first);
        const ssize_t n = sendmsg(sinks.fd(static_cast<std::size_t>(s)), &message, MSG_NOSIGNAL);
        if (n <= 0) {
          std::this_thread::yield();
          continue;
        }
        left -= static_cast<std::size_t>(n);
        for (auto taken = static_cast<std::size_t>(n); taken > 0;) {
          const auto part = std::min(taken, first->iov_len);
          first->iov_base = static_cast<char*>(first->iov_base) + part;
          first->iov_len -= part;
          taken -= part;
          if (first->iov_len == 0) ++first;
        }
      }
    }
  }
  const double all = static_cast<double>(events) * sessions;
  return {all / bench::seconds_since(begin), all / (thread_cpu_seconds() - cpu)};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) bench::die("usage: replay_bench FOLDER [SESSIONS] [EVENTS]");
  const std::string folder = argv[1];
  const int sessions = argc > 2 ? std::atoi(argv[2]) : 50;
  const std::uint64_t events = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 100'000;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto log = store::Log::open(folder, {});
  if (!log) bench::die(log.error().message);
  const base::SystemClock clock;
  metrics::ServerMetrics metrics;
  model::Fold fold;
  Figure ring, disk;
  {
    hub::Hub hub(**log, metrics, clock, {.ring_bytes_max = std::size_t{256} << 20});
    for (std::uint64_t seq = 1; seq <= events;) {
      std::vector<std::shared_ptr<const model::Entry>> group;
      for (int i = 0; i < 500 && seq <= events; ++i) group.push_back(entry(seq++, (*log)->epoch()));
      if (!(*log)->append(group, fold)) bench::die("the log does not take entries");
      hub.publish(group);
    }
    ring = resumed(hub, **log, sessions, events);
    hub.stop();
  }
  {
    hub::Hub hub(**log, metrics, clock, {.ring_bytes_max = 0});
    disk = resumed(hub, **log, sessions, events);
    hub.stop();
  }
  const auto floor = bare((*log)->epoch(), sessions, events);
  std::filesystem::remove_all(folder);
  std::printf(
      "{\"ring\":%.0f,\"rocksdb\":%.0f,\"bare\":%.0f,\"ring_per_cpu\":%.0f,\"rocksdb_per_cpu\":%."
      "0f,"
      "\"bare_per_cpu\":%.0f,\"read\":%llu}\n",
      ring.per_second,
      disk.per_second,
      floor.per_second,
      ring.per_cpu_second,
      disk.per_cpu_second,
      floor.per_cpu_second,
      static_cast<unsigned long long>(metrics.replay_read.load())
  );
}
