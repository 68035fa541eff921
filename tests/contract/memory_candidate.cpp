#include "tests/contract/file_system_contract.hpp"
#include "vfs/memory_file_system.hpp"

namespace gantry::vfs {
namespace {

class MemoryExaminee final : public Examinee {
 public:
  explicit MemoryExaminee(std::uint64_t capacity) : tree_(make_memory_tree(capacity)) {}
  FileSystem& file_system() override { return first_; }
  FileSystem& other_session() override { return second_; }

 private:
  std::shared_ptr<MemoryTree> tree_;
  MemoryFileSystem first_{tree_};
  MemoryFileSystem second_{tree_};
};

Candidate memory(std::string name, std::uint64_t capacity) {
  return {std::move(name), [capacity](asio::io_context&) { return std::make_unique<MemoryExaminee>(capacity); }};
}

INSTANTIATE_TEST_SUITE_P(Memory, FileSystemContract,
                         testing::Values(memory("unbounded", ByteRange::unbounded), memory("bounded", gib)),
                         candidate_name);

}  // namespace
}  // namespace gantry::vfs
