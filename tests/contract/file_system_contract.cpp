#include "tests/contract/file_system_contract.hpp"

#include <algorithm>
#include <cstring>

namespace gantry::vfs {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FileSystemContract);

std::string pattern(std::size_t size, unsigned seed) {
  std::string text(size, '\0');
  std::uint32_t state = seed * 2654435761U + 1;
  for (char& c : text) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24U);
  }
  return text;
}

Result<void> FileSystemContract::try_write(Upload& upload, std::string_view content) {
  while (!content.empty()) {
    auto room = run(upload.prepare(std::min<std::size_t>(content.size(), 256 * kib)));
    if (!room) return fail(std::move(room.error()));
    if (room->empty()) return fail(Errc::internal, "prepare", "no room at all");
    const std::size_t count = std::min(room->size(), content.size());
    std::memcpy(room->data(), content.data(), count);
    if (auto done = run(upload.advance(count)); !done) return done;
    content.remove_prefix(count);
  }
  return {};
}

Entry FileSystemContract::put(Path path, std::string_view content, UploadOptions options) {
  auto upload = open(std::move(path), std::move(options));
  write(*upload, content);
  return must(run(upload->commit()));
}

Errc FileSystemContract::refusal(Path path, UploadOptions options) {
  auto upload = run(fs().open_upload(std::move(path), std::move(options)));
  return upload ? code(run((*upload)->commit())) : code(upload);
}

Result<std::string> FileSystemContract::try_read_rest(Reader& reader) {
  std::string content;
  std::vector<std::byte> buffer(100'000);
  while (true) {
    auto count = run(reader.read(buffer));
    if (!count) return fail(std::move(count.error()));
    if (*count == 0) return content;
    content += as_text(ByteView(buffer).first(*count));
  }
}

std::string FileSystemContract::get(Path path, ByteRange range) {
  auto reader = must(run(fs().open_reader(std::move(path), range)));
  return must(try_read_rest(*reader));
}

bool FileSystemContract::exists(Path path) {
  auto entry = run(fs().stat(std::move(path)));
  if (!entry && entry.error().code != Errc::not_found) throw std::runtime_error(entry.error().text());
  return entry.has_value();
}

std::vector<Entry> FileSystemContract::list(Path path) {
  auto listing = must(run(fs().list(std::move(path))));
  std::vector<Entry> all;
  while (true) {
    auto page = must(run(listing->next()));
    if (page.empty()) return all;
    EXPECT_LE(page.size(), 2000U) << "a page is about 1000 entries";
    std::ranges::move(page, std::back_inserter(all));
  }
}

std::set<std::string> FileSystemContract::names(Path path) {
  std::set<std::string> found;
  for (const Entry& entry : list(std::move(path))) {
    EXPECT_TRUE(found.insert(entry.name).second) << "listed twice: " << entry.name;
  }
  return found;
}

}  // namespace gantry::vfs
