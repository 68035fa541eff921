#include "tests/contract/file_system_contract.hpp"
#include "vfs/memory_file_system.hpp"
#include "vfs/mount_file_system.hpp"
#include "vfs/subtree_file_system.hpp"

namespace gantry::vfs {
namespace {

/// The exam sits in one mount, seen from inside, so that the mount point itself is its root.
class MountExaminee final : public Examinee {
 public:
  FileSystem& file_system() override { return first_; }
  FileSystem& other_session() override { return second_; }

 private:
  std::shared_ptr<FileSystem> make_mounts() {
    return std::make_shared<MountFileSystem>(std::vector<Mount>{
        {Path{}, std::make_shared<MemoryFileSystem>(outer_)},
        {*Path::absolute("/deep/archive"), std::make_shared<MemoryFileSystem>(inner_)},
    });
  }

  std::shared_ptr<MemoryTree> outer_ = make_memory_tree();
  std::shared_ptr<MemoryTree> inner_ = make_memory_tree();
  SubtreeFileSystem first_{make_mounts(), *Path::absolute("/deep/archive")};
  SubtreeFileSystem second_{make_mounts(), *Path::absolute("/deep/archive")};
};

/// The exam sits in the root mount alone.
class RootMountExaminee final : public Examinee {
 public:
  FileSystem& file_system() override { return mounts_; }

 private:
  MountFileSystem mounts_{{{Path{}, std::make_shared<MemoryFileSystem>(make_memory_tree())}}};
};

Candidate inside() {
  return {"inside", [](asio::io_context&) { return std::make_unique<MountExaminee>(); }};
}
Candidate at_root() {
  return {"at_root", [](asio::io_context&) { return std::make_unique<RootMountExaminee>(); }};
}

INSTANTIATE_TEST_SUITE_P(Mount, FileSystemContract, testing::Values(inside(), at_root()), candidate_name);

}  // namespace
}  // namespace gantry::vfs
