#include "tests/unit/object/exam.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace gantry::object {
namespace {

#define ASSERT_OK(result) ASSERT_TRUE(result) << (result).error().text()
#define EXPECT_FAILS(result, errc)                                     \
  do {                                                                 \
    ASSERT_FALSE(result);                                              \
    EXPECT_EQ((result).error().code, errc) << (result).error().text(); \
  } while (false)

std::vector<std::string> keys_of(const ListPage& page) {
  std::vector<std::string> keys;
  for (const ObjectInfo& info : page.objects) keys.push_back(info.key);
  return keys;
}

void objects(Bench& b, const std::string& prefix) {
  std::string key = prefix + "dir a/\xE5\xAE\xB6 +%&=?#~*'().txt";
  PutOptions options{.metadata = {{"mtime", "1700000000.5"}}, .content_type = "text/x-odd"};
  auto put = b.put(key, "hello", options);
  ASSERT_OK(put);
  EXPECT_EQ(put->etag, "5d41402abc4b2a76b9719d911017c592");
  EXPECT_FALSE(put->request_id.empty());

  auto head = b.run(b->head(key));
  ASSERT_OK(head);
  EXPECT_EQ(head->key, key);
  EXPECT_EQ(head->size, 5U);
  EXPECT_EQ(head->etag, put->etag);
  EXPECT_EQ(head->metadata, options.metadata);
  EXPECT_EQ(head->content_type, "text/x-odd");
  EXPECT_LT(std::chrono::abs(head->modified - wall_now()), std::chrono::hours(1));
  EXPECT_EQ(head->crc64, put->crc64);

  EXPECT_EQ(b.get(key).value(), "hello");
  EXPECT_EQ(b.get(key, {.range = {1, 3}}).value(), "ell");
  EXPECT_EQ(b.get(key, {.range = {2}}).value(), "llo");
  EXPECT_EQ(b.get(key, {.range = {2, 100}, .if_match = put->etag}).value(), "llo");
  EXPECT_FAILS(b.get(key, {.range = {5}}), Errc::bad_offset);
  EXPECT_FAILS(b.get(key, {.range = {0}, .if_match = std::string(32, '0')}), Errc::conflict);
  EXPECT_FAILS(b.get(prefix + "none"), Errc::not_found);
  EXPECT_FAILS(b.run(b->head(prefix + "none")), Errc::not_found);

  ASSERT_OK(b.put(prefix + "empty", ""));
  EXPECT_EQ(b.get(prefix + "empty").value(), "");
  ASSERT_OK(b.put(prefix + "marker/", ""));

  EXPECT_FAILS(b.put(key, "other", {.create_only = true}), Errc::already_exists);
  EXPECT_EQ(b.get(key).value(), "hello");
  ASSERT_OK(b.put(prefix + "fresh", "new", {.create_only = true}));

  auto copy = b.run(b->copy({.from = key, .to = prefix + "copy of %41 it"}));
  ASSERT_OK(copy);
  EXPECT_EQ(b.get(prefix + "copy of %41 it").value(), "hello");
  EXPECT_EQ(b.run(b->head(prefix + "copy of %41 it")).value().metadata, options.metadata);
  PutOptions replaced{.metadata = {{"mtime", "5"}}, .content_type = "text/plain"};
  ASSERT_OK(b.run(b->copy({.from = key, .to = key, .if_match = put->etag, .replace = replaced})));
  EXPECT_EQ(b.run(b->head(key)).value().metadata, replaced.metadata);
  EXPECT_EQ(b.run(b->head(key)).value().content_type, "text/plain");
  EXPECT_FAILS(b.run(b->copy({.from = prefix + "none", .to = prefix + "x"})), Errc::not_found);

  ASSERT_OK(b.run(b->remove(key)));
  ASSERT_OK(b.run(b->remove(key)));
  EXPECT_FAILS(b.run(b->head(key)), Errc::not_found);
}

void listings(Bench& b, const std::string& prefix) {
  std::vector<std::string> expected;
  for (const char* name : {"a", "a b+c", "d/1", "d/2", "e%20f", "g/h/i", "z"}) {
    expected.push_back(prefix + name);
    ASSERT_OK(b.put(expected.back(), "12345"));
  }
  auto flat = b.run(b->list({.prefix = prefix}));
  ASSERT_OK(flat);
  EXPECT_EQ(keys_of(*flat), expected);
  EXPECT_EQ(flat->cursor, "");
  EXPECT_EQ(flat->objects.at(0).size, 5U);
  EXPECT_EQ(flat->objects.at(0).etag, "827ccb0eea8a706c4c34a16891f84e7b");

  auto deep = b.run(b->list({.prefix = prefix, .delimiter = "/"}));
  ASSERT_OK(deep);
  EXPECT_EQ(keys_of(*deep), (std::vector{prefix + "a", prefix + "a b+c", prefix + "e%20f", prefix + "z"}));
  EXPECT_EQ(deep->prefixes, (std::vector{prefix + "d/", prefix + "g/"}));

  std::vector<std::string> paged;
  ListRequest request{.prefix = prefix, .delimiter = "/", .max = 2};
  for (int pages = 0; pages < 10; ++pages) {
    auto page = b.run(b->list(request));
    ASSERT_OK(page);
    EXPECT_LE(page->objects.size() + page->prefixes.size(), 2U);
    std::ranges::move(keys_of(*page), std::back_inserter(paged));
    std::ranges::copy(page->prefixes, std::back_inserter(paged));
    request.cursor = page->cursor;
    if (page->cursor.empty()) break;
  }
  std::ranges::sort(paged);
  EXPECT_EQ(paged, (std::vector{prefix + "a", prefix + "a b+c", prefix + "d/", prefix + "e%20f", prefix + "g/",
                                prefix + "z"}));

  auto later = b.run(b->list({.prefix = prefix, .start_after = prefix + "d/1"}));
  ASSERT_OK(later);
  EXPECT_EQ(keys_of(*later), (std::vector{prefix + "d/2", prefix + "e%20f", prefix + "g/h/i", prefix + "z"}));

  auto none = b.run(b->list({.prefix = prefix + "nothing/"}));
  ASSERT_OK(none);
  EXPECT_TRUE(none->objects.empty());

  expected.push_back(prefix + "never was & <here>");
  auto failures = b.run(b->remove_many(expected));
  ASSERT_OK(failures);
  EXPECT_TRUE(failures->empty());
  EXPECT_TRUE(b.run(b->list({.prefix = prefix})).value().objects.empty());
  EXPECT_FAILS(b.run(b->remove_many(std::vector<std::string>(1001, "k"))), Errc::invalid);
}

void uploads(Bench& b, const std::string& prefix, std::size_t part) {
  std::string key = prefix + "big file";
  std::string first = pattern(part, 1), second = pattern(part, 2), last = pattern(1000, 3);
  auto id = b.run(b->start_parts(key, {.metadata = {{"mtime", "7"}}, .content_type = "video/x"}));
  ASSERT_OK(id);
  auto one = b.put_part(key, *id, 1, first);
  ASSERT_OK(one);
  EXPECT_EQ(one->size, part);
  ASSERT_OK(b.put_part(key, *id, 2, pattern(part, 9)));
  auto two = b.put_part(key, *id, 2, second);
  ASSERT_OK(two);

  auto open = b.run(b->list_uploads(prefix));
  ASSERT_OK(open);
  ASSERT_EQ(open->size(), 1U);
  EXPECT_EQ(open->at(0).key, key);
  EXPECT_EQ(open->at(0).upload_id, *id);
  EXPECT_LT(std::chrono::abs(open->at(0).started - wall_now()), std::chrono::hours(1));
  auto listed = b.run(b->list_parts(key, *id));
  ASSERT_OK(listed);
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ(listed->at(1).etag, two->etag);
  EXPECT_EQ(listed->at(1).size, part);

  auto three = b.put_part(key, *id, 3, last);
  ASSERT_OK(three);
  auto done = b.run(b->finish_parts(key, *id, {*one, *two, *three}, false));
  ASSERT_OK(done);
  EXPECT_EQ(b.get(key).value(), first + second + last);
  auto head = b.run(b->head(key));
  ASSERT_OK(head);
  EXPECT_EQ(head->etag, done->etag);
  EXPECT_EQ(head->metadata, (Metadata{{"mtime", "7"}}));
  EXPECT_TRUE(b.run(b->list_uploads(prefix)).value().empty());

  // A second object made of the first and more: no byte of the old one travels.
  auto grown_id = b.run(b->start_parts(prefix + "grown", {}));
  ASSERT_OK(grown_id);
  auto copied = b.run(b->copy_part({prefix + "grown", *grown_id, 1}, key, {0, 2 * part}, head->etag));
  ASSERT_OK(copied);
  EXPECT_EQ(copied->size, 2 * part);
  auto more = b.put_part(prefix + "grown", *grown_id, 2, last);
  ASSERT_OK(more);
  ASSERT_OK(b.run(b->finish_parts(prefix + "grown", *grown_id, {*copied, *more}, false)));
  EXPECT_EQ(b.get(prefix + "grown").value(), first + second + last);
  EXPECT_EQ(b.get(prefix + "grown", {.range = {part - 2, 4}}).value(), first.substr(part - 2) + second.substr(0, 2));

  // A source name with a per cent sign, which takes another road on some stores.
  std::string odd = prefix + "50% of %zz";
  ASSERT_OK(b.put(odd, first));
  auto odd_id = b.run(b->start_parts(prefix + "odd", {}));
  ASSERT_OK(odd_id);
  auto whole = b.run(b->copy_part({prefix + "odd", *odd_id, 1}, odd, {}, {}));
  ASSERT_OK(whole);
  EXPECT_EQ(whole->size, part);
  auto tail = b.run(b->copy_part({prefix + "odd", *odd_id, 2}, key, {2 * part}, {}));
  ASSERT_OK(tail);
  EXPECT_EQ(tail->size, last.size());
  ASSERT_OK(b.run(b->finish_parts(prefix + "odd", *odd_id, {*whole, *tail}, false)));
  EXPECT_EQ(b.get(prefix + "odd").value(), first + last);

  auto dropped = b.run(b->start_parts(key, {}));
  ASSERT_OK(dropped);
  ASSERT_OK(b.put_part(key, *dropped, 1, "x"));
  ASSERT_OK(b.run(b->abort_parts(key, *dropped)));
  ASSERT_OK(b.run(b->abort_parts(key, *dropped)));
  EXPECT_FAILS(b.run(b->list_parts(key, *dropped)), Errc::not_found);
  EXPECT_FAILS(b.put_part(key, *dropped, 1, "x"), Errc::not_found);
  // Ceph's gateway answers 500 here, which leaves the outcome open.
  auto too_late = b.run(b->finish_parts(key, *dropped, {*one}, false));
  ASSERT_FALSE(too_late);
  EXPECT_TRUE(too_late.error().code == Errc::not_found || too_late.error().detail.starts_with("uncertain"));
  EXPECT_EQ(b.get(key).value(), first + second + last);
}

}  // namespace

void examine(Bench& bench, const std::string& prefix, std::size_t part) {
  auto probe = bench.run(bench->probe());
  ASSERT_OK(probe);
  objects(bench, prefix + "objects/");
  listings(bench, prefix + "listings/");
  uploads(bench, prefix + "uploads/", part);
  auto left = bench.run(bench->list({.prefix = prefix}));
  ASSERT_OK(left);
  auto failures = bench.run(bench->remove_many(keys_of(*left)));
  ASSERT_OK(failures);
  EXPECT_TRUE(failures->empty());
}

}  // namespace gantry::object
