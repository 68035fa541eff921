// Counting what is in a tree by listing it, and giving the count to the book of quotas.
// Must not know: what the tree is made of.
#pragma once

#include <functional>
#include <memory>

#include "vfs/file_system.hpp"
#include "vfs/quota_book.hpp"

namespace gantry::vfs {

/// All files below the root, interrupted uploads that its listings show included. One listing for each directory; one
/// that vanishes meanwhile is left out. The errors of list().
[[nodiscard]] Task<Result<QuotaAmount>> count_files(std::shared_ptr<FileSystem> files);

using QuotaCounter = std::function<Task<Result<QuotaAmount>>()>;

/// Counts a tree and tells the book, unless it is to be counted as due and another count was faster. The errors of
/// `count` and of the book; conflict when things were renamed each time it was tried, and the old figures stand.
[[nodiscard]] Task<Result<QuotaUse>> recount(std::shared_ptr<QuotaBook> book, std::string tree, CountFor reason,
                                             QuotaCounter count);

}  // namespace gantry::vfs
