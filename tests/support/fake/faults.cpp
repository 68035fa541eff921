#include "tests/support/fake/faults.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "tests/support/fake/codec.hpp"

namespace gantry::test::fake {
namespace {

constexpr std::array<std::pair<std::string_view, FaultAction>, 17> actions{{
    {"error", FaultAction::error},
    {"early_error", FaultAction::early_error},
    {"ok_with_error", FaultAction::ok_with_error},
    {"reset", FaultAction::reset},
    {"reset_request", FaultAction::reset_request},
    {"reset_response", FaultAction::reset_response},
    {"truncate", FaultAction::truncate},
    {"stall", FaultAction::stall},
    {"stall_response", FaultAction::stall_response},
    {"execute_then_reset", FaultAction::execute_then_reset},
    {"execute_then_error", FaultAction::execute_then_error},
    {"corrupt", FaultAction::corrupt},
    {"wrong_etag", FaultAction::wrong_etag},
    {"wrong_crc", FaultAction::wrong_crc},
    {"no_crc", FaultAction::no_crc},
    {"refuse", FaultAction::refuse},
    {"latency", FaultAction::latency},
}};

FaultAction parse_action(const std::string& text) {
  const auto* found = std::ranges::find(actions, text, &std::pair<std::string_view, FaultAction>::first);
  if (found == actions.end()) throw std::runtime_error("unknown action " + text);
  return found->second;
}

}  // namespace

void Faults::add(FaultRule rule) {
  std::lock_guard lock(mutex_);
  rules_.push_back(std::move(rule));
}

void Faults::clear() {
  std::lock_guard lock(mutex_);
  rules_.clear();
}

std::optional<FaultRule> Faults::match(std::string_view op, std::string_view key) {
  std::lock_guard lock(mutex_);
  for (auto rule = rules_.begin(); rule != rules_.end(); ++rule) {
    if (!rule->op.empty() && rule->op != op) continue;
    if (!key.starts_with(rule->key_prefix)) continue;
    if (rule->skip > 0) {
      --rule->skip;
      continue;
    }
    FaultRule hit = *rule;
    if (--rule->times == 0) rules_.erase(rule);
    return hit;
  }
  return std::nullopt;
}

bool PrefixBudget::take(std::string_view op, std::string_view key) {
  if (!op.starts_with("Put") && !op.starts_with("Delete") && !op.starts_with("ListObjects") &&
      op != "CompleteMultipartUpload" && op != "CopyObject")
    return true;
  std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  auto [found, fresh] = levels_.try_emplace(std::string(key.substr(0, key.find('/'))), Level{rate_, now});
  Level& level = found->second;
  level.tokens = std::min(rate_, level.tokens + rate_ * std::chrono::duration<double>(now - level.filled).count());
  level.filled = now;
  if (level.tokens < 1) return false;
  level.tokens -= 1;
  return true;
}

FaultRule parse_fault(std::string_view line) {
  FaultRule rule;
  bool has_action = false;
  for (const std::string& item : split(strip(line), ' ')) {
    const auto equal = item.find('=');
    if (equal == std::string::npos) throw std::runtime_error("expected name=value: " + item);
    const std::string name = item.substr(0, equal);
    const std::string value = item.substr(equal + 1);
    if (name == "op") {
      rule.op = value;
    } else if (name == "key") {
      rule.key_prefix = decode(value, Plus::literal).value_or(value);
    } else if (name == "skip") {
      rule.skip = static_cast<std::uint32_t>(std::stoul(value));
    } else if (name == "times") {
      rule.times = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(std::stoul(value)));
    } else if (name == "action") {
      rule.action = parse_action(value);
      has_action = true;
    } else if (name == "status") {
      rule.status = std::stoi(value);
    } else if (name == "code") {
      rule.code = value;
    } else if (name == "bytes") {
      rule.bytes = std::stoull(value);
    } else if (name == "ms") {
      rule.delay = std::chrono::milliseconds(std::stoll(value));
    } else {
      throw std::runtime_error("unknown name " + name);
    }
  }
  if (!has_action) throw std::runtime_error("no action");
  return rule;
}

}  // namespace gantry::test::fake
