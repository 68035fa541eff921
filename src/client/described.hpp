// What a verb's options are, read from where they are defined. For describe_*.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/verb.hpp"

namespace gantry::client {

struct DescribedOption {
  std::vector<std::string> shorts;  ///< "l"
  std::vector<std::string> longs;   ///< "long"
  std::string value;                ///< "SIZE"; empty: a flag
  std::string help;
};

struct DescribedArgument {
  std::string name;
  std::string help;
  bool required = false;
  bool many = false;
};

struct Described {
  const Verb* verb = nullptr;
  std::vector<DescribedArgument> arguments;
  std::vector<DescribedOption> options;  ///< of its own
};

/// All verbs but, without `shell`, those of the shell alone.
[[nodiscard]] std::vector<Described> described_verbs(bool shell);
/// The options of all verbs that move so much.
[[nodiscard]] std::vector<DescribedOption> described_options(Moves moves);

}  // namespace gantry::client
