// The server's fold over the scenarios of tests/fold: after each event it shows the state that the
// independent model there expects. Begun in the middle, from what it stores and from what clients
// see, it arrives at the same. MLG_FOLD_SCENARIOS names another folder of them.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>
#include <sodium.h>

#include "model/cursor.h"
#include "model/fold.h"

namespace mlgraph::model {
namespace {

using base::Json;

Json parsed(std::string_view text) {
  auto json = base::parse_json(text, {.depth_max = 64, .members_max = 1 << 24});
  if (!json) throw std::runtime_error(json.error().message);
  return std::move(*json);
}

const Json& member(const Json& object, std::string_view key) {
  const auto* found = object.find(key);
  if (!found) throw std::runtime_error("no member '" + std::string(key) + "'");
  return *found;
}

std::string text_of(const Json& json) {
  std::string text;
  base::JsonWriter(text).value(json);
  return text;
}

template <typename Object>
std::string json_of(const Object& object) {
  std::string text;
  base::JsonWriter out(text);
  write(out, object);
  return text;
}

/// As tests/fold/model.py writes it: no spaces, members sorted.
void append_canonical(std::string& out, const Json& json) {
  if (const auto* items = json.as_array()) {
    out += '[';
    for (const auto& item : *items) {
      if (out.back() != '[') out += ',';
      append_canonical(out, item);
    }
    out += ']';
  } else if (const auto* members = json.as_object()) {
    std::set<std::string> keys;
    for (const auto& [key, value] : *members) keys.insert(key);
    out += '{';
    for (const auto& key : keys) {
      if (out.back() != '{') out += ',';
      base::append_json_string(out, key);
      out += ':';
      append_canonical(out, member(json, key));
    }
    out += '}';
  } else {
    out += text_of(json);
  }
}

std::string canonical(const Json& json) {
  std::string text;
  append_canonical(text, json);
  return text;
}

/// The fold's objects; its maps are sorted by id already.
std::string canonical(const Fold& fold) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.key("indices");
    out.array([&] {
      for (const auto& [id, record] : fold.indices()) out.raw(json_of(record->object));
    });
    out.key("jobs");
    out.array([&] {
      for (const auto& [id, job] : fold.jobs()) out.raw(json_of(*job));
    });
    out.key("alerts");
    out.array([&] {
      for (const auto& [id, alert] : fold.alerts()) out.raw(json_of(*alert));
    });
  });
  return canonical(parsed(text));
}

std::string sha256(std::string_view text) {
  unsigned char hash[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(hash, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  std::string hex;
  for (const auto byte : hash) hex += fmt::format("{:02x}", byte);
  return hex;
}

/// The entry whose message is this event: encoded anew, it must be the very same text.
Entry entry_of(const Json& event) {
  Entry entry;
  const auto id = *member(event, "id").as_string();
  entry.seq = parse_cursor(id).value().seq;
  entry.timestamp = base::parse_timestamp(*member(event, "timestamp").as_string()).value();
  entry.kind = parse_kind(*member(event, "type").as_string()).value();
  entry.public_json = encode_event(entry.kind, entry.timestamp, text_of(member(event, "data")), id);
  EXPECT_EQ(entry.public_json, text_of(event));
  return entry;
}

/// A fold that knows nothing but the objects that clients see.
Fold from_state(const Json& state) {
  Fold fold;
  const auto each = [&](const char* section, const char* id, const char* key, auto value_of) {
    for (const auto& object : *member(state, section).as_array()) {
      const auto loaded =
          fold.load(std::string(key) + *member(object, id).as_string(), value_of(object));
      EXPECT_TRUE(loaded) << loaded.error().message;
    }
  };
  each("indices", "index_id", "index/", [](const Json& index) {
    return R"({"object":)" + text_of(index) + R"(,"number":1,"private":"","parts":{}})";
  });
  each("jobs", "jobId", "job/", text_of);
  each("alerts", "alertId", "alert/", text_of);
  return fold;
}

std::filesystem::path folder() {
  const char* other = std::getenv("MLG_FOLD_SCENARIOS");
  return other ? other : MLG_FOLD_SCENARIOS;
}

std::vector<std::filesystem::path> files() {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder()))
    if (entry.path().extension() == ".json") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

class FoldScenarios : public ::testing::TestWithParam<std::filesystem::path> {
 protected:
  FoldScenarios() {
    std::ifstream file(GetParam());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    scenario_ = parsed(text);
  }

  [[nodiscard]] const Json::Array& steps() const { return *member(scenario_, "steps").as_array(); }

  /// Plays the steps from `first` on; samples between them are no entries.
  void play(Fold fold, std::size_t first) const {
    for (std::size_t i = first; i < steps().size(); ++i) {
      const auto& event = member(steps()[i], "event");
      if (event.find("id")) {
        const auto applied = fold.apply(entry_of(event));
        ASSERT_TRUE(applied) << applied.error().message;
      }
      ASSERT_NO_FATAL_FAILURE(expect_step(fold, i)) << "begun before step " << first;
    }
  }

  void expect_step(const Fold& fold, std::size_t i) const {
    const auto& step = steps()[i];
    const auto shown = canonical(fold);
    const auto* state = step.find("state");
    const auto* digest = step.find("digest");
    ASSERT_TRUE(state || digest);
    if (state) {
      ASSERT_EQ(shown, canonical(*state)) << "step " << i;
    }
    if (digest) {
      ASSERT_EQ(sha256(shown), *digest->as_string()) << "step " << i << ": " << shown;
    }
  }

  Json scenario_;
};

TEST_P(FoldScenarios, FromTheFirstEventTheExpectedStateAtEachId) { play({}, 0); }

TEST_P(FoldScenarios, FromAStateInTheMiddleTheSame) {
  for (std::size_t i = 0; i < steps().size(); ++i)
    if (const auto* state = steps()[i].find("state")) {
      ASSERT_NO_FATAL_FAILURE(play(from_state(*state), i + 1));
    }
}

// The stored form is written after each event and read back: nothing but it is carried on.
TEST_P(FoldScenarios, StoredAndReadBackTheSame) {
  Fold fold;
  std::map<std::string, std::string> stored;
  for (std::size_t i = 0; i < steps().size(); ++i) {
    const auto& event = member(steps()[i], "event");
    if (!event.find("id")) continue;
    ASSERT_TRUE(fold.apply(entry_of(event)));
    fold.take_changes([&](const std::string& key, const std::string& value) {
      if (value.empty())
        stored.erase(key);
      else
        stored[key] = value;
    });
    fold = {};
    for (const auto& [key, value] : stored) ASSERT_TRUE(fold.load(key, value)) << key;
    ASSERT_NO_FATAL_FAILURE(expect_step(fold, i));
  }
}

// What readers are given follows by the changed keys alone.
TEST_P(FoldScenarios, FollowedTheSame) {
  Fold newer;
  Fold followed;
  for (std::size_t i = 0; i < steps().size(); ++i) {
    const auto& event = member(steps()[i], "event");
    if (event.find("id")) {
      ASSERT_TRUE(newer.apply(entry_of(event)));
    }
    if (i % 3 != 0) continue;  // several entries in one commit
    newer.take_changes([](const std::string&, const std::string&) {});
    followed.follow(newer);
    ASSERT_NO_FATAL_FAILURE(expect_step(followed, i));
    if (i % 2 == 0) newer = followed;  // a commit failed: the next begins from what readers have
  }
}

TEST(FoldScenarioFiles, ThereAreSome) { EXPECT_FALSE(files().empty()); }

INSTANTIATE_TEST_SUITE_P(Files, FoldScenarios, ::testing::ValuesIn(files()), [](const auto& about) {
  return about.param.stem().string();
});

}  // namespace
}  // namespace mlgraph::model
