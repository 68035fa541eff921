// What `--json` prints: one object a line on standard output, with the fields that docs/client.md lists.
#pragma once

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

#include "base/units.hpp"
#include "ftp/entry.hpp"
#include "ftp/failure.hpp"

namespace gantry::client {

/// Sets `key` to a name as people see it. Where its bytes are not UTF-8, malformed ones become U+FFFD and
/// `key`_bytes holds all of it in hexadecimal.
void put_name(boost::json::object& object, std::string_view key, std::string_view name);

/// "2026-01-31T09:15:07Z"; with milliseconds where there are any.
[[nodiscard]] std::string iso_time(WallTime time);

/// "file", "directory", "link" or "other".
[[nodiscard]] std::string_view kind_name(ftp::Kind kind);

/// path, name, type, and what the server told of the rest.
[[nodiscard]] boost::json::object entry_to_json(const std::string& path, const ftp::Entry& entry);

/// The fields ok, error, why, reply of something that failed.
void put_failure(boost::json::object& object, const ftp::Failure& failure);

/// "refused", "network" and so on.
[[nodiscard]] std::string_view why_name(ftp::Why why);

void print_json(const boost::json::object& object);

}  // namespace gantry::client
