// fuzz_corpus TARGET CORPUS_DIRECTORY: runs a target over every file of its corpus and over mutations of them. The
// generator has a fixed seed: every run does the same. With GANTRY_FUZZ the same targets are libFuzzer programs.
#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzz.hpp"

namespace gantry::fuzz {
namespace {

constexpr unsigned seed = 20'240'229;
constexpr int mutations = 4'000;
constexpr std::size_t longest_input = 16 * 1024;

/// What parsers of this program trip over, if over anything.
const std::vector<std::string>& spices() {
  using namespace std::string_literals;
  static const std::vector<std::string> all{"\r\n"s,
                                            "\n"s,
                                            "\r"s,
                                            "\0"s,
                                            "\xFF"s,
                                            "\xFF\xFF"s,
                                            "\xFF\xF4\xFF\xF2"s,
                                            "\xFF\xFB\x01"s,
                                            " "s,
                                            "  "s,
                                            "/"s,
                                            "/../"s,
                                            "."s,
                                            "*"s,
                                            "["s,
                                            "]"s,
                                            "[!"s,
                                            "\\"s,
                                            "-"s,
                                            "-la "s,
                                            "--"s,
                                            "|"s,
                                            ","s,
                                            ";"s,
                                            "="s,
                                            "\""s,
                                            "<"s,
                                            ">"s,
                                            "&#x41;"s,
                                            "<![CDATA["s,
                                            "{"s,
                                            "}"s,
                                            "#"s,
                                            "\xC3\xA4"s,
                                            "\xED\xA0\x80"s,
                                            "\x7F"s,
                                            "0"s,
                                            "-1"s,
                                            "255"s,
                                            "256"s,
                                            "65536"s,
                                            "2147483648"s,
                                            "9223372036854775807"s,
                                            "9223372036854775808"s,
                                            "18446744073709551616"s,
                                            "20240229235960"s,
                                            "19000229000000"s};
  return all;
}

std::map<std::string, Target, std::less<>>& targets() {
  static std::map<std::string, Target, std::less<>> all;
  return all;
}

std::vector<std::string> read_corpus(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);  // the order decides what the generator makes of them
  std::vector<std::string> inputs;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return inputs;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& corpus) : corpus_(corpus) {}

  std::string next() {
    std::string input = corpus_[below(corpus_.size())];
    for (std::size_t rounds = 1 + below(6); rounds > 0; --rounds) change(input);
    if (input.size() > longest_input) input.resize(longest_input);
    return input;
  }

 private:
  // Not a distribution of the library: those may differ between versions, and runs must not.
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : static_cast<std::size_t>(random_() % bound); }

  void change(std::string& input) {
    const std::size_t at = below(input.size() + 1);
    const std::size_t length = below(input.size() - at + 1);
    switch (below(8)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(below(256));
        break;
      case 1:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ static_cast<char>(1 << below(8)));
        break;
      case 2:
        input.erase(at, length);
        break;
      case 3:
        input.insert(at, std::string(input, at, length));
        break;
      case 4:
        input.insert(at, spices()[below(spices().size())]);
        break;
      case 5:
        input.insert(at, below(600), static_cast<char>(below(256)));
        break;
      case 6: {
        const std::string& other = corpus_[below(corpus_.size())];
        input = input.substr(0, at) + other.substr(below(other.size() + 1));
        break;
      }
      default: {
        const std::string unit(input, at, std::min<std::size_t>(length, 8));
        for (std::size_t times = below(64); times > 0; --times) input.insert(at, unit);
      }
    }
  }

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_{seed};
};

int run(std::string_view name, const std::filesystem::path& directory) {
  auto found = targets().find(name);
  if (found == targets().end()) {
    std::fprintf(stderr, "no target is called %s\n", std::string(name).c_str());
    return 2;
  }
  const std::vector<std::string> corpus = read_corpus(directory);
  if (corpus.empty()) {
    std::fprintf(stderr, "no input in %s\n", directory.c_str());
    return 2;
  }
  found->second({});
  for (const std::string& input : corpus) found->second(input);
  Mutator mutator(corpus);
  for (int i = 0; i < mutations; ++i) found->second(mutator.next());
  return 0;
}

}  // namespace

bool enlist(std::string_view name, Target target) { return targets().emplace(name, target).second; }

}  // namespace gantry::fuzz

int main(int count, char** words) try {
  if (count != 3) {
    std::fputs("usage: fuzz_corpus TARGET CORPUS_DIRECTORY\n", stderr);
    return 2;
  }
  return gantry::fuzz::run(words[1], words[2]);
} catch (const std::exception& error) {
  std::fprintf(stderr, "an exception got out: %s\n", error.what());
  return 1;
}
