#include "app/sources.h"

#include <algorithm>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/nearest.h"
#include "gateway/auth/authenticator.h"
#include "model/names.h"

namespace mlgraph::app {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr const char* kAdminToken = "MLGRAPH_ADMIN_TOKEN";

Result<void> set_node(const Setting& setting, Config& config, const toml::node& node) {
  const auto wrong_type = [&](const char* what) {
    return fail(ErrorCode::kInvalidValue, "{} is not {}", what, setting.wanted());
  };
  Config any;
  const bool is_text = std::holds_alternative<std::string*>(setting.field(any));
  if (const auto* text = node.as_string())
    return is_text ? setting.set_text(config, text->get())
                   : wrong_type(("\"" + model::printable(text->get()) + "\"").c_str());
  if (const auto* number = node.as_integer()) return setting.set(config, number->get());
  if (const auto* on = node.as_boolean()) return setting.set(config, on->get());
  if (const auto* array = node.as_array()) {
    std::vector<std::string> items;
    for (const auto& item : *array) {
      const auto* text = item.as_string();
      if (!text) return wrong_type("a list with something else in it");
      items.push_back(text->get());
    }
    return setting.set(config, items);
  }
  return wrong_type(node.is_table() ? "a table" : "the value");
}

class Loader {
 public:
  explicit Loader(const Sources& sources) : sources_(sources) {}

  Loaded load() {
    if (!sources_.file.empty()) load_file();
    if (sources_.variable) load_variables();
    for (const auto& [setting, value] : sources_.flags)
      note(*setting, setting->flag, setting->set_text(loaded_.config, value));
    check_together();
    return std::move(loaded_);
  }

 private:
  void load_file() {
    toml::table root;
    try {
      root = toml::parse_file(sources_.file);
    } catch (const toml::parse_error& error) {
      const auto line = error.source().begin.line;
      problem(line ? place(error.source()) : sources_.file, std::string(error.description()));
      return;
    }
    for (const auto& [name, node] : root) {
      const std::string key(name.str());
      const auto* table = node.as_table();
      if (!table) {
        load_node(key, node);
        continue;
      }
      for (const auto& [member, value] : *table)
        load_node(key + "." + std::string(member.str()), value);
    }
    // The parser keeps tables by name; whoever mends the file goes from line to line.
    std::stable_sort(by_line_.begin(), by_line_.end(), [](const auto& a, const auto& b) {
      return a.first < b.first;
    });
    for (auto& [line, text] : by_line_) loaded_.problems.push_back(std::move(text));
  }

  void load_node(const std::string& key, const toml::node& node) {
    const auto at = place(node.source());
    const auto line = node.source().begin.line;
    const auto* setting = find_setting(key);
    if (!setting) {
      by_line_.emplace_back(
          line,
          fmt::format(
              "{}: unknown key '{}', did you mean '{}'?",
              at,
              model::printable(key),
              base::nearest(key, setting_keys())
          )
      );
      return;
    }
    if (auto set = set_node(*setting, loaded_.config, node); !set)
      by_line_.emplace_back(line, fmt::format("{}: {}: {}", at, key, set.error().message));
    else
      loaded_.origins[key] = at;
  }

  void load_variables() {
    for (const auto& setting : settings())
      for (const auto& name : setting.variables())
        if (const auto value = sources_.variable(name))
          note(setting, name, setting.set_text(loaded_.config, *value));
    if (const auto token = sources_.variable(kAdminToken)) {
      loaded_.config.admin_token = *token;
      if (!token->empty() && !gateway::is_token_text(*token))
        problem(kAdminToken, "it must match mlg_[A-Za-z0-9_-]{8,252}");
    }
  }

  /// What no single setting can tell.
  void check_together() {
    const auto& server = loaded_.config.server;
    if (server.tls_cert.empty() == server.tls_key.empty()) return;
    const std::string given = server.tls_cert.empty() ? "server.tls_key" : "server.tls_cert";
    problem(
        loaded_.origin(given),
        given + " is given alone: server.tls_cert and server.tls_key belong together"
    );
  }

  void note(const Setting& setting, const std::string& at, const Result<void>& set) {
    if (set)
      loaded_.origins[setting.key] = at;
    else
      problem(at, setting.key + ": " + set.error().message);
  }

  void problem(const std::string& at, const std::string& what) {
    loaded_.problems.push_back(at + ": " + what);
  }

  [[nodiscard]] std::string place(const toml::source_region& source) const {
    return fmt::format("{}:{}", sources_.file, source.begin.line);
  }

  const Sources& sources_;
  Loaded loaded_;
  std::vector<std::pair<std::uint32_t, std::string>> by_line_;
};

}  // namespace

std::string Loaded::origin(const std::string& key) const {
  const auto found = origins.find(key);
  return found == origins.end() ? "default" : found->second;
}

Loaded load(const Sources& sources) { return Loader(sources).load(); }

std::vector<UnknownVariable> unknown_variables(const std::vector<std::string>& names) {
  // The command line's and the clients'.
  const std::vector<std::string> others = {"MLGRAPH_URL", "MLGRAPH_TOKEN", "MLGRAPH_BACKOFF"};
  std::vector<std::string> ours = {kAdminToken, "MLGRAPH_CONFIG"};
  for (const auto& setting : settings())
    for (auto& name : setting.variables()) ours.push_back(std::move(name));
  std::vector<UnknownVariable> unknown;
  for (const auto& name : names) {
    const auto is = [&](const std::vector<std::string>& known) {
      return std::find(known.begin(), known.end(), name) != known.end();
    };
    if (name.starts_with("MLGRAPH_") && !is(ours) && !is(others))
      unknown.push_back({name, base::nearest(name, ours)});
  }
  return unknown;
}

}  // namespace mlgraph::app
