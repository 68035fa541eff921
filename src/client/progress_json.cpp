#include "client/progress_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <string_view>

#include "client/json.hpp"

namespace gantry::client {
namespace {

namespace json = boost::json;
using transfer::Direction;
using transfer::Phase;
using transfer::Progress;

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::waiting:
      return "waiting";
    case Phase::connecting:
      return "connecting";
    case Phase::moving:
      return "moving";
    case Phase::storing:
      return "storing";
    case Phase::verifying:
      return "verifying";
    case Phase::retrying:
      return "retrying";
    case Phase::done:
      return "done";
    case Phase::skipped:
      return "skipped";
    case Phase::failed:
      return "failed";
  }
  return "";
}

std::string_view name_of(Direction direction) {
  switch (direction) {
    case Direction::down:
      return "down";
    case Direction::up:
      return "up";
    case Direction::none:
      return "none";
  }
  return "";
}

json::value size_or_null(const std::optional<std::uint64_t>& size) {
  return size ? json::value(*size) : json::value(nullptr);
}

double seconds_of(transfer::Clock::duration time) {
  return static_cast<double>(std::chrono::duration_cast<Milliseconds>(time).count()) / 1000;
}

/// What a running and an ended transfer have in common.
json::object fields_of(const Progress& transfer, std::string_view phase) {
  json::object object;
  put_name(object, "name", transfer.name);
  object["direction"] = name_of(transfer.direction);
  object[phase] = name_of(transfer.phase);
  object["bytes"] = transfer.bytes;
  object["size"] = size_or_null(transfer.size);
  object["resumed_from"] = transfer.resumed_from;
  object["moved"] = transfer.moved;
  put_name(object, "note", transfer.note);
  return object;
}

void put_totals(json::object& object, const transfer::Totals& totals) {
  object["files"] = totals.files;
  object["done"] = totals.done;
  object["skipped"] = totals.skipped;
  object["failed"] = totals.failed;
  object["bytes"] = totals.bytes;
  object["size"] = size_or_null(totals.size);
  object["moved"] = totals.moved;
}

std::string line_of(const json::object& object) { return json::serialize(object) + "\n"; }

}  // namespace

std::string ended_json(const transfer::View& view) {
  std::string lines;
  for (const Progress& transfer : view.ended) {
    json::object object{{"event", "ended"}};
    for (auto& [key, value] : fields_of(transfer, "result")) object[key] = value;
    const bool begun = transfer.began != transfer::Clock::time_point();
    object["seconds"] = begun ? seconds_of(transfer.ended - transfer.began) : 0.0;
    lines += line_of(object);
  }
  return lines;
}

std::string progress_json(const transfer::View& view, const ProgressText& text) {
  json::object object{{"event", "progress"}};
  put_totals(object, view.totals);
  object["rate"] = static_cast<std::uint64_t>(text.rate());
  const auto left = terminal::time_left(view.totals.bytes, view.totals.size, text.rate());
  object["left"] = left ? json::value(left->count()) : json::value(nullptr);
  json::array running;
  for (const Progress& transfer : view.running) {
    json::object one = fields_of(transfer, "phase");
    one["rate"] = static_cast<std::uint64_t>(text.rate_of(transfer.id));
    running.push_back(std::move(one));
  }
  object["running"] = std::move(running);
  return line_of(object);
}

std::string total_json(const transfer::Totals& totals, transfer::Clock::duration took) {
  json::object object{{"event", "total"}};
  put_totals(object, totals);
  object["seconds"] = seconds_of(took);
  return line_of(object);
}

}  // namespace gantry::client
