// The verbs by theme; client/verb.cpp makes one table of them.
#pragma once

#include <vector>

#include "client/verb.hpp"

namespace gantry::client {

[[nodiscard]] std::vector<Verb> listing_verbs();    ///< ls, dir
[[nodiscard]] std::vector<Verb> look_verbs();       ///< cat, stat, size, modtime
[[nodiscard]] std::vector<Verb> search_verbs();     ///< find, du
[[nodiscard]] std::vector<Verb> transfer_verbs();   ///< get, put, mget, mput
[[nodiscard]] std::vector<Verb> append_verbs();     ///< append
[[nodiscard]] std::vector<Verb> mirror_verbs();     ///< mirror, sync
[[nodiscard]] std::vector<Verb> verify_verbs();     ///< verify
[[nodiscard]] std::vector<Verb> manage_verbs();     ///< mv, mkdir, rmdir, chmod
[[nodiscard]] std::vector<Verb> remove_verbs();     ///< rm
[[nodiscard]] std::vector<Verb> server_verbs();     ///< open, close, cd, pwd, site, quote, status
[[nodiscard]] std::vector<Verb> local_verbs();      ///< lcd, lpwd, lls
[[nodiscard]] std::vector<Verb> job_verbs();        ///< queue, jobs, wait, kill
[[nodiscard]] std::vector<Verb> configure_verbs();  ///< set, bookmark
[[nodiscard]] std::vector<Verb> describe_verbs();   ///< completion, man

}  // namespace gantry::client
