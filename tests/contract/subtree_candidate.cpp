#include "tests/contract/file_system_contract.hpp"
#include "vfs/directories.hpp"
#include "vfs/memory_file_system.hpp"
#include "vfs/subtree_file_system.hpp"

namespace gantry::vfs {
namespace {

class SubtreeExaminee final : public Examinee {
 public:
  explicit SubtreeExaminee(asio::io_context& context) {
    if (!test::run_task(context, make_directories(*base_, home_))) throw std::runtime_error("no home");
  }
  FileSystem& file_system() override { return first_; }
  FileSystem& other_session() override { return second_; }

 private:
  std::shared_ptr<FileSystem> base_ = std::make_shared<MemoryFileSystem>(make_memory_tree());
  Path home_ = *Path::absolute("/users/alice bob");
  SubtreeFileSystem first_{base_, home_};
  SubtreeFileSystem second_{base_, home_};
};

Candidate subtree() {
  return {"of_memory", [](asio::io_context& context) { return std::make_unique<SubtreeExaminee>(context); }};
}

INSTANTIATE_TEST_SUITE_P(Subtree, FileSystemContract, testing::Values(subtree()), candidate_name);

}  // namespace
}  // namespace gantry::vfs
