#include "transfer/compare.hpp"

#include <chrono>

namespace gantry::transfer {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr minutes farthest_zone = hours(14);  // UTC-12 to UTC+14; both sides are compared as if they were UTC
constexpr minutes zone_step{15};

/// What lies between two printed times of an entry.
Seconds resolution(const ftp::Entry& entry) {
  if (entry.exact_time) return Seconds(1);
  // "Jan 31 2024" is all that LIST says of an old file.
  const auto in_day = *entry.modified - std::chrono::floor<std::chrono::days>(*entry.modified);
  return in_day == Milliseconds(0) ? Seconds(hours(24)) : Seconds(minutes(1));
}

Decision decide_files(const ftp::Entry& from, const ftp::Entry& to, const CompareOptions& options) {
  if (options.ignore_existing) return {Step::keep, "exists"};
  const Times times = relate(from, to);
  if (options.only_newer) {
    if (times == Times::unclear) return {Step::ask_time};
    if (times != Times::newer) return {Step::keep, "not newer"};
  }
  if (options.ignore_times) return {Step::copy, "forced"};
  const bool sizes_known = from.size && to.size;
  if (sizes_known && *from.size != *to.size && options.by != By::time) return {Step::copy, "size"};
  if (options.by == By::size) return {Step::keep, "same"};
  if (options.by == By::hash) return {Step::ask_content};
  if (times == Times::unclear) return {Step::ask_time};
  // Without a time the size must do; a target that keeps no times is as old as its transfer.
  const bool same = times == Times::same || (times == Times::unknown && sizes_known) ||
                    (times == Times::older && !options.times_kept && options.by != By::time);
  if (same) return {Step::keep, "same"};
  // Buckets list the times of uploads, not those that files were given: a checksum costs less than a copy.
  return sizes_known && options.by != By::time ? Decision{Step::ask_content} : Decision{Step::copy, "time"};
}

}  // namespace

Times relate(const ftp::Entry& a, const ftp::Entry& b) {
  if (!a.modified || !b.modified) return Times::unknown;
  const Seconds step = std::max(resolution(a), resolution(b));
  const auto difference = std::chrono::floor<Seconds>(*a.modified) - std::chrono::floor<Seconds>(*b.modified);
  if (step == Seconds(1))
    return difference == Seconds(0) ? Times::same : difference < Seconds(0) ? Times::older : Times::newer;
  const Seconds doubt = step + farthest_zone;
  if (difference >= doubt) return Times::newer;
  if (difference <= -doubt) return Times::older;
  if (step > zone_step) return Times::same;  // days: nothing finer can be known without asking for each old file
  // The same minute in another zone: zones lie whole quarters of an hour apart.
  const Seconds rest = ((difference % zone_step) + zone_step) % Seconds(zone_step);
  return rest < step || rest > Seconds(zone_step) - step ? Times::same : Times::unclear;
}

bool may_be_beginning(const ftp::Entry& there, const ftp::Entry& from) {
  if (!there.size || !from.size || *there.size >= *from.size) return false;
  const Times times = relate(there, from);
  return times == Times::newer || times == Times::unclear || times == Times::unknown;
}

Decision decide(const ftp::Entry* from, const ftp::Entry* to, const CompareOptions& options) {
  using ftp::Kind;
  if (from == nullptr) return options.remove ? Decision{Step::remove, "not in the source"} : Decision{Step::leave};
  if (from->kind == Kind::link) return {Step::skip, "a link"};
  if (from->kind == Kind::other) return {Step::skip, "neither file nor directory"};
  const bool directory = from->kind == Kind::directory;
  if (to == nullptr) return {directory ? Step::make_directory : Step::copy, "new"};
  if (from->kind == to->kind) return directory ? Decision{Step::enter} : decide_files(*from, *to, options);
  if (options.ignore_existing) return {Step::keep, "exists"};
  if (options.overwrite) return {Step::replace, "of another kind"};
  return {Step::skip, "of another kind there: --overwrite replaces it"};
}

}  // namespace gantry::transfer
