// Subscribers of one channel and one publisher, against fanout_server, bare_fanout or another that
// speaks as they do.
//   fanout_load --port P --sessions N [--match CHANNEL] [--tls] [--auth] [--idle M --patterns K]
//               [--burst B] [--rate EVENTS_PER_SECOND] [--size BYTES] [--seconds S] [--warmup W]
//               [--hold H] [--sleep] [--pid SERVER_PID]
// Each session subscribes to CHANNEL; M more to K patterns each that no event matches. Without
// --rate the next burst leaves when half of the sessions have the one before and all have the one
// before that, so no queue grows. Prints one line of JSON. Latency is from a burst's being written
// to an event's being read, on one clock; every event is checked for its place in the sequence.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "fanout_clients.h"
#include "fanout_meter.h"

namespace {

using bench::masked_text;
using bench::now_ns;

struct Arguments {
  int port = 0, pid = 0;
  std::size_t sessions = 1'000, idle = 0, patterns = 16, burst = 1, size = 220;
  bool tls = false, auth = false, sleep = false;
  std::string match = "metrics.system";
  double rate = 0, seconds = 3, warmup = 0.5, hold = 0;
};

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::size_t kOpeningMax = 64;
constexpr std::uint64_t kSpinPause = 20'000;       ///< ns
constexpr std::size_t kWindow = 1 << 16;           ///< events whose time of sending is remembered
constexpr std::uint64_t kPatience = 10 * kSecond;  ///< without any burst's leaving

/// Sessions 0..sessions-1 match, the next `idle` do not, the last publishes.
class Load final : public bench::FanoutUser {
 public:
  explicit Load(Arguments arguments)
      : o_(std::move(arguments)),
        publisher_(o_.sessions + o_.idle),
        clients_({o_.port, o_.tls}, *this),
        places_(o_.sessions) {}

  void run() {
    open_publisher();
    const auto before = bench::use_of(o_.pid);
    open_sessions();
    const auto opened = bench::use_of(o_.pid);
    wait(o_.hold);
    const double held_kib = bench::use_of(o_.pid).resident_kib - before.resident_kib;
    const auto accepted = static_cast<double>(clients_.ready() - 1);
    active_ = o_.sessions - std::min(o_.sessions, refused_);
    fmt::print(
        R"({{"accepted":{},"refused":{},"server_us_per_session":{:.2f},"kb_per_session":{:.3f})",
        accepted,
        refused_,
        (opened.cpu_ns - before.cpu_ns) / 1e3 / accepted,
        held_kib / accepted
    );
    if (o_.seconds > 0 && refused_ > 0)
      bench::die(fmt::format("{} sessions were refused", refused_));
    if (o_.seconds > 0) measure();
    fmt::print("}}\n");
  }

  void on_text(std::size_t number, std::string_view text, std::uint64_t read_ns) override {
    if (number >= o_.sessions) return;
    const std::uint64_t seq = seq_.in(text);
    if (seq == 0) return;
    Place& place = places_[number];
    if (seq <= place.seq) {
      ++doubles_;
    } else {
      gaps_ += seq - place.seq - 1;
      place.seq = seq;
    }
    if (!measuring_) return;
    ++deliveries_;
    latencies_.add(read_ns - sent_at_[seq % kWindow]);
  }
  void on_read(std::size_t number) override {
    if (number >= o_.sessions) return;
    Place& place = places_[number];
    for (const std::uint64_t whole = place.seq / o_.burst; place.bursts < whole;)
      ++have_[++place.bursts % kWindow];
  }
  void on_end(std::size_t number, bool was_ready) override {
    if (number == publisher_) bench::die("the publisher was refused or cut");
    ++(was_ready ? disconnects_ : refused_);
    if (was_ready && number < o_.sessions && active_ > 0) --active_;
  }

 private:
  struct Place {
    std::uint64_t seq = 0;     ///< of the last event
    std::uint64_t bursts = 0;  ///< that have come whole
  };

  /// First, so that what a server does once is not counted to its sessions.
  void open_publisher() {
    clients_.open(publisher_, {});
    while (clients_.opening() > 0) clients_.turn(kSecond / 100);
    wait(0.1);
  }
  void open_sessions() {
    const std::string auth =
        o_.auth ? masked_text(R"({"type":"auth","token":"mlg_fanout_server","ref":"a"})") : "";
    const std::string matching = auth + masked_text(bench::subscribe_request(o_.match));
    for (std::size_t i = 0; i < o_.sessions + o_.idle; ++i) {
      while (clients_.opening() >= kOpeningMax) clients_.turn(kSecond / 100);
      clients_.open(i, i < o_.sessions ? matching : auth + idle_request(i));
      clients_.turn(0);
    }
    for (const auto until = now_ns() + kPatience; clients_.opening() > 0;) {
      if (now_ns() > until) bench::die("some sessions were not answered");
      clients_.turn(kSecond / 100);
    }
  }
  std::string idle_request(std::size_t session) const {
    std::vector<std::string> patterns;
    for (std::size_t k = 0; k < o_.patterns; ++k)
      patterns.push_back(fmt::format("job.job-{}-{}.*", session, k));
    return masked_text(bench::subscribe_request(fmt::format("{}", fmt::join(patterns, "\",\""))));
  }

  void measure() {
    publish_for(o_.warmup);
    const auto before = bench::use_of(o_.pid);
    const double own_before = own_cpu_seconds();
    const auto published_before = published_;
    const auto began = now_ns();
    measuring_ = true;
    publish_for(o_.seconds);
    measuring_ = false;
    const double seconds = static_cast<double>(now_ns() - began) / 1e9;
    const double own = own_cpu_seconds() - own_before;
    const auto after = bench::use_of(o_.pid);
    const auto events = static_cast<double>(published_ - published_before);
    settle();
    const double deliveries = static_cast<double>(std::max<std::uint64_t>(deliveries_, 1));
    fmt::print(
        R"(,"deliveries_per_second":{:.0f},"server_ns_per_delivery":{:.2f},"server_user_ns":{:.2f})"
        R"(,"server_ns_per_event":{:.0f},"server_busy":{:.3f},"client_busy":{:.3f})"
        R"(,"p50_us":{},"p99_us":{},"max_us":{})"
        R"(,"gaps":{},"doubles":{},"disconnects":{},"skipped":{})",
        deliveries / seconds,
        (after.cpu_ns - before.cpu_ns) / deliveries,
        (after.user_ns - before.user_ns) / deliveries,
        (after.cpu_ns - before.cpu_ns) / std::max(events, 1.0),
        (after.cpu_ns - before.cpu_ns) / 1e9 / seconds,
        own / seconds,
        latencies_.percentile(0.5),
        latencies_.percentile(0.99),
        latencies_.most(),
        gaps_,
        doubles_,
        disconnects_,
        skipped_
    );
  }
  static double own_cpu_seconds() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
  }

  void publish_for(double seconds) {
    const auto end = now_ns() + static_cast<std::uint64_t>(seconds * 1e9);
    const auto step =
        o_.rate > 0 ? static_cast<std::uint64_t>(static_cast<double>(o_.burst) * 1e9 / o_.rate) : 0;
    std::uint64_t due = now_ns(), last = due;
    for (std::uint64_t now = due; now < end && now < last + kPatience; now = now_ns()) {
      while (done_ < bursts_ && have_[(done_ + 1) % kWindow] >= active_) ++done_;
      if (step > 0 ? now >= due : may_follow()) {
        if (step > 0 && (bursts_ + 1 - done_) * o_.burst > kWindow) {
          skipped_ += o_.burst;
        } else {
          publish_burst();
          last = now;
        }
        due += step;
        continue;
      }
      const auto until = step > 0 ? std::min(due, end) : end;
      wait_for_events(std::min(until - now, kSecond / 100));
    }
  }
  /// Spins, unless the core is wanted by others: the server should not pay for waking its clients,
  /// which in earnest are other machines.
  void wait_for_events(std::uint64_t ns) {
    if (o_.sleep) {
      clients_.turn(ns);
    } else if (clients_.turn(0) == 0) {
      for (const auto until = now_ns() + std::min(ns, kSpinPause); now_ns() < until;) continue;
    }
  }
  [[nodiscard]] bool may_follow() const {
    return done_ == bursts_ || (done_ + 1 == bursts_ && have_[bursts_ % kWindow] >= active_ / 2);
  }
  void publish_burst() {
    out_.clear();
    const auto now = now_ns();
    for (std::size_t i = 0; i < o_.burst; ++i) {
      std::string data = fmt::format(
          R"({{"seq":{},"qps":1250,"latency_p50_ms":2.1,"latency_p99_ms":15.3,"pad":")",
          ++published_
      );
      data.resize(std::max(data.size(), o_.size - 2), 'x');
      out_ += masked_text(R"({"type":"publish","data":)" + data + "\"}}");
      sent_at_[published_ % kWindow] = now;
    }
    have_[++bursts_ % kWindow] = 0;
    clients_.send(publisher_, out_);
  }

  /// What is under way may come; what has not come by then is a gap.
  void settle() {
    const auto all = [&] { return done_ == bursts_; };
    for (const auto until = now_ns() + 2 * kSecond; !all() && now_ns() < until;) {
      while (done_ < bursts_ && have_[(done_ + 1) % kWindow] >= active_) ++done_;
      clients_.turn(kSecond / 100);
    }
    if (all()) return;
    for (const auto& place : places_)
      if (place.seq > 0) gaps_ += published_ - place.seq;
  }
  void wait(double seconds) {
    for (const auto until = now_ns() + static_cast<std::uint64_t>(seconds * 1e9); now_ns() < until;)
      clients_.turn(kSecond / 100);
  }

  const Arguments o_;
  const std::size_t publisher_;
  bench::FanoutClients clients_;
  std::vector<Place> places_;
  std::size_t active_ = 0;  ///< sessions that should have every event
  std::uint64_t published_ = 0, bursts_ = 0, done_ = 0;
  std::vector<std::uint64_t> sent_at_ = std::vector<std::uint64_t>(kWindow);  ///< by event
  std::vector<std::uint32_t> have_ = std::vector<std::uint32_t>(kWindow);     ///< by burst
  std::string out_;
  bench::SeqFinder seq_;
  bench::Latencies latencies_;
  bool measuring_ = false;
  std::uint64_t deliveries_ = 0, gaps_ = 0, doubles_ = 0, disconnects_ = 0, skipped_ = 0;
  std::size_t refused_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Arguments o;
  CLI::App app("Subscribers of one channel and one publisher.");
  app.add_option("--port", o.port)->required();
  app.add_option("--pid", o.pid, "of the server, for its CPU and memory");
  app.add_option("--sessions", o.sessions, "that get every event");
  app.add_option("--idle", o.idle, "sessions more, of patterns that no event matches");
  app.add_option("--patterns", o.patterns, "of each idle session");
  app.add_option("--match", o.match, "what the sessions subscribe to");
  app.add_option("--burst", o.burst, "events written together")->check(CLI::Range(1, 4'096));
  app.add_option("--rate", o.rate, "events a second; 0: as the sessions keep up");
  app.add_option("--size", o.size, "bytes of an event's data");
  app.add_option("--seconds", o.seconds, "measured; 0: only connects");
  app.add_option("--warmup", o.warmup, "seconds");
  app.add_option("--hold", o.hold, "seconds between connecting and reading the server's memory");
  app.add_flag("--sleep", o.sleep, "waits where nothing is ready, on a core that others need");
  app.add_flag("--tls", o.tls);
  app.add_flag("--auth", o.auth, "each session sends a token first");
  CLI11_PARSE(app, argc, argv);
  Load(std::move(o)).run();
}
