// Checksums computed while an upload passes: what they cost later, what makes them void, what they survive.
#include "vfs/object_digests.hpp"

#include "base/text.hpp"
#include "tests/unit/vfs/object_fixture.hpp"
#include "vfs/checksum.hpp"

namespace gantry::vfs {
namespace {

using digest::Algorithm;
using digest::Digests;

/// A store that keeps the CRC-64 (COS), and one that does not (S3).
enum class Dialect : std::uint8_t { cos, s3 };

class ObjectDigests : public ObjectFixture, public testing::WithParamInterface<Dialect> {
 protected:
  void SetUp() override {
    options_.digest_book = make_memory_digest_book();
    options_.digests = {Algorithm::crc64, Algorithm::sha256, Algorithm::sha1};
    options_.store_keeps_crc64 = GetParam() == Dialect::cos;
    use({.min_part = 16 * kib}, GetParam() == Dialect::cos);
  }
  Digests known(std::string_view path) { return must(run(fs_->known_checksums(at(path)))).digests; }

  /// All of these are answered with one HEAD by a session that knows nothing.
  void expect_known(std::string_view path, std::string_view content,
                    std::vector<Algorithm> algorithms = {Algorithm::crc64, Algorithm::sha256, Algorithm::sha1}) {
    restart();
    for (Algorithm algorithm : algorithms) {
      requests();
      const auto sum = must(run(checksum_of(*fs_, at(path), algorithm, {})));
      EXPECT_EQ(to_hex(sum.value), to_hex(digest::hash(algorithm, as_byte_view(content)))) << digest::name(algorithm);
      EXPECT_EQ(sum.file_size, content.size());
      EXPECT_EQ(store_->count("head"), 1U);
      EXPECT_EQ(requests(), 1U) << digest::name(algorithm);
    }
  }
  /// Read from the store, and right.
  void expect_computed(std::string_view path, std::string_view content, Algorithm algorithm) {
    restart();
    requests();
    EXPECT_EQ(must(run(compute_checksum(*fs_, at(path), algorithm, {}))),
              digest::hash(algorithm, as_byte_view(content)));
    EXPECT_EQ(store_->count("get"), 1U);
  }
};

TEST_P(ObjectDigests, OfAnUploadCostOneHead) {
  for (std::size_t size : {std::size_t{0}, std::size_t{1000}, 64 * kib, 64 * kib + 1, 300 * kib}) {
    const std::string content = data(size);
    put("/f", content);
    expect_known("/f", content);
    EXPECT_FALSE(known("/f").contains(Algorithm::sha512));
  }
  expect_computed("/f", data(300 * kib), Algorithm::sha512);
}

TEST_P(ObjectDigests, StandInTheMetadataOfASmallFile) {
  put("/f", "123456789");
  EXPECT_EQ(store_->metadata("f").at("crc64"), "995dc9bbdf1939fa");
  EXPECT_EQ(store_->metadata("f").at("sha1"), "f7c3bc1d808e04732adf679965ccc34ca7ae3441");
  options_.digest_book = make_memory_digest_book();  // of another installation
  expect_known("/f", "123456789");
}

TEST_P(ObjectDigests, OnlyTheCrc64IsComputedUnasked) {
  options_.digests.clear();
  restart();
  put("/large", data(100 * kib));
  expect_known("/large", data(100 * kib), {Algorithm::crc64});
  EXPECT_EQ(known("/large").size(), 1U);
}

TEST_P(ObjectDigests, EndWithTheObjectTheyBelongTo) {
  for (std::size_t size : {std::size_t{1000}, 100 * kib}) {
    put("/f", data(size));
    // Some programs keep the fields of an object whose content they replace.
    store_->set("f", data(size, 2), {.metadata = store_->metadata("f")});
    restart();
    EXPECT_FALSE(known("/f").contains(Algorithm::sha256));
    expect_computed("/f", data(size, 2), Algorithm::sha256);
    put("/f", "more", {.mode = UploadMode::append});
    EXPECT_EQ(must(run(compute_checksum(*fs_, at("/f"), Algorithm::sha256, {}))),
              digest::hash(Algorithm::sha256, as_byte_view(data(size, 2) + "more")));
  }
}

TEST_P(ObjectDigests, OfTheBookMustAgreeWithTheStore) {
  put("/f", data(100 * kib));
  const std::string etag = must(run(store_->head("f"))).etag;
  // An ETag that is not made from the content may come back.
  const std::string other = data(100 * kib, 2);
  Digests others;
  for (Algorithm algorithm : {Algorithm::crc64, Algorithm::sha256})
    others[algorithm] = digest::hash(algorithm, as_byte_view(other));
  must(run(options_.digest_book->keep("main", {"f", etag}, others)));
  restart();
  // A store without CRC-64 has nothing better than its ETag.
  EXPECT_EQ(known("/f").contains(Algorithm::sha256), GetParam() == Dialect::s3);
  if (GetParam() == Dialect::cos) expect_computed("/f", data(100 * kib), Algorithm::sha256);
}

TEST_P(ObjectDigests, OfCopiesAreTheirOwn) {
  put("/small", data(1000));
  must(run(fs_->copy(at("/small"), at("/twin"))));
  expect_known("/twin", data(1000));
  expect_known("/small", data(1000));
  put("/twin", data(100 * kib));
  put("/large", data(100 * kib, 2));
  must(run(fs_->copy(at("/large"), at("/twin"))));
  expect_computed("/twin", data(100 * kib, 2), Algorithm::sha256);
  expect_known("/large", data(100 * kib, 2));
}

TEST_P(ObjectDigests, FollowRenamesAndNewTimes) {
  must(run(fs_->make_directory(at("/d"))));
  put("/d/small", data(1000));
  put("/d/large", data(100 * kib));
  put("/d/file", data(200 * kib));
  must(run(fs_->set_time(at("/d/large"), WallTime(Milliseconds(5)))));
  must(run(fs_->set_time(at("/d/small"), WallTime(Milliseconds(5)))));
  expect_known("/d/large", data(100 * kib));
  expect_known("/d/small", data(1000));
  must(run(fs_->rename(at("/d/file"), at("/moved"))));
  expect_known("/moved", data(200 * kib));
  const std::string etag = must(run(store_->head("d/large"))).etag;
  EXPECT_FALSE(must(run(options_.digest_book->find("main", {"d/large", etag}))).empty());
  must(run(fs_->rename(at("/d"), at("/e"))));
  expect_known("/e/small", data(1000));
  expect_known("/e/large", data(100 * kib));
  EXPECT_TRUE(must(run(options_.digest_book->find("main", {"d/large", etag}))).empty());
}

TEST_P(ObjectDigests, AreForgottenWithTheFile) {
  const std::string etag = put("/f", data(100 * kib)).unique;
  EXPECT_FALSE(must(run(options_.digest_book->find("main", {"f", etag}))).empty());
  must(run(fs_->remove_file(at("/f"))));
  EXPECT_TRUE(must(run(options_.digest_book->find("main", {"f", etag}))).empty());
}

TEST_P(ObjectDigests, OfWhatIsContinuedAreThoseOfTheWhole) {
  put("/short", data(100));
  put("/short", data(100 * kib, 2), {.mode = UploadMode::append});
  expect_known("/short", data(100) + data(100 * kib, 2));
  // What stays in the store is not read again: no more than the CRC-64 is known.
  put("/long", data(100 * kib));
  put("/long", data(50, 2), {.mode = UploadMode::append});
  const std::string whole = data(100 * kib) + data(50, 2);
  expect_known("/long", whole, {Algorithm::crc64});
  expect_computed("/long", whole, Algorithm::sha256);
  put("/long", data(50, 3), {.mode = UploadMode::at_offset, .offset = 80 * kib});
  restart();
  EXPECT_FALSE(known("/long").contains(Algorithm::sha256));
  EXPECT_EQ(must(run(compute_checksum(*fs_, at("/long"), Algorithm::crc64, {}))),
            digest::hash(Algorithm::crc64, as_byte_view(data(80 * kib) + data(50, 3))));
}

TEST_P(ObjectDigests, OfAResumedUploadKeepTheCrc64) {
  const std::string content = data(300 * kib);
  auto upload = open("/f");
  must(try_write(*upload, std::string_view(content).substr(0, 150 * kib)));
  const std::uint64_t safe = must(run(upload->hold()));
  ASSERT_GT(safe, 0U);
  restart();
  put("/f", std::string_view(content).substr(safe), {.mode = UploadMode::append});
  expect_known("/f", content, {Algorithm::crc64});
  expect_computed("/f", content, Algorithm::sha1);
}

TEST_P(ObjectDigests, OfAnUploadResumedByOffsetKeepTheCrc64) {
  const std::string content = data(300 * kib);
  auto upload = open("/f");
  must(try_write(*upload, std::string_view(content).substr(0, 150 * kib)));
  const std::uint64_t offset = must(run(upload->hold())) - 1000;
  restart();
  put("/f", std::string_view(content).substr(offset), {.mode = UploadMode::at_offset, .offset = offset});
  ASSERT_TRUE(store_->content("f") == content);
  expect_known("/f", content, {Algorithm::crc64});
  EXPECT_FALSE(known("/f").contains(Algorithm::sha256));
}

TEST_P(ObjectDigests, AreNoReasonToRefuseAnUpload) {
  options_.digest_book.reset();
  restart();
  put("/f", data(100 * kib));
  put("/g", data(100));
  expect_known("/g", data(100));
  expect_computed("/f", data(100 * kib), Algorithm::sha256);
  must(run(fs_->rename(at("/f"), at("/h"))));
  must(run(fs_->remove_file(at("/h"))));
}

INSTANTIATE_TEST_SUITE_P(Stores, ObjectDigests, testing::Values(Dialect::cos, Dialect::s3),
                         [](const auto& info) { return info.param == Dialect::cos ? "Cos" : "S3"; });

TEST(DigestsOf, BelieveOnlyWhatAgreesWithTheStore) {
  const Digests digests{{Algorithm::md5, std::string(16, 'm')}, {Algorithm::sha1, std::string(20, 's')}};
  object::ObjectInfo info;
  write_digests(info.metadata, digests);
  info.etag = to_hex(std::string(16, 'm'));
  EXPECT_EQ(digests_of(info), digests);
  // Encrypted objects have ETags that look like an MD5 and are none.
  info.etag = to_hex(std::string(16, 'x'));
  EXPECT_EQ(digests_of(info), Digests());
  info.crc64 = 5;
  EXPECT_EQ(digests_of(info), (Digests{{Algorithm::crc64, std::string("\0\0\0\0\0\0\0\5", 8)}}));
  info.metadata["crc64"] = "0000000000000005";
  EXPECT_EQ(digests_of(info).size(), 3U);
  info.metadata["sha1"] = "no number";
  EXPECT_EQ(digests_of(info).size(), 2U);
  erase_digests(info.metadata);
  EXPECT_TRUE(info.metadata.empty());
}

}  // namespace
}  // namespace gantry::vfs
