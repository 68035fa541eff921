// Compares a tree here with one on a server, and changes nothing. Must not know: the screen.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "transfer/content.hpp"
#include "transfer/filter.hpp"
#include "transfer/tree.hpp"

namespace gantry::transfer {

struct VerifyOptions {
  Filter filter{};
  std::size_t max_depth = 128;
};

struct VerifiedFile {
  enum class Verdict : std::uint8_t {
    same,           ///< the same content
    same_size,      ///< no more is known: the server gives no checksums
    missing_here,   ///< only the server has it
    missing_there,  ///< only we have it
    kind,           ///< a file on one side, a directory or link on the other
    size,
    content,
    unreadable,  ///< on one of the sides
  };
  std::string path;  ///< below both tops
  bool directory = false;
  Verdict verdict = Verdict::same;
  std::string text{};  ///< the proof, or what differs
};

/// "missing here", "same size"...
[[nodiscard]] std::string_view display_name(VerifiedFile::Verdict verdict);
[[nodiscard]] bool is_good(VerifiedFile::Verdict verdict);

/// Compares the content of a file that both have with one size.
using CompareContent = std::function<Outcome<Comparison>(const std::string& path)>;
/// Told of each file, and of each directory that one side lacks, in the order of their names.
using TellVerdict = std::function<void(const VerifiedFile&)>;

/// Fails when a top cannot be read, and at `stop`. Only links that the trees follow count.
[[nodiscard]] Outcome<void> verify_trees(Tree& here, Tree& there, VerifyOptions options, const CompareContent& compare,
                                         const TellVerdict& tell, const std::atomic<bool>& stop);

}  // namespace gantry::transfer
