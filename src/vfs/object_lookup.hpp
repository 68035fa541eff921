// Questions about the tree, each in as few requests as it takes. A name that is both a file and a directory in the
// bucket is a file here; what lies below it can still be reached by its full path.
// Must not know: uploads, listings of directories.
#pragma once

#include <optional>
#include <string>

#include "vfs/object_context.hpp"

namespace gantry::vfs {

/// What a listing line or a HEAD says, as an entry. A metadata field "mtime" (Unix milliseconds) wins over the time
/// of the upload; listings do not carry it. Takes no more than the ETag out of `info`.
[[nodiscard]] Entry entry_of(object::ObjectInfo&& info, std::string_view name);
[[nodiscard]] Entry directory_entry(std::string_view name);

/// The file or directory at `path`: 0 requests when just listed, otherwise HEAD and LIST side by side.
/// Errc::not_found, bad_name.
[[nodiscard]] Task<Result<Entry>> look_up(ObjectContextPtr context, Path path);

/// Does any key begin with `prefix`? 1 request.
[[nodiscard]] Task<Result<bool>> any_key(ObjectContextPtr context, std::string prefix);

/// Why there is no file at `path`: Errc::is_directory or not_found as an error. 1 request.
[[nodiscard]] Task<Error> why_no_file(ObjectContextPtr context, Path path, std::string operation);

/// May a file be put at `path`? Errc::is_directory when it is one, not_found when the parent is missing.
/// 1 request, 0 when just listed; 2 when the parent has not been seen for a while and nothing follows in it.
[[nodiscard]] Task<Result<void>> check_target(ObjectContextPtr context, Path path);

/// Is anything at `path`? Errc::already_exists; not_found when the parent is missing. At most 2 requests.
[[nodiscard]] Task<Result<void>> check_free(ObjectContextPtr context, Path path);

/// Errc::conflict while `path`, or what it lies in, is being moved as part of a directory. 0 requests: the book of
/// renames is asked.
[[nodiscard]] Task<Result<void>> check_not_moving(ObjectContextPtr context, Path path);

/// Puts a marker when the directory would otherwise not exist. 0 to 2 requests.
[[nodiscard]] Task<Result<void>> keep_directory(ObjectContextPtr context, Path directory);
/// 1 request.
[[nodiscard]] Task<Result<void>> put_marker(ObjectContextPtr context, Path directory);

}  // namespace gantry::vfs
