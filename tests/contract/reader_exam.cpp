// Reading: ranges, ends, and what happens to a reader whose file changes; checksums.
#include "digest/digest.hpp"
#include "tests/contract/file_system_contract.hpp"
#include "vfs/checksum.hpp"

namespace gantry::vfs {
namespace {

TEST_P(FileSystemContract, ReaderKnowsTheWholeSize) {
  put(at("/f"), "0123456789");
  EXPECT_EQ(must(run(fs().open_reader(at("/f"), {})))->size(), 10U);
  EXPECT_EQ(must(run(fs().open_reader(at("/f"), {.offset = 4, .length = 2})))->size(), 10U);
}

TEST_P(FileSystemContract, ReaderServesRanges) {
  put(at("/f"), "0123456789");
  EXPECT_EQ(get(at("/f"), {.offset = 3, .length = ByteRange::unbounded}), "3456789");
  EXPECT_EQ(get(at("/f"), {.offset = 3, .length = 4}), "3456");
  EXPECT_EQ(get(at("/f"), {.offset = 0, .length = 1}), "0");
  EXPECT_EQ(get(at("/f"), {.offset = 9, .length = 1}), "9");
  EXPECT_EQ(get(at("/f"), {.offset = 5, .length = 0}), "");
  EXPECT_EQ(get(at("/f"), {.offset = 8, .length = 100}), "89");
  EXPECT_EQ(get(at("/f"), {.offset = 8, .length = ByteRange::unbounded - 1}), "89");
}

TEST_P(FileSystemContract, ReaderAtTheEndIsEmptyAndBeyondIsRefused) {
  put(at("/f"), "0123456789");
  EXPECT_EQ(get(at("/f"), {.offset = 10, .length = ByteRange::unbounded}), "");
  EXPECT_EQ(code(run(fs().open_reader(at("/f"), {.offset = 11, .length = ByteRange::unbounded}))), Errc::bad_offset);
  put(at("/empty"), "");
  EXPECT_EQ(code(run(fs().open_reader(at("/empty"), {.offset = 1, .length = 1}))), Errc::bad_offset);
}

TEST_P(FileSystemContract, ReaderServesRangesOfALargeFile) {
  const std::string content = pattern(examinee().large_size(), 20);
  put(at("/f"), content);
  const std::size_t offset = content.size() / 3;
  const std::size_t length = content.size() / 2;
  EXPECT_TRUE(get(at("/f"), {.offset = offset, .length = length}) == content.substr(offset, length));
}

TEST_P(FileSystemContract, ReaderStaysAtItsEnd) {
  put(at("/f"), "x");
  auto reader = must(run(fs().open_reader(at("/f"), {})));
  std::vector<std::byte> buffer(10);
  EXPECT_EQ(must(run(reader->read(buffer))), 1U);
  EXPECT_EQ(must(run(reader->read(buffer))), 0U);
  EXPECT_EQ(must(run(reader->read(buffer))), 0U);
}

TEST_P(FileSystemContract, ReaderMayBeDroppedEarly) {
  put(at("/f"), pattern(examinee().large_size(), 21));
  auto reader = must(run(fs().open_reader(at("/f"), {})));
  std::vector<std::byte> buffer(10);
  EXPECT_GT(must(run(reader->read(buffer))), 0U);
  reader.reset();
  EXPECT_TRUE(exists(at("/f")));
}

TEST_P(FileSystemContract, ReaderOfWhatIsNoFile) {
  mkdir("/d");
  EXPECT_EQ(code(run(fs().open_reader(at("/missing"), {}))), Errc::not_found);
  EXPECT_EQ(code(run(fs().open_reader(at("/d"), {}))), Errc::is_directory);
  EXPECT_EQ(code(run(fs().open_reader(Path{}, {}))), Errc::is_directory);
}

TEST_P(FileSystemContract, ReaderOfAReplacedFileNeverMixes) {
  const std::string before = pattern(examinee().large_size(), 22);
  const std::string after = pattern(examinee().large_size(), 23);
  put(at("/f"), before);
  auto reader = must(run(fs().open_reader(at("/f"), {})));
  std::vector<std::byte> buffer(1000);
  const std::size_t count = must(run(reader->read(buffer)));
  const std::string front(as_text(ByteView(buffer).first(count)));
  put(at("/f"), after);
  auto rest = try_read_rest(*reader);
  if (rest) {
    EXPECT_TRUE(front + *rest == before);
  } else {
    EXPECT_EQ(rest.error().code, Errc::conflict);
  }
  EXPECT_TRUE(get(at("/f")) == after);
}

TEST_P(FileSystemContract, ChecksumIsThatOfTheBytes) {
  const std::string content = pattern(examinee().large_size(), 24);
  put(at("/f"), content);
  for (auto algorithm : {digest::Algorithm::sha256, digest::Algorithm::crc64, digest::Algorithm::md5}) {
    EXPECT_EQ(must(run(compute_checksum(fs(), at("/f"), algorithm, {}))),
              digest::hash(algorithm, as_byte_view(content)));
    auto known = must(run(fs().known_checksum(at("/f"), algorithm)));
    if (known) EXPECT_EQ(*known, digest::hash(algorithm, as_byte_view(content)));
  }
  EXPECT_EQ(must(run(compute_checksum(fs(), at("/f"), digest::Algorithm::sha1, {.offset = 5, .length = 300'000}))),
            digest::hash(digest::Algorithm::sha1, as_byte_view(content).subspan(5, 300'000)));
}

TEST_P(FileSystemContract, ChecksumOfWhatIsMissing) {
  EXPECT_EQ(code(run(fs().known_checksum(at("/missing"), digest::Algorithm::md5))), Errc::not_found);
  EXPECT_EQ(code(run(compute_checksum(fs(), at("/missing"), digest::Algorithm::md5, {}))), Errc::not_found);
}

}  // namespace
}  // namespace gantry::vfs
