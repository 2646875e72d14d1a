// A log record as it comes from disk: what decodes is written back byte for byte, and what the fold
// makes of it survives being stored and loaded.
#include <map>

#include "base/check.h"
#include "model/fold.h"
#include "store/entry_codec.h"

namespace {

using namespace mlgraph;

template <typename Object>
std::string json_of(const Object& object) {
  std::string text;
  base::JsonWriter out(text);
  write(out, object);
  return text;
}

std::map<std::string, std::string> stored(model::Fold& fold) {
  std::map<std::string, std::string> pairs;
  fold.take_changes([&](const std::string& key, const std::string& value) {
    if (!value.empty()) pairs[key] = value;
  });
  return pairs;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view record(reinterpret_cast<const char*>(data), size);
  const auto entry = store::decode_entry(1, record);
  if (!entry) return 0;
  MLG_CHECK(store::encode_entry(**entry) == record);

  // Private bytes are JSON that the server itself wrote; the fold carries them unread.
  if (!(*entry)->private_json.empty() && !base::parse_json((*entry)->private_json)) return 0;
  model::Fold fold;
  if (!fold.apply(**entry)) return 0;
  model::Fold loaded;
  for (const auto& [key, value] : stored(fold)) MLG_CHECK(loaded.load(key, value).has_value());
  MLG_CHECK(loaded.seq() == fold.seq() && loaded.next_index_number() == fold.next_index_number());
  MLG_CHECK(loaded.indices().size() == fold.indices().size());
  MLG_CHECK(loaded.jobs().size() == fold.jobs().size());
  MLG_CHECK(loaded.alerts().size() == fold.alerts().size());
  for (const auto& [id, job] : fold.jobs()) {
    const auto same = loaded.job(id);
    MLG_CHECK(same->state == job->state && same->errors == job->errors);
    MLG_CHECK(same->progress == job->progress && same->finished_at == job->finished_at);
  }
  for (const auto& [id, alert] : fold.alerts())
    MLG_CHECK(loaded.alert(id)->message == alert->message);  // metadata: -0.0 comes back as 0
  for (const auto& [id, index] : fold.indices())
    MLG_CHECK(json_of(loaded.index(id)->object) == json_of(index->object));
  return 0;
}
