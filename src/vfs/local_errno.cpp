#include "vfs/local_errno.hpp"

#include <cerrno>
#include <system_error>

namespace gantry::vfs {

Errc errno_code(int number) {
  switch (number) {
    case ENOENT:
      return Errc::not_found;
    case ENOTDIR:
      return Errc::not_directory;
    case EISDIR:
      return Errc::is_directory;
    case EEXIST:
      return Errc::already_exists;
    case ENOTEMPTY:
      return Errc::not_empty;
    case EACCES:
    case EPERM:
    case EROFS:
    case EBUSY:
    case ETXTBSY:
    case EXDEV:  // openat2: the path leaves the root
    case ELOOP:
    case ENXIO:
      return Errc::denied;
    case ENAMETOOLONG:
    case EILSEQ:
    case EINVAL:  // names that the file system of a foreign system cannot hold
      return Errc::bad_name;
    case ENOSPC:
      return Errc::no_space;
    case EDQUOT:
      return Errc::quota;
    case EFBIG:
    case EOVERFLOW:
      return Errc::too_large;
    case EOPNOTSUPP:
    case ENOSYS:
      return Errc::unsupported;
    case ETIMEDOUT:
      return Errc::timed_out;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
    case EIO:
    case ESTALE:
      return Errc::unavailable;
    default:
      return Errc::internal;
  }
}

std::unexpected<Error> fail_errno(int number, std::string operation, const std::string& path) {
  return fail(errno_code(number), std::move(operation), path + ": " + std::generic_category().message(number));
}

}  // namespace gantry::vfs
