#include "cli/context_store.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

#include <fcntl.h>
#include <toml++/toml.h>
#include <unistd.h>

#include "base/nearest.h"
#include "cli/context.h"
#include "cli/json_view.h"
#include "cli/output.h"

namespace mlgraph::cli {
namespace {

using base::ErrorCode;

std::string text_at(const toml::table& table, std::string_view key) {
  return table[key].value_or(std::string());
}

tl::unexpected<base::Error> cannot(const char* what, const std::filesystem::path& path) {
  return base::fail(
      ErrorCode::kInvalidValue, "cannot {} {}: {}", what, path.string(), std::strerror(errno)
  );
}

}  // namespace

std::filesystem::path contexts_file() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  const std::filesystem::path folder = config && *config == '/'
                                           ? std::filesystem::path(config)
                                           : std::filesystem::path(home ? home : "/") / ".config";
  return folder / "mlgraph" / "contexts.toml";
}

base::Result<Contexts> load_contexts() {
  const auto file = contexts_file();
  std::ifstream in(file);
  if (!in && errno == ENOENT) return Contexts();
  if (!in) return cannot("read", file);
  if (is_open_to_others(file.string()))
    return base::fail(
        ErrorCode::kInvalidValue,
        "others may read {}, which holds tokens: chmod 600 {}",
        file.string(),
        file.string()
    );
  Contexts contexts;
  try {
    const toml::table table = toml::parse(in, file.string());
    if (in.bad()) return cannot("read", file);
    contexts.current = text_at(table, "current");
    if (const auto* named = table["context"].as_table())
      for (const auto& [name, value] : *named)
        if (const auto* one = value.as_table())
          contexts.named[std::string(name.str())] = {
              text_at(*one, "url"),
              text_at(*one, "token"),
              text_at(*one, "token_file"),
              text_at(*one, "ca")};
  } catch (const toml::parse_error& error) {
    return base::fail(
        ErrorCode::kInvalidValue,
        "{}:{}: {}",
        file.string(),
        error.source().begin.line,
        error.description()
    );
  }
  return contexts;
}

base::Result<void> save_contexts(const Contexts& contexts) {
  toml::table named;
  for (const auto& [name, context] : contexts.named) {
    toml::table one;
    one.insert("url", context.url);
    if (!context.token.empty()) one.insert("token", context.token);
    if (!context.token_file.empty()) one.insert("token_file", context.token_file);
    if (!context.ca_file.empty()) one.insert("ca", context.ca_file);
    named.insert(name, one);
  }
  toml::table table;
  if (!contexts.current.empty()) table.insert("current", contexts.current);
  table.insert("context", named);
  std::ostringstream text;
  text << table << "\n";

  const auto file = contexts_file();
  const auto folder = file.parent_path();
  std::error_code ec;
  std::filesystem::create_directories(folder.parent_path(), ec);
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) return cannot("write", folder);
  if (::chmod(folder.c_str(), S_IRWXU) != 0) return cannot("write", folder);
  std::string part = file.string() + ".XXXXXX";
  const int descriptor = ::mkostemp(part.data(), O_CLOEXEC);  // 0600
  if (descriptor < 0) return cannot("write", part);
  const bool written = write_all(descriptor, text.str()) == 0 && ::fsync(descriptor) == 0;
  ::close(descriptor);
  if (!written || ::rename(part.c_str(), file.c_str()) != 0) {
    const auto failure = cannot("write", file);
    ::unlink(part.c_str());
    return failure;
  }
  return {};
}

base::Error unknown_context(const Contexts& contexts, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [known, context] : contexts.named) names.push_back(known);
  std::string text = fmt::format("there is no context '{}'", safe(name));
  text += names.empty() ? "; mlgraph context add makes one"
                        : fmt::format(", did you mean '{}'?", base::nearest(name, names));
  return {ErrorCode::kInvalidValue, text, {}, {}};
}

}  // namespace mlgraph::cli
