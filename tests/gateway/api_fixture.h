#pragma once
// The REST handlers over a real engine, without sockets: requests go through the router and its
// rights as the gate would send them.
#include <fstream>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/api/services.h"
#include "work/engine_stack.h"
#include "work/vector_files.h"

namespace mlgraph::testing {

/// A streamed body whose end is whole, or cut short.
class MemoryBody final : public gateway::BodyStream {
 public:
  explicit MemoryBody(const std::string& bytes, std::size_t piece, bool cut)
      : bytes_(bytes, piece), length_(bytes.size()) {
    if (cut) bytes_.ending_in(base::ErrorCode::kBadRequest);
  }
  base::Result<std::size_t> read(std::span<char> out) override {
    if (interrupted_ && interrupted_())
      return base::fail(base::ErrorCode::kCancelled, "the job was asked to stop");
    return bytes_.read(out);
  }
  void set_interrupt(std::function<bool()> interrupted) override {
    interrupted_ = std::move(interrupted);
  }
  [[nodiscard]] std::optional<std::uint64_t> length() const override { return length_; }

 private:
  PiecewiseBytes bytes_;
  const std::uint64_t length_;
  std::function<bool()> interrupted_;
};

struct Answer {
  int status = 0;
  std::string text;
  std::string content_type;
  std::string file_path;
  base::Json json;  ///< null when the text is no JSON
  std::vector<std::pair<std::string, std::string>> headers;

  [[nodiscard]] std::string header(const std::string& name) const {
    for (const auto& [key, value] : headers)
      if (key == name) return value;
    return {};
  }
  /// A member as text: "" when absent, strings without quotes, else its JSON.
  [[nodiscard]] std::string operator[](std::string_view member) const {
    const auto* value = json.find(member);
    if (!value) return {};
    if (value->as_string()) return *value->as_string();
    std::string shown;
    base::JsonWriter(shown).value(*value);
    return shown;
  }
};

class ApiTest : public ::testing::Test {
 protected:
  explicit ApiTest(jobs::Runner::Options options = {})
      : stack_(options),
        alerts_(*stack_.committer, stack_.log, stack_.clock, {}),
        hub_(stack_.log, stack_.metrics, stack_.clock, {}),
        sampler_(
            stack_.metrics,
            stack_.clock,
            {"n1", stack_.folder.path(), 0},
            [this] { return index_samples(); },
            [](model::EventKind,
               const std::string&,
               const std::string&,
               base::Timestamp,
               const std::string&) {}
        ),
        authenticator_(stack_.log, stack_.clock),
        sign_in_(authenticator_, stack_.clock, {}),
        limiter_(stack_.clock),
        waits_(*stack_.runner),
        aliases_(
            stack_.log,
            [this](const std::string& index) {
              return stack_.committer->state()->index(index) != nullptr;
            }
        ),
        results_(stack_.folder / "results", stack_.clock),
        ingest_(std::make_unique<base::ThreadPool>(base::ThreadPool::Options{"ingest", 2, 2, 0})),
        services_{
            *stack_.engine,
            *stack_.runner,
            alerts_,
            authenticator_,
            sign_in_,
            limiter_,
            registry_,
            hub_,
            *stack_.committer,
            stack_.metrics,
            sampler_,
            waits_,
            aliases_,
            *ingest_,
            stack_.clock,
            *stack_.vectors,
            results_,
            "n1",
            stack_.folder / "import",
            stack_.folder / "spool",
            false,
            [this] { return ready_.load(); },
            "openapi: 3.1.0",
            "asyncapi: 3.0.0"} {
    stack_.committer->add_sink([this](auto entries) { hub_.publish(entries); });
    std::filesystem::create_directories(services_.import_dir);
    MLG_CHECK(authenticator_.start("mlg_admin_token_1").has_value());
    MLG_CHECK(alerts_.start().has_value());
    MLG_CHECK(results_.open([](const std::string&) { return false; }).has_value());
    gateway::add_routes(router_, services_);
  }
  ~ApiTest() override {
    ingest_->stop();
    stack_.stop();
    hub_.stop();
  }

  /// Requests from now on come from a token with these scopes; none: the admin's.
  void act_with(std::vector<std::string> scopes) { scopes_ = std::move(scopes); }

  struct Sent {
    std::future<Answer> answer;
    Answer get() { return answer.get(); }
  };
  /// `target` is path?query. A route that streams its body gets it in pieces of `piece_`.
  Sent send(
      const std::string& method,
      const std::string& target,
      const std::string& body = "",
      const std::string& type = "application/json"
  ) {
    auto request = std::make_shared<gateway::HttpRequest>();
    request->method = method;
    const auto question = target.find('?');
    request->path = target.substr(0, question);
    if (question != std::string::npos) read_query(target.substr(question + 1), *request);
    request->content_type = type;
    request->content_encoding = coding_;
    request->principal.name = "tester";
    request->principal.scopes =
        scopes_.empty() ? protocol::Scopes::admin() : protocol::Scopes::parse(scopes_).value();

    auto promise = std::make_shared<std::promise<Answer>>();
    Sent sent{promise->get_future()};
    const gateway::Reply reply = [promise](gateway::HttpResponse response) {
      Answer answer{
          response.status,
          response.body,
          response.content_type,
          response.file_path,
          {},
          response.headers};
      if (auto json = base::parse_json(response.body)) answer.json = std::move(*json);
      promise->set_value(std::move(answer));
    };
    auto match = router_.match(method, request->path);
    request->params = std::move(match.params);
    if (!match.route) {
      reply(gateway::json_response(match.path_exists ? 405 : 404, ""));
      return sent;
    }
    gateway::resolve_alias(*match.route, aliases_, *request);
    if (match.route->access != gateway::Access::kPublic)
      if (const auto allowed = gateway::check_access(*match.route, *request); !allowed) {
        reply(gateway::error_response(allowed.error()));
        return sent;
      }
    if (match.route->streams_body)
      request->stream = std::make_shared<MemoryBody>(body, piece_, cut_bodies_);
    else
      request->body = body;
    match.route->handle(request, reply);
    return sent;
  }
  Answer call(
      const std::string& method,
      const std::string& target,
      const std::string& body = "",
      const std::string& type = "application/json"
  ) {
    return send(method, target, body, type).get();
  }
  Answer get(const std::string& target) { return call("GET", "/api/v1" + target); }
  Answer post(const std::string& target, const std::string& body = "") {
    return call("POST", "/api/v1" + target, body);
  }
  void create(const std::string& id, const std::string& more = "") {
    ASSERT_EQ(
        post("/indices", "{\"index_id\":\"" + id + "\",\"dimension\":2" + more + "}").status, 201
    );
  }
  void put(const std::string& index, const std::string& rows) {
    const auto answer = post("/indices/" + index + "/vectors", "{\"vectors\":[" + rows + "]}");
    ASSERT_EQ(answer.status, 200) << answer.text;
  }
  /// An import that stands in the middle of its work until it is cancelled.
  std::shared_ptr<jobs::JobHandle> begin_job(const std::string& id, const std::string& index) {
    return stack_.runner->begin({"import", index, id, {}, "starting", {}}).value();
  }
  [[nodiscard]] std::uint64_t count(const std::string& index) const { return stack_.count(index); }

  EngineStack stack_;
  alerts::AlertDesk alerts_;
  hub::Hub hub_;
  metrics::Sampler sampler_;
  gateway::Authenticator authenticator_;
  gateway::SignIn sign_in_;
  gateway::RateLimiter limiter_;
  gateway::SessionRegistry registry_;
  gateway::JobWaits waits_;
  gateway::Aliases aliases_;
  work::ResultFiles results_;
  std::unique_ptr<base::ThreadPool> ingest_;
  std::atomic<bool> ready_{true};
  gateway::ApiServices services_;
  gateway::Router router_;
  std::size_t piece_ = 1 << 20;
  bool cut_bodies_ = false;
  std::string coding_;  ///< Content-Encoding of requests from now on

 private:
  std::vector<metrics::IndexSample> index_samples() {
    std::vector<metrics::IndexSample> samples;
    for (const auto& index : stack_.engine->list()) {
      samples.emplace_back();
      samples.back().index = index.index_id;
      samples.back().vectors = count(index.index_id);
    }
    return samples;
  }
  static void read_query(const std::string& text, gateway::HttpRequest& request) {
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('&', at), text.size());
      const auto pair = text.substr(at, end - at);
      const auto equals = std::min(pair.find('='), pair.size());
      request.query.emplace(
          gateway::percent_decode(pair.substr(0, equals), true),
          gateway::percent_decode(pair.substr(std::min(equals + 1, pair.size())), true)
      );
      at = end + 1;
    }
  }

  std::vector<std::string> scopes_;
};

}  // namespace mlgraph::testing
