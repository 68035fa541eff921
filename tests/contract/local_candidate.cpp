#include "async/blocking.hpp"
#include "tests/contract/file_system_contract.hpp"
#include "tests/support/temporary_directory.hpp"
#include "vfs/local_file_system.hpp"

namespace gantry::vfs {
namespace {

class LocalExaminee final : public Examinee {
 public:
  LocalExaminee(LocalOptions options, const std::string& below) : directory_(below) {
    options.root = directory_.path();
    root_ = *LocalRoot::open(std::move(options));
    first_ = std::make_unique<LocalFileSystem>(root_, pool_);
    second_ = std::make_unique<LocalFileSystem>(root_, pool_);
  }
  FileSystem& file_system() override { return *first_; }
  FileSystem& other_session() override { return *second_; }

 private:
  test::TemporaryDirectory directory_;
  async::BlockingPool pool_{2, 100};
  std::shared_ptr<LocalRoot> root_;
  std::unique_ptr<LocalFileSystem> first_;
  std::unique_ptr<LocalFileSystem> second_;
};

Candidate local(std::string name, LocalOptions options, std::string below = std::filesystem::temp_directory_path()) {
  return {std::move(name),
          [options, below](asio::io_context&) { return std::make_unique<LocalExaminee>(options, below); }};
}

INSTANTIATE_TEST_SUITE_P(Local, FileSystemContract,
                         testing::Values(local("usual", {.durability = Durability::none}),
                                         local("walked", {.durability = Durability::none, .jail = Jail::walk}),
                                         local("named_drafts",
                                               {.durability = Durability::none, .drafts = Drafts::named}),
                                         local("in_memory", {.durability = Durability::none}, "/dev/shm")),
                         candidate_name);

}  // namespace
}  // namespace gantry::vfs
