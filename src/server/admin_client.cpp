#include "server/admin_client.hpp"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <optional>
#include <utility>

#include "async/child.hpp"
#include "async/watchdog.hpp"
#include "config/text_values.hpp"
#include "server/admin_socket.hpp"
#include "server/storage.hpp"
#include "server/wire.hpp"

namespace gantry::server {
namespace {

using Protocol = asio::local::stream_protocol;

/// A little longer than the server takes at most.
constexpr auto answer_limit = admin_answer_limit + std::chrono::seconds(20);
/// Lists of many users are long.
constexpr std::size_t longest_answer = 256 * mib;

std::vector<std::string> texts_of(const json::object& object, std::string_view name) {
  std::vector<std::string> all;
  if (const json::value* list = object.if_contains(name); list != nullptr && list->is_array())
    for (const json::value& text : list->get_array())
      if (text.is_string()) all.emplace_back(text.get_string());
  return all;
}

AdminAnswer from_json(const json::object& object) {
  AdminAnswer answer;
  const json::value* exit = object.if_contains("exit");
  answer.exit = exit != nullptr && exit->is_int64() ? static_cast<Exit>(exit->get_int64()) : Exit::failed;
  if (const json::value* result = object.if_contains("result")) answer.result = *result;
  answer.problems = texts_of(object, "problems");
  answer.warnings = texts_of(object, "warnings");
  return answer;
}

/// Nothing when no server listens.
Task<std::optional<AdminAnswer>> ask_server(std::string path, json::object request) {
  if (path.empty()) co_return std::nullopt;
  Protocol::socket socket(co_await asio::this_coro::executor);
  const async::Watchdog deadline(socket.get_executor(), answer_limit, [&] {
    boost::system::error_code ignored;
    socket.close(ignored);
  });
  boost::system::error_code error;
  co_await socket.async_connect(Protocol::endpoint(path), asio::redirect_error(asio::use_awaitable, error));
  if (error == asio::error::connection_refused || error == boost::system::errc::no_such_file_or_directory)
    co_return std::nullopt;
  if (error)
    co_return refusal(Exit::unavailable, fmt::format("cannot talk to the server at {}: {}", path, error.message()));
  std::string line = json::serialize(request) + "\n";
  // One that turns us away has said why and hung up before it read.
  boost::system::error_code unsent;
  co_await asio::async_write(socket, asio::buffer(line), asio::redirect_error(asio::use_awaitable, unsent));
  line.clear();
  co_await asio::async_read_until(socket, asio::dynamic_buffer(line, longest_answer), '\n',
                                  asio::redirect_error(asio::use_awaitable, error));
  boost::system::error_code not_json;
  const auto answer = json::parse(line, not_json);
  if (error || not_json || !answer.is_object())
    co_return refusal(Exit::unavailable, fmt::format("the server at {} did not answer", path));
  co_return from_json(answer.get_object());
}

bool opens_state(const config::Config& config, const json::object& request) {
  const AdminCommand* command = find_admin_command(text_of(request, "command"));
  if (command == nullptr || command->needs == Needs::server) return false;
  return command->needs == Needs::writing || has_state(config);
}

/// Where no server runs.
Task<AdminAnswer> answer_here(std::shared_ptr<const config::Config> config, Shared& shared, json::object request) {
  if (opens_state(*config, request))
    if (auto opened = open_state(*config, shared); !opened) co_return refusal(opened.error());
  const AdminCommand* command = find_admin_command(text_of(request, "command"));
  const bool writes = command != nullptr && command->needs == Needs::writing;
  auto generation = std::make_shared<Generation>();
  generation->config = config;
  make_accounts(*generation, shared);
  shared.replace(generation);
  std::unique_ptr<Storage> storage;
  const auto executor = co_await asio::this_coro::executor;
  const Recount recount = [&](accounts::Account account) -> Task<Result<vfs::QuotaUse>> {
    auto made = Storage::create(*config, shared, executor);
    if (!made) co_return fail(std::move(made.error()));
    storage = std::move(*made);
    co_return co_await storage->recount(std::move(account));
  };
  const QuotaAnswerer quotas = [&](std::string user, QuotaAsked asked) {
    return report_quota(shared, std::move(user), asked == QuotaAsked::counted_anew ? recount : Recount{});
  };
  auto answer = co_await answer_admin({.config = config, .users = shared.users, .bans = shared.bans, .quotas = quotas},
                                      std::move(request));
  if (writes && answer.exit == Exit::done)
    answer.warnings.push_back(fmt::format("no server listens on {}; {} was changed directly",
                                          config->server.admin_socket, config::hide_password(config->server.state)));
  co_return answer;
}

}  // namespace

AdminAnswer ask_admin(const std::shared_ptr<const config::Config>& config, json::object request) {
  asio::io_context context(1);
  Shared shared(*config);  // its pool posts to the context and must be gone before it
  AdminAnswer answer = refusal(Exit::failed, "internal error");
  auto run = [&]() -> Task<void> {
    auto answered = co_await ask_server(config->server.admin_socket, request);
    if (!answered) answered = co_await answer_here(config, shared, std::move(request));
    answer = *std::move(answered);
  };
  async::Child child(context.get_executor(), "admin", run());
  context.run();
  return answer;
}

}  // namespace gantry::server
