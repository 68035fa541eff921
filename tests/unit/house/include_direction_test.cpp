// Reads every source file and checks the house rules that a compiler does not: which room
// may include which, who may know Asio, and what occurs nowhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

using Rooms = std::set<std::string>;

/// docs/architecture.md, "The house": a room and the rooms it may include besides itself.
const std::map<std::string, Rooms>& may_include() {
  static const Rooms all = {"base", "digest", "async", "state",    "proto",  "config",  "tls",
                            "http", "object", "vfs",   "accounts", "limits", "session", "server"};
  static const std::map<std::string, Rooms> table = {
      {"base", {}},
      {"digest", {"base"}},
      {"async", {"base", "digest"}},
      {"state", {"base", "async"}},
      {"proto", {"base"}},
      {"config", {"base"}},
      {"tls", {"base", "async"}},
      {"http", {"base", "async", "tls"}},
      {"object", {"base", "digest", "async", "http"}},
      {"vfs", {"base", "digest", "async", "state", "object", "accounts"}},
      {"accounts", {"base", "digest", "async", "proto", "state"}},
      {"limits", {"base", "async", "state"}},
      {"session", {"base", "digest", "async", "proto", "config", "tls", "vfs", "accounts", "limits"}},
      {"server", all},
      {"gantryd", all},
      {"ftp", {"base", "digest", "proto"}},
      {"transfer", {"base", "digest", "proto", "ftp"}},
      {"terminal", {"base"}},
      {"client", {"base", "digest", "ftp", "transfer", "terminal"}},
      {"gantry", {"client"}},
  };
  return table;
}

struct SourceFile {
  std::string path;  ///< below src/, with '/'
  std::string room;
  std::vector<std::string> lines;
};

std::vector<SourceFile> read_sources() {
  const fs::path root = fs::path(GANTRY_SOURCE_DIR) / "src";
  std::vector<SourceFile> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const auto extension = entry.path().extension();
    if (extension != ".cpp" && extension != ".hpp") continue;
    SourceFile file;
    file.path = fs::relative(entry.path(), root).generic_string();
    file.room = file.path.substr(0, file.path.find('/'));
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) file.lines.push_back(line);
    files.push_back(std::move(file));
  }
  return files;
}

const std::vector<SourceFile>& sources() {
  static const std::vector<SourceFile> files = read_sources();
  return files;
}

/// The code of a line: without its comment.
std::string code_of(const std::string& line) { return line.substr(0, line.find("//")); }

/// Calls `visit(file, "file:line", include text)` for every include; the text keeps its <> or "".
void for_each_include(
    const std::function<void(const SourceFile&, const std::string& place, const std::string& include)>& visit) {
  static const std::regex pattern(R"re(^\s*#\s*include\s*([<"][^>"]+[>"]))re");
  for (const auto& file : sources()) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      std::smatch match;
      if (std::regex_search(file.lines[i], match, pattern)) {
        visit(file, file.path + ":" + std::to_string(i + 1), match[1]);
      }
    }
  }
}

/// Every "file:line: text" outside comments that matches, except in files that `allowed` accepts.
std::string places_with(const std::regex& pattern, const std::function<bool(const SourceFile&)>& allowed) {
  std::ostringstream found;
  for (const auto& file : sources()) {
    if (allowed(file)) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string code = code_of(file.lines[i]);
      if (std::regex_search(code, pattern)) found << "src/" << file.path << ":" << i + 1 << ": " << code << "\n";
    }
  }
  return found.str();
}

bool nowhere(const SourceFile& /*file*/) { return false; }

TEST(House, HasSources) { EXPECT_GT(sources().size(), 20U); }

TEST(House, EveryRoomIsInTheTable) {
  for (const auto& file : sources()) {
    EXPECT_TRUE(may_include().contains(file.room)) << "src/" << file.path << ": room not in the table";
  }
}

TEST(House, IncludesPointUpTheTable) {
  for_each_include([](const SourceFile& file, const std::string& place, const std::string& include) {
    if (include.front() != '"') return;
    const std::string target = include.substr(1, include.size() - 2);
    const std::string room = target.substr(0, target.find('/'));
    EXPECT_NE(room, target) << "src/" << place << ": " << include << " does not name its room";
    if (room == file.room || !may_include().contains(file.room)) return;
    EXPECT_TRUE(may_include().at(file.room).contains(room))
        << "src/" << place << ": " << file.room << "/ may not include " << include;
  });
}

TEST(House, ProtoAndConfigKnowNoAsio) {
  for_each_include([](const SourceFile& file, const std::string& place, const std::string& include) {
    if (file.room != "proto" && file.room != "config" && file.room != "base" && file.room != "digest") return;
    EXPECT_FALSE(include.starts_with("<boost/")) << "src/" << place << ": " << include;
  });
}

TEST(House, OnlyConnectionsKnowOpenSslConnections) {
  const Rooms connections = {"async", "tls", "http", "server", "ftp"};
  for_each_include([&](const SourceFile& file, const std::string& place, const std::string& include) {
    if (connections.contains(file.room)) return;
    EXPECT_NE(include, "<openssl/ssl.h>") << "src/" << place;
    EXPECT_FALSE(include.starts_with("<boost/asio/ssl")) << "src/" << place << ": " << include;
  });
}

TEST(House, OnlyHttpAndItsUsersKnowBeast) {
  for_each_include([](const SourceFile& file, const std::string& place, const std::string& include) {
    if (file.room == "http" || file.room == "async" || file.room == "server") return;
    EXPECT_FALSE(include.starts_with("<boost/beast")) << "src/" << place << ": " << include;
  });
}

TEST(House, SessionsNameNoBackEnd) {
  // Sessions and lanes see vfs::FileSystem; which kinds there are is known where they are built.
  const std::set<std::string> interfaces = {"vfs/file_system.hpp", "vfs/path.hpp", "vfs/checksum.hpp",
                                            "vfs/quota_book.hpp"};
  for_each_include([&](const SourceFile& file, const std::string& place, const std::string& include) {
    if (file.room != "session") return;
    const std::string target = include.substr(1, include.size() - 2);
    if (!target.starts_with("vfs/")) return;
    EXPECT_TRUE(interfaces.contains(target)) << "src/" << place << ": " << include;
  });
}

TEST(House, OnlyStorageNamesConcreteBackEnds) {
  const std::regex concrete(R"(\b(Local|Memory|Object|Subtree|Mount|Rules|Quota)FileSystem\b|\bRemoteStore\b)");
  const std::string found = places_with(concrete, [](const SourceFile& file) {
    return file.room == "vfs" || file.room == "object" || file.path.starts_with("server/storage");
  });
  EXPECT_EQ(found, "");
}

TEST(House, OnlyConfigReadsSettings) {
  for_each_include([](const SourceFile& file, const std::string& place, const std::string& include) {
    if (file.room == "config" || file.path == "client/config_file.cpp") return;
    EXPECT_FALSE(include.starts_with("<toml++")) << "src/" << place << ": " << include;
  });
  EXPECT_EQ(places_with(std::regex(R"(\bgetenv\s*\()"),
                        [](const SourceFile& file) {
                          // Proxies are named by the environment as every HTTP client does.
                          // Colours, homes and terminals likewise.
                          return file.room == "config" || file.room == "http" || file.room == "gantry" ||
                                 file.room == "terminal" || file.room == "client" ||
                                 file.path.starts_with("server/wire");
                        }),
            "");
}

TEST(House, NothingIsDetachedAndNothingSleeps) {
  EXPECT_EQ(places_with(std::regex(R"(\bdetached\b|\.detach\s*\()"), nowhere), "");
  EXPECT_EQ(places_with(std::regex(R"(\bthis_thread::sleep|\b(usleep|nanosleep)\b|[^:\w]::sleep\s*\()"), nowhere), "");
}

TEST(House, NoUnfinishedWords) {
  // Comments count here, so the raw lines are read.
  const std::regex words(R"(\b(TODO|FIXME|XXX)\b)");
  for (const auto& file : sources()) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      EXPECT_FALSE(std::regex_search(file.lines[i], words)) << "src/" << file.path << ":" << i + 1;
    }
  }
}

TEST(House, HeadersAreGuarded) {
  for (const auto& file : sources()) {
    if (!file.path.ends_with(".hpp")) continue;
    EXPECT_NE(std::ranges::find(file.lines, "#pragma once"), file.lines.end()) << "src/" << file.path;
  }
}

}  // namespace
