#include "tests/contract/file_system_contract.hpp"
#include "vfs/memory_file_system.hpp"
#include "vfs/rules_file_system.hpp"

namespace gantry::vfs {
namespace {

/// Whoever may do everything sees no difference.
class RulesExaminee final : public Examinee {
 public:
  FileSystem& file_system() override { return first_; }
  FileSystem& other_session() override { return second_; }

 private:
  static accounts::TreeRules rules() {
    accounts::Account account;
    account.permissions = *accounts::Permissions::parse("elradfmwMT");
    account.directory_permissions.emplace("/elsewhere", accounts::Permissions{});
    account.deny = {"*.denied"};
    account.hide = {"*.unseen"};
    return accounts::TreeRules(std::move(account));
  }

  std::shared_ptr<MemoryTree> tree_ = make_memory_tree();
  RulesFileSystem first_{std::make_shared<MemoryFileSystem>(tree_), rules()};
  RulesFileSystem second_{std::make_shared<MemoryFileSystem>(tree_), rules()};
};

Candidate of_memory() {
  return {"of_memory", [](asio::io_context&) { return std::make_unique<RulesExaminee>(); }};
}

INSTANTIATE_TEST_SUITE_P(Rules, FileSystemContract, testing::Values(of_memory()), candidate_name);

}  // namespace
}  // namespace gantry::vfs
