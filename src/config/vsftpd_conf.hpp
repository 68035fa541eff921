// vsftpd.conf of Tencent's COS FTP Server tool, read as it is, in both of its dialects: [COS_ACCOUNT_n] with a user in
// each, and one [COS_ACCOUNT] with [FTP_ACCOUNT] login_users. Each key becomes a setting of gantry.toml; the page
// docs/migrating-from-cos-ftp-server.md shows them side by side. Inside this room only.
// Must not know: what the settings are used for.
#pragma once

#include <filesystem>
#include <string_view>

#include "config/loader.hpp"

namespace gantry::config {

/// The file is of this kind: one of its sections occurs, or the name ends in ".conf".
[[nodiscard]] bool is_vsftpd_conf(std::string_view text, std::string_view file_name);

/// Where the file's relative paths begin: the tool ran in the directory above its conf/.
[[nodiscard]] std::filesystem::path vsftpd_conf_base(const std::filesystem::path& directory);

/// Fills `loaded.config`. Unknown sections and keys are warnings, wrong values errors, and what the tool needed and
/// Gantry does not is noted. False when no account was found: nothing else is worth a message then.
[[nodiscard]] bool read_vsftpd_conf(std::string_view text, Loaded& loaded, Report& report);

}  // namespace gantry::config
