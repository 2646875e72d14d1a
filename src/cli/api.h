#pragma once
// One REST call, and its answer as text or JSON.
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/json.h"
#include "cli/context.h"
#include "cli/exit.h"

namespace mlgraph::cli {

/// "/api/v1/indices/docs" from {"indices", "docs"}, each encoded.
[[nodiscard]] std::string api_path(std::initializer_list<std::string_view> parts);
/// A JSON object's text.
[[nodiscard]] std::string json_object(const std::function<void(base::JsonWriter&)>& members);

/// Prints an error and what helps against it to standard error, and gives its exit code.
int report(const base::Error& error);
/// Writes to standard output. returns kOk, also when the reader has gone; kRefused when the text
/// cannot be kept, which is told.
int emit(std::string_view text);

using Shower = std::function<std::string(const Context&, const base::Json&)>;
/// The answer as JSON under --json, else as `show` says it.
int show_answer(const Context& context, const base::Result<base::Json>& answer, const Shower& show);
/// GET, then show_answer.
int get_and_show(const Context& context, const std::string& target, const Shower& show);
/// A call that changes something: `done` is the line that tells of it.
int call_and_tell(
    const Context& context,
    std::string_view method,
    const std::string& target,
    const std::string& body,
    const std::string& done
);

}  // namespace mlgraph::cli
