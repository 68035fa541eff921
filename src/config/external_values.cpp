#include "config/external_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>

#include "base/text.hpp"
#include "config/text_values.hpp"

namespace gantry::config {
namespace {

constexpr std::size_t largest_secret = 16 * 1024;

bool is_variable_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && !(text.front() >= '0' && text.front() <= '9') && std::ranges::all_of(text, fits);
}

}  // namespace

std::expected<std::string, std::string> read_small_file(const std::string& path, std::size_t limit) {
  std::error_code error;
  // Anything but a regular file could block or never end.
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return std::unexpected("cannot be read: there is no such file");
  if (!std::filesystem::is_regular_file(status)) return std::unexpected("is not a regular file");
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected(fmt::format("cannot be read: {}", std::strerror(errno)));
  std::string text(limit + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) return std::unexpected("cannot be read");
  if (text.size() > limit) return std::unexpected(fmt::format("is larger than {} bytes", limit));
  return text;
}

std::expected<std::string, std::string> ExternalValues::from_text(const std::string& text) const {
  if (!is_reference(text)) return text;
  const std::string name = text.substr(4);
  // A text that is no name is not shown: it may be a secret that happens to begin like this.
  if (!is_variable_name(name)) return std::unexpected(R"("env:" must be followed by the name of a variable)");
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0')
    return std::unexpected(fmt::format("the environment variable {} is not set", name));
  if (has_control(value))
    return std::unexpected(fmt::format("the environment variable {} holds control characters", name));
  return std::string(value);
}

std::expected<std::string, std::string> ExternalValues::from_file(const std::string& name) {
  const std::string path = (directory_ / name).lexically_normal().string();
  files_.push_back(path);
  auto text = read_small_file(path, largest_secret);
  if (!text) return std::unexpected(fmt::format("{} {}", in_quotes(path), text.error()));
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  if (text->empty()) return std::unexpected(in_quotes(path) + " is empty");
  if (has_control(*text)) return std::unexpected(in_quotes(path) + " holds more than one line, or control characters");
  return text;
}

}  // namespace gantry::config
