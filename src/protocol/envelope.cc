#include "protocol/envelope.h"

#include <array>
#include <utility>

#include "base/json_places.h"
#include "model/names.h"
#include "protocol/error_table.h"

namespace mlgraph::protocol {
namespace {
using base::ErrorCode;
using base::Json;

constexpr std::size_t kRefBytesMax = 64;
// Far above any session's pattern limit, so that repeating one channel stays harmless.
constexpr std::size_t kChannelsMax = 2'048;

constexpr base::JsonLimits kMessageLimits = {.unique_keys = true};

constexpr std::array<std::pair<std::string_view, RequestType>, 6> kTypes = {{
    {"auth", RequestType::kAuth},
    {"subscribe", RequestType::kSubscribe},
    {"unsubscribe", RequestType::kUnsubscribe},
    {"ping", RequestType::kPing},
    {"sync", RequestType::kSync},
    {"hello", RequestType::kHello},
}};

tl::unexpected<base::Error> wrong_type(
    std::string_view member, std::string_view wanted, const Json& got
) {
  return base::fail_at(
      std::string(member),
      ErrorCode::kBadRequest,
      "{} must be {}, not {}",
      member,
      wanted,
      got.type_name()
  );
}

base::Result<std::string> read_ref(const Json& message) {
  const Json* ref = message.find("ref");
  if (!ref) return std::string();
  std::string text;
  if (const auto* string = ref->as_string()) {
    if (string->size() > kRefBytesMax)
      return base::fail_at(
          "ref",
          ErrorCode::kBadRequest,
          "ref has {} bytes, the limit is {}",
          string->size(),
          kRefBytesMax
      );
    base::append_json_string(text, *string);
  } else if (const auto signed_number = ref->as_int()) {
    text = std::to_string(*signed_number);
  } else if (const auto number = ref->as_uint()) {
    text = std::to_string(*number);
  } else {
    return wrong_type("ref", "a string or an integer", *ref);
  }
  return text;
}

base::Result<RequestType> read_type(const Json& message) {
  const Json* type = message.find("type");
  if (!type) return base::fail_at("type", ErrorCode::kBadRequest, "the message has no member type");
  const auto* name = type->as_string();
  if (!name) return wrong_type("type", "a string", *type);
  for (const auto& [known, value] : kTypes)
    if (known == *name) return value;
  return base::fail_at(
      "type",
      ErrorCode::kUnknownType,
      "type '{}' is not one of auth, subscribe, unsubscribe, ping, sync, hello",
      model::printable(*name)
  );
}

base::Result<void> read_channels(const Json& message, bool required, Request& request) {
  const Json* channels = message.find("channels");
  if (!channels) {
    if (!required) return {};
    return base::fail_at("channels", ErrorCode::kBadRequest, "the message has no member channels");
  }
  const auto* items = channels->as_array();
  if (!items) return wrong_type("channels", "an array of strings", *channels);
  if (items->size() > kChannelsMax)
    return base::fail_at(
        "channels",
        ErrorCode::kTooManyChannels,
        "channels has {} elements, the limit is {}",
        items->size(),
        kChannelsMax
    );
  request.channels.reserve(items->size());
  for (std::size_t i = 0; i < items->size(); ++i) {
    const auto* name = (*items)[i].as_string();
    if (!name) return wrong_type("channels[" + std::to_string(i) + "]", "a string", (*items)[i]);
    request.channels.push_back(*name);
  }
  request.has_channels = true;
  return {};
}

base::Result<void> read_since_and_state(const Json& message, Request& request) {
  if (const Json* since = message.find("since")) {
    const auto* text = since->as_string();
    if (!text) return wrong_type("since", "a string", *since);
    request.since = *text;
  }
  if (const Json* state = message.find("state")) {
    const auto* flag = state->as_bool();
    if (!flag) return wrong_type("state", "a boolean", *state);
    request.state = *flag;
  }
  return {};
}

base::Result<void> read_members(const Json& message, Request& request) {
  switch (request.type) {
    case RequestType::kAuth: {
      const Json* token = message.find("token");
      if (!token)
        return base::fail_at("token", ErrorCode::kBadRequest, "the message has no member token");
      const auto* text = token->as_string();
      if (!text) return wrong_type("token", "a string", *token);
      request.token = *text;
      return {};
    }
    case RequestType::kSubscribe:
      MLG_TRY_VOID(read_channels(message, true, request));
      return read_since_and_state(message, request);
    case RequestType::kUnsubscribe:
      return read_channels(message, true, request);
    case RequestType::kSync:
      return read_channels(message, false, request);
    case RequestType::kHello: {
      const Json* client = message.find("client");
      if (client && !client->as_string() && !client->as_object())
        return wrong_type("client", "a string or an object", *client);
      return {};
    }
    case RequestType::kPing:
      return {};
  }
  return {};
}

/// The ref of a text that is no JSON, if it stands there before the fault.
std::string ref_of_broken(std::string_view text) {
  const auto raw = base::readable_member(text, "ref");
  if (!raw || raw->size() > 6 * kRefBytesMax + 2) return {};
  const auto value = base::parse_json("{\"ref\":" + std::string(*raw) + "}", kMessageLimits);
  return value ? read_ref(*value).value_or(std::string()) : std::string();
}

void append_head(std::string& out, std::string_view type, base::Timestamp now) {
  out += "{\"type\":\"";
  out += type;
  out += "\",\"timestamp\":\"";
  out += base::format_timestamp(now);
  out += '"';
}

void append_ref(std::string& out, std::string_view ref) {
  if (ref.empty()) return;
  out += ",\"ref\":";
  out += ref;
}

}  // namespace

tl::expected<Request, RequestError> parse_request(std::string_view text) {
  const auto refuse = [](base::Error error, std::string ref, std::optional<RequestType> type = {}) {
    return tl::unexpected<RequestError>(RequestError{std::move(error), std::move(ref), type});
  };
  auto message = base::parse_json(text, kMessageLimits);
  if (!message) return refuse(std::move(message).error(), ref_of_broken(text));
  if (!message->as_object())
    return refuse(
        base::Error{
            ErrorCode::kBadRequest,
            std::string("a message must be a JSON object, not ") + message->type_name(),
            {},
            {}},
        {}
    );
  Request request;
  const auto type = read_type(*message);
  auto ref = read_ref(*message);
  if (!ref) return refuse(std::move(ref).error(), {}, type ? std::optional(*type) : std::nullopt);
  request.ref = std::move(*ref);
  if (!type) return refuse(type.error(), std::move(request.ref));
  request.type = *type;
  if (auto read = read_members(*message, request); !read)
    return refuse(std::move(read).error(), std::move(request.ref), request.type);
  return request;
}

std::string pong(base::Timestamp now, std::string_view ref, std::string_view id) {
  std::string out;
  append_head(out, "pong", now);
  append_ref(out, ref);
  if (!ref.empty() && !id.empty()) {
    out += ",\"id\":";
    base::append_json_string(out, id);
  }
  out += '}';
  return out;
}

std::string error_message(base::Timestamp now, const base::Error& error, std::string_view ref) {
  const ErrorRow& row = row_of(error.code);
  std::string data;
  base::JsonWriter json(data);
  json.object([&] {
    json.member("code", row.name);
    json.member("message", error.message);
    json.member("retryable", row.retryable);
    if (error.retry_after_ms) json.member("retry_after_ms", *error.retry_after_ms);
  });
  return answer("error", now, data, ref);
}

std::string answer(
    std::string_view type, base::Timestamp now, std::string_view data_json, std::string_view ref
) {
  std::string out;
  out.reserve(data_json.size() + ref.size() + type.size() + 80);
  append_head(out, type, now);
  out += ",\"data\":";
  out += data_json;
  append_ref(out, ref);
  out += '}';
  return out;
}

}  // namespace mlgraph::protocol
