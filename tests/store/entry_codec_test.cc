// The record format: what is written reads back, and no damaged record does anything but fail.
#include "store/entry_codec.h"

#include <random>

#include <gmock/gmock.h>

#include "store/store_fixture.h"

namespace mlgraph::store {
namespace {

using base::ErrorCode;
using testing::refusal_of;

model::Entry an_entry() {
  model::Entry entry;
  entry.seq = 42;
  entry.timestamp = {1'734'863'400'123};
  entry.kind = model::EventKind::kIndexShardTransition;
  entry.entity = "production-vectors";
  entry.index = "production-vectors";
  entry.public_json = model::encode_event(entry.kind, entry.timestamp, "{}", "epoch-42");
  entry.private_json = std::string("{\"bytes\":\"\0\"}", 13);
  return entry;
}

void expect_same(const model::Entry& a, const model::Entry& b) {
  EXPECT_EQ(a.seq, b.seq);
  EXPECT_EQ(a.timestamp, b.timestamp);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.entity, b.entity);
  EXPECT_EQ(a.index, b.index);
  EXPECT_EQ(a.public_json, b.public_json);
  EXPECT_EQ(a.private_json, b.private_json);
}

TEST(EntryCodec, EveryKindReadsBackAsWritten) {
  for (const auto kind : model::kAllKinds) {
    auto entry = an_entry();
    entry.kind = kind;
    const auto back = decode_entry(42, encode_entry(entry));
    ASSERT_TRUE(back) << back.error().message;
    expect_same(**back, entry);
  }
}

TEST(EntryCodec, ARecordWhoseTextIsNoMessageIsCorrupt) {
  auto entry = an_entry();
  for (const auto* text :
       {"",
        "{}",
        "{\"type\":\"x\",\"data\":{}}",
        "{\"a\":1,\"id\":\"e-1\"}",
        "{\"a\":1,\"id\":\"e-1\",\"data\":{}}"}) {
    entry.public_json = text;
    EXPECT_EQ(refusal_of(decode_entry(42, encode_entry(entry))), ErrorCode::kCorrupt) << text;
  }
}

TEST(EntryCodec, TheLayoutOfVersionOneStands) {
  model::Entry entry;
  entry.timestamp = {0x0102030405060708};
  entry.kind = model::EventKind::kJobStarted;
  entry.entity = "E";
  entry.index = "ix";
  entry.public_json = "{}!";
  const std::string expected = std::string("\x01\x04\x08\x07\x06\x05\x04\x03\x02\x01", 10) +
                               std::string("\x01\0\0\0\x02\0\0\0\x03\0\0\0\0\0\0\0", 16) + "Eix{}!";
  EXPECT_EQ(encode_entry(entry), expected);
}

TEST(EntryCodec, ShortenedOrLengthenedRecordsAreCorrupt) {
  const std::string record = encode_entry(an_entry());
  for (std::size_t size = 0; size < record.size(); ++size) {
    const auto outcome = decode_entry(42, std::string_view(record).substr(0, size));
    ASSERT_EQ(refusal_of(outcome), ErrorCode::kCorrupt);
    EXPECT_THAT(outcome.error().message, ::testing::HasSubstr("42"));
  }
  EXPECT_EQ(refusal_of(decode_entry(42, record + "x")), ErrorCode::kCorrupt);
}

TEST(EntryCodec, UnknownVersionsAndKindsAreCorrupt) {
  std::string record = encode_entry(an_entry());
  record[0] = 2;
  EXPECT_EQ(refusal_of(decode_entry(1, record)), ErrorCode::kCorrupt);
  record[0] = 1;
  record[1] = static_cast<char>(model::kKindCount);
  EXPECT_EQ(refusal_of(decode_entry(1, record)), ErrorCode::kCorrupt);
}

TEST(EntryCodec, NoByteChangeReadsBeyondTheRecord) {
  const std::string record = encode_entry(an_entry());
  for (std::size_t at = 0; at < record.size(); ++at)
    for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      std::string damaged = record;
      damaged[at] = static_cast<char>(value);
      if (const auto decoded = decode_entry(42, damaged)) {
        EXPECT_EQ(encode_entry(**decoded), damaged);
      }
    }
}

TEST(EntryCodec, SizesThatOverflowAreCorrupt) {
  std::string record = encode_entry(an_entry());
  for (std::size_t field = 0; field < 4; ++field)
    for (std::size_t i = 0; i < 4; ++i) record[10 + field * 4 + i] = static_cast<char>(0xff);
  EXPECT_EQ(refusal_of(decode_entry(42, record)), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace mlgraph::store
