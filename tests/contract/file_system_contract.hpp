// The exam that every vfs::FileSystem sits: the fixture. The exercises are in *_exam.cpp; a store takes part with
//   INSTANTIATE_TEST_SUITE_P(Name, FileSystemContract, testing::Values(Candidate{"name", make}), candidate_name);
// in a file of its own. Where stores may differ, Capabilities say so; nothing here names a store.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "tests/support/run.hpp"
#include "vfs/file_system.hpp"

namespace gantry::vfs {

/// One store under examination, empty at first, gone with its destructor.
class Examinee {
 public:
  virtual ~Examinee() = default;
  [[nodiscard]] virtual FileSystem& file_system() = 0;
  /// A second session's view of the same store.
  [[nodiscard]] virtual FileSystem& other_session() { return file_system(); }
  /// A size that needs several parts, blocks or buffers of this store.
  [[nodiscard]] virtual std::size_t large_size() const { return 3 * mib + 17; }
  /// How many entries the paging exercise makes.
  [[nodiscard]] virtual std::size_t many_entries() const { return 2500; }
  /// Ends background work before the context goes away.
  [[nodiscard]] virtual Task<void> close() { co_return; }
};

using test::code;
using test::must;

struct Candidate {
  std::string name;
  /// Nothing: the store cannot be reached here; its exercises are skipped.
  std::function<std::unique_ptr<Examinee>(asio::io_context&)> make;
};

inline std::string candidate_name(const testing::TestParamInfo<Candidate>& info) { return info.param.name; }
inline void PrintTo(const Candidate& candidate, std::ostream* out) { *out << candidate.name; }

/// `size` bytes that differ by `seed` at every position.
[[nodiscard]] std::string pattern(std::size_t size, unsigned seed);

class FileSystemContract : public testing::TestWithParam<Candidate> {
 protected:
  void SetUp() override {
    examinee_ = GetParam().make(context_);
    if (examinee_ == nullptr) GTEST_SKIP() << GetParam().name << " cannot be reached here";
  }

  void TearDown() override {
    if (examinee_ != nullptr) run(examinee_->close());
    examinee_.reset();
  }

  template <class T>
  T run(Task<T> task) {
    return test::run_task(context_, std::move(task));
  }

  static Path at(std::string_view text) { return *Path::absolute(text); }

  FileSystem& fs() { return examinee_->file_system(); }
  Examinee& examinee() { return *examinee_; }
  Capabilities able() { return fs().capabilities(Path{}); }

  std::unique_ptr<Upload> open(Path path, UploadOptions options = {}) {
    return must(run(fs().open_upload(std::move(path), std::move(options))));
  }
  /// Writes through prepare/advance as a transfer does.
  Result<void> try_write(Upload& upload, std::string_view content);
  void write(Upload& upload, std::string_view content) { must(try_write(upload, content)); }
  Entry put(Path path, std::string_view content, UploadOptions options = {});
  /// Why no upload to `path` is possible: said when it is opened or, where the look at the target runs beside the data,
  /// at commit.
  Errc refusal(Path path, UploadOptions options);
  std::string get(Path path, ByteRange range = {});
  Result<std::string> try_read_rest(Reader& reader);
  void mkdir(std::string_view path) { must(run(fs().make_directory(at(path)))); }
  bool exists(Path path);
  std::vector<Entry> list(Path path);
  std::set<std::string> names(Path path);

  asio::io_context context_;

 private:
  std::unique_ptr<Examinee> examinee_;
};

}  // namespace gantry::vfs
