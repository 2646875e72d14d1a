// From a change to its watchers: PATCHes an index and times how long until every session has the
// event.
//   watch_latency PORT INDEX SESSIONS CHANGES [RATE]
// p50_ms, p99_ms, p999_ms: the clock starts before the PATCH is sent, so the REST request is in it.
// commit_p50_ms, commit_p99_ms: it starts at the event's own timestamp, which is of its decision, a
// whole millisecond cut short, and before the sync. Percentiles over all sessions and changes.
#include <ctime>
#include <map>
#include <sys/epoll.h>
#include <thread>

#include "swarm.h"

namespace {

double wall_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

/// Of the message around `place`, in seconds of the wall's clock.
double timestamp_of(const std::string& text, std::size_t place) {
  const std::string name = "\"timestamp\":\"";
  const auto begin = text.rfind("{\"type\"", place);
  const auto at = text.find(name, begin == std::string::npos ? 0 : begin);
  std::tm when{};
  const char* rest = strptime(text.c_str() + at + name.size(), "%Y-%m-%dT%H:%M:%S", &when);
  if (at == std::string::npos || !rest) bench::die("a message has no timestamp: " + text);
  return static_cast<double>(timegm(&when)) + std::strtod(rest, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) bench::die("usage: watch_latency PORT INDEX SESSIONS CHANGES [RATE]");
  const int port = std::atoi(argv[1]);
  const std::string index = argv[2];
  const int sessions = std::atoi(argv[3]), changes = std::atoi(argv[4]);
  const double rate = argc > 5 ? std::strtod(argv[5], nullptr) : 50;
  const std::string token = bench::environment("MLGRAPH_TOKEN");
  const char* wanted = std::getenv("MLG_WATCH");  // another pattern, e.g. "*"
  const std::string pattern = wanted ? wanted : "index." + index + ".updated";
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  std::map<int, std::string> rest;
  for (int i = 0; i < sessions; ++i) {
    const int fd = bench::connect_to(port);
    bench::send_all(
        fd,
        "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: "
        "Upgrade\r\nSec-WebSocket-Key: "
        "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer " +
            token + "\r\n\r\n" + bench::masked_text(bench::subscribe_request(pattern))
    );
    std::string in;
    while (in.find("\"subscribed\"") == std::string::npos) {
      char piece[4096];
      const ssize_t n = recv(fd, piece, sizeof piece, 0);
      if (n <= 0) bench::die("a session was refused: " + in.substr(0, 200));
      in.append(piece, static_cast<std::size_t>(n));
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    rest[fd];
  }
  bench::Http http(port, token);
  std::vector<double> ms, commit_ms;
  for (int change = 1; change <= changes; ++change) {
    const std::string nprobe = "\"nprobe\":" + std::to_string(change % 1000 + 1) + ",";
    const auto begin = std::chrono::steady_clock::now();
    std::thread patch([&] {
      static_cast<void>(http.call(
          "PATCH",
          "/api/v1/indices/" + index,
          "{\"nprobe\":" + std::to_string(change % 1000 + 1) + "}"
      ));
    });
    int waiting = sessions;
    double decided = 0;
    while (waiting > 0) {
      epoll_event events[256];
      const int n = epoll_wait(epoll, events, 256, 5000);
      if (n <= 0) bench::die("an event was not delivered within 5 s");
      for (int i = 0; i < n; ++i) {
        char piece[65536];
        const ssize_t got = recv(events[i].data.fd, piece, sizeof piece, 0);
        if (got <= 0) bench::die("a session was closed");
        auto& text = rest[events[i].data.fd];
        text.append(piece, static_cast<std::size_t>(got));
        if (text.find(nprobe) == std::string::npos)
          continue;  // another change of the index, e.g. its counts
        ms.push_back(bench::seconds_since(begin) * 1e3);
        if (waiting == sessions) decided = timestamp_of(text, text.find(nprobe));
        commit_ms.push_back((wall_seconds() - decided) * 1e3);
        text.clear();
        --waiting;
      }
    }
    patch.join();
    std::this_thread::sleep_until(
        begin + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                    std::chrono::duration<double>(1 / rate)
                )
    );
  }
  const double p50 = bench::percentile(ms, 0.5), p99 = bench::percentile(ms, 0.99),
               p999 = bench::percentile(ms, 0.999);
  const double commit_p50 = bench::percentile(commit_ms, 0.5),
               commit_p99 = bench::percentile(commit_ms, 0.99);
  std::printf(
      "{\"sessions\":%d,\"changes\":%d,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":%.3f,"
      "\"commit_p50_ms\":%.3f,\"commit_p99_ms\":%.3f}\n",
      sessions,
      changes,
      p50,
      p99,
      p999,
      commit_p50,
      commit_p99
  );
}
