#include "base/error.hpp"

#include <fmt/format.h>

namespace gantry {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::not_found:
      return "not_found";
    case Errc::unfinished:
      return "unfinished";
    case Errc::is_directory:
      return "is_directory";
    case Errc::not_directory:
      return "not_directory";
    case Errc::not_empty:
      return "not_empty";
    case Errc::denied:
      return "denied";
    case Errc::mount_point:
      return "mount_point";
    case Errc::across_stores:
      return "across_stores";
    case Errc::already_exists:
      return "already_exists";
    case Errc::bad_name:
      return "bad_name";
    case Errc::bad_offset:
      return "bad_offset";
    case Errc::invalid:
      return "invalid";
    case Errc::quota:
      return "quota";
    case Errc::too_large:
      return "too_large";
    case Errc::no_space:
      return "no_space";
    case Errc::unsupported:
      return "unsupported";
    case Errc::throttled:
      return "throttled";
    case Errc::conflict:
      return "conflict";
    case Errc::unavailable:
      return "unavailable";
    case Errc::timed_out:
      return "timed_out";
    case Errc::corrupt:
      return "corrupt";
    case Errc::data_open_failed:
      return "data_open_failed";
    case Errc::data_broken:
      return "data_broken";
    case Errc::cancelled:
      return "cancelled";
    case Errc::internal:
      return "internal";
  }
  return "unknown";
}

std::string Error::text() const {
  std::string out = fmt::format("{}: {}", operation, to_string(code));
  if (!detail.empty()) out += fmt::format(": {}", detail);
  if (!request_id.empty()) out += fmt::format(" (request id {})", request_id);
  return out;
}

}  // namespace gantry
