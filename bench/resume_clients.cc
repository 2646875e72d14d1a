// Clients that follow the page: subscribe, remember the last id, reconnect with backoff (1 s, 2 s,
// 4 s … 30 s, full jitter) and resume after it. Driven by lines on standard input, answered by JSON
// lines.
//   resume_clients PORT CLIENTS PATTERN [SINCE]        (MLGRAPH_TOKEN in the environment)
//     target SEQ       wait until every client is past SEQ: how long each took since its connection
//                      was lost (or since the begin): {"clients":…,"p50_s":…,"p99_s":…,"max_s":…}
//     drop             cut all connections; they come back by the rules
//     churn RATE SECS  cut RATE connections a second, one after the other; they come back at once
//     stall            read nothing from now on
// With the pattern "*" every client must see every id: a hole or a double ends the program.
#include <iostream>
#include <map>
#include <random>

#include "swarm.h"

namespace {

/// MLG_RCVBUF: a small one makes a client that stalls be felt soon.
int receive_buffer() {
  const char* given = std::getenv("MLG_RCVBUF");
  return given ? std::atoi(given) : 0;
}

using Clock = std::chrono::steady_clock;

class Clients {
 public:
  Clients(int port, std::size_t count, std::string pattern, std::string since)
      : pattern_(std::move(pattern)),
        since_(std::move(since)),
        clients_(count),
        swarm_(
            {port, bench::environment("MLGRAPH_TOKEN"), receive_buffer()},
            [this](std::size_t n, std::string_view json) { on_message(n, json); },
            [this](std::size_t n, bench::Swarm::End) { on_end(n); }
        ) {}

  /// All connected and subscribed, a bounded number at a time.
  void connect() {
    begin_ = Clock::now();
    std::size_t opened = 0;
    for (auto& client : clients_) client.lost_at = begin_;
    while (subscribed_ < clients_.size()) {
      while (opened < clients_.size() && opened < subscribed_ + 256) open(opened++);
      turn();
    }
  }

  void wait_for(std::uint64_t target) {
    target_ = target;
    for (std::size_t n = 0; n < clients_.size(); ++n) settle(n);
    while (std::any_of(clients_.begin(), clients_.end(), [](const Client& c) {
      return !c.caught_up;
    }))
      turn();
    std::vector<double> took;
    for (auto& client : clients_) {
      took.push_back(client.took);
      client.caught_up = false;
    }
    target_ = ~std::uint64_t{0};
    std::printf(
        "{\"clients\":%zu,\"p50_s\":%.3f,\"p99_s\":%.3f,\"max_s\":%.3f,\"attempts\":%llu}\n",
        clients_.size(),
        bench::percentile(took, 0.5),
        bench::percentile(took, 0.99),
        bench::percentile(took, 1.0),
        static_cast<unsigned long long>(attempts_)
    );
  }

  void drop_all() {
    for (std::size_t n = 0; n < clients_.size(); ++n) {
      swarm_.drop(n);
      on_end(n);
    }
  }

  void churn(double rate, double seconds) {
    const auto begin = Clock::now();
    std::size_t done = 0, next = 0;
    while (bench::seconds_since(begin) < seconds) {
      const auto due = static_cast<std::size_t>(bench::seconds_since(begin) * rate);
      for (; done < due; ++done) {
        const auto n = next++ % clients_.size();
        if (!clients_[n].subscribed) continue;  // still on its way: this machine's limit
        swarm_.drop(n);
        lose(n);
        open(n);
        ++reconnects_;
      }
      turn();
    }
    std::printf("{\"reconnects_per_second\":%.0f}\n", static_cast<double>(reconnects_) / seconds);
  }

  void stall_all() {
    for (std::size_t n = 0; n < clients_.size(); ++n) swarm_.stall(n);
  }

  void turn() {
    swarm_.turn(5);
    const auto now = Clock::now();
    for (; !waiting_.empty() && waiting_.begin()->first <= now; waiting_.erase(waiting_.begin()))
      open(waiting_.begin()->second);
    if (target_ == ~std::uint64_t{0} || pattern_ == "*" || now < next_poll_) return;
    next_poll_ = now + std::chrono::milliseconds(250);
    for (std::size_t n = 0; n < clients_.size(); ++n)
      if (clients_[n].subscribed && !clients_[n].caught_up)
        swarm_.send(n, R"({"type":"ping","ref":"p"})");
  }

 private:
  struct Client {
    std::uint64_t last = 0;
    bool subscribed = false;
    bool caught_up = false;
    int attempt = 0;
    double took = 0;
    Clock::time_point lost_at;
  };

  void open(std::size_t n) {
    ++attempts_;
    auto since = since_;
    if (clients_[n].last > 0) since = epoch_ + "-" + std::to_string(clients_[n].last);
    swarm_.open(n, bench::subscribe_request(pattern_, since));
  }

  void on_message(std::size_t n, std::string_view json) {
    Client& client = clients_[n];
    if (json.find(R"("type":"error")") != std::string_view::npos)
      bench::die("the server says: " + std::string(json.substr(0, 300)));
    const auto seq = bench::seq_of(json);
    if (json.find(R"("type":"subscribed")") != std::string_view::npos) {
      if (epoch_.empty()) {
        const auto id = json.rfind("\"id\":\"") + 6;
        epoch_ = json.substr(id, json.find('-', id) - id);
      }
      if (client.last > 0 && json.find(R"("recovered":true)") == std::string_view::npos)
        bench::die("a resume was refused: " + std::string(json));
      client.subscribed = true;
      client.attempt = 0;
      ++subscribed_;
      if (client.last == 0) client.last = seq;
    } else if (seq > 0) {
      const bool pong = json.find(R"("type":"pong")") != std::string_view::npos;
      if (pattern_ == "*" && !pong && seq != client.last + 1)
        bench::die("a client saw " + std::to_string(seq) + " after " + std::to_string(client.last));
      client.last = std::max(client.last, seq);
    }
    settle(n);
  }

  void settle(std::size_t n) {
    Client& client = clients_[n];
    if (client.caught_up || !client.subscribed || client.last < target_) return;
    client.caught_up = true;
    client.took = bench::seconds_since(client.lost_at);
  }

  void lose(std::size_t n) {
    Client& client = clients_[n];
    if (!client.subscribed) return;
    --subscribed_;
    client.subscribed = false;
    client.lost_at = Clock::now();
  }

  void on_end(std::size_t n) {
    lose(n);
    const double top = std::min(30.0, static_cast<double>(1 << std::min(clients_[n].attempt++, 5)));
    const double wait = std::uniform_real_distribution<double>(0, top)(random_);
    waiting_.emplace(
        Clock::now() +
            std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(wait)),
        n
    );
  }

  const std::string pattern_, since_;
  std::string epoch_;
  std::vector<Client> clients_;
  bench::Swarm swarm_;
  std::multimap<Clock::time_point, std::size_t> waiting_;
  std::mt19937_64 random_{1};
  std::size_t subscribed_ = 0, reconnects_ = 0;
  std::uint64_t attempts_ = 0, target_ = ~std::uint64_t{0};
  Clock::time_point begin_, next_poll_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) bench::die("usage: resume_clients PORT CLIENTS PATTERN [SINCE]");
  Clients clients(
      std::atoi(argv[1]), std::strtoull(argv[2], nullptr, 10), argv[3], argc > 4 ? argv[4] : ""
  );
  clients.connect();
  std::printf("{\"connected\":true}\n");
  std::fflush(stdout);
  std::ios::sync_with_stdio(false);
  int commands = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  epoll_ctl(commands, EPOLL_CTL_ADD, STDIN_FILENO, &event);
  for (;;) {
    clients.turn();
    if (epoll_wait(commands, &event, 1, 0) == 0) continue;
    std::string verb;
    if (!(std::cin >> verb)) return 0;
    if (verb == "target") {
      std::uint64_t seq = 0;
      std::cin >> seq;
      clients.wait_for(seq);
    } else if (verb == "drop") {
      clients.drop_all();
    } else if (verb == "churn") {
      double rate = 0, seconds = 0;
      std::cin >> rate >> seconds;
      clients.churn(rate, seconds);
    } else if (verb == "stall") {
      clients.stall_all();
    }
    std::fflush(stdout);
  }
}
